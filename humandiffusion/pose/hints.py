"""The pictures that ControlNets were trained on, drawn from a pose map at the size asked for.

What each kind looks like follows the annotators that the published ControlNets were trained with (ControlNet 1.0 and
1.1, Zhang et al., 2023): all are light on black, lines of the widths that those draw at 512 pixels.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from ..parts import BAG
from .contours import Points
from .openpose import draw_skeletons
from .outlines import REACH, SIGMA, curves_of, outlines, scale_of, without_specks
from .semantic_pose import SemanticPose
from .strokes import filled, soft_strokes, strokes

KINDS = ("soft edge", "line art", "scribble", "segmentation", "skeleton")
# Usual width of a line where the picture's shorter side is 512.
LINE_WIDTHS = {"soft edge": 5.0, "line art": 2.0, "scribble": 8.0, "skeleton": 8.0}
# ADE20K's colours in the order of its 150 classes, as the segmentation ControlNets know them: person is the 13th, bag
# the 116th. What is worn counts as person there. Black is none of them: the model may put there what it likes.
ADE_PERSON, ADE_BAG = (150, 5, 61), (70, 184, 160)
BACKGROUNDS = {
    "black": (0, 0, 0),
    "wall": (120, 120, 120),
    "building": (180, 120, 120),
    "sky": (6, 230, 230),
    "tree": (4, 200, 3),
    "grass": (4, 250, 7),
}


def control_hint(
    pose: SemanticPose,
    kind: str,
    size: tuple[int, int] | None = None,
    *,
    line_width: float = 0.0,
    background: str = "black",
) -> Tensor:
    """[B, H, W, 3] float32 in 0..1 at `size` = (height, width), the map's if None.

    A map of another aspect ratio is fitted in, not squashed. `line_width` in pixels of the picture; 0 takes the kind's
    usual one, in proportion to the shorter side. `background`: a key of BACKGROUNDS, for the segmentation only.
    Raises InputError for an unknown kind or background, and as `draw_skeletons` does.
    """
    size = size or (pose.height, pose.width)
    if kind not in KINDS:
        raise InputError(f"kind: got {kind!r}, wanted one of {', '.join(KINDS)}")
    if background not in BACKGROUNDS:
        raise InputError(f"background: got {background!r}, wanted one of {', '.join(BACKGROUNDS)}")
    if min(size) < 1:
        raise InputError(f"size: got {size[1]}x{size[0]}, wanted at least 1x1")
    if not 0 <= line_width < float("inf"):
        raise InputError(f"line_width: got {line_width}, wanted 0 (the usual) or more")
    width = line_width or max(LINE_WIDTHS.get(kind, 0.0) * min(size) / 512, 1.0)
    if kind == "skeleton":
        return draw_skeletons(pose, size, width)
    frames = [pose.select(i) for i in range(pose.batch)]
    if kind == "segmentation":
        return torch.stack([_segmentation(frame, size, BACKGROUNDS[background]) for frame in frames])
    draw = {"soft edge": _soft_edge, "line art": _line_art, "scribble": _scribble}[kind]
    lines = np.stack([draw(frame, size, width) for frame in frames])
    return torch.from_numpy(lines.clip(0, 1)).float()[..., None].expand(-1, -1, -1, 3).contiguous()


def size_for(pose: SemanticPose, width: int, height: int) -> tuple[int, int]:
    """(height, width) of a picture: where one is 0 the map's aspect ratio gives it, where both are the map's size."""
    if width and height:
        return height, width
    if width:
        return max(round(width * pose.height / pose.width), 1), width
    if height:
        return height, max(round(height * pose.width / pose.height), 1)
    return pose.height, pose.width


def _soft_edge(frame: SemanticPose, size: tuple[int, int], width: float) -> NDArray[np.float64]:
    """As HED and PiDiNet: the outline white, borders inside the person weaker, where skin meets face weakest."""
    picture = np.zeros(size)
    for strength, lines in outlines(frame, size, REACH, SIGMA).items():
        picture = np.maximum(picture, strength * soft_strokes(lines, size, width))
    return picture


def _line_art(frame: SemanticPose, size: tuple[int, int], width: float) -> NDArray[np.float64]:
    """Thin lines; the outline a little bolder than what is inside, as one inks."""
    lines = outlines(frame, size, REACH, SIGMA)
    inner = [line for strength, some in lines.items() if strength < 1 for line in some]
    return np.maximum(strokes(inner, size, 0.8 * width), strokes(lines.get(1.0, []), size, width))


def _scribble(frame: SemanticPose, size: tuple[int, int], width: float) -> NDArray[np.float64]:
    """Thick strokes without half tones, of a hand that cuts corners and leaves out what is smaller than its pen."""
    # Thinner ones would break without half tones.
    width, scale = max(width, 2.0), scale_of(frame, size)
    lines = outlines(frame, size, max(REACH, 0.4 * width / scale), max(SIGMA, 1.2 * width / scale))
    bold = [line for some in lines.values() for line in some if not _is_dot(line, width)]
    return (strokes(bold, size, width) > 0.5).astype(np.float64)


def _segmentation(frame: SemanticPose, size: tuple[int, int], background: tuple[int, int, int]) -> Tensor:
    labels = without_specks(frame.labels[0].cpu().numpy().astype(np.int64))
    classes = (labels > 0).astype(np.int64) + (labels == BAG)
    chains, curves = curves_of(classes, frame, size, REACH, SIGMA)
    picture = np.empty((*size, 3), np.uint8)
    picture[:] = background
    for least, colour in ((1, ADE_PERSON), (2, ADE_BAG)):
        picture[filled(chains, curves, size, least)] = colour
    return torch.from_numpy(picture).float() / 255


def _is_dot(line: Points, width: float) -> bool:
    return bool((line[0] == line[-1]).all() and np.ptp(line, 0).max() < width)
