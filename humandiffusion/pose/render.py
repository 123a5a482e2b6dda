"""Maps as pictures to look at: each part in its colour, on demand with outlines and a legend that names the parts."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from .geometry import fit
from .palettes import OURS
from .semantic_pose import SemanticPose

_PAPER, _INK = (24, 24, 26), (235, 235, 235)
# Share of its colour that a pixel on an outline keeps.
_OUTLINE = 0.35


def render(pose: SemanticPose, *, legend: bool = False, outline: bool = False) -> Tensor:
    """[B, H, W', 3] float32 sRGB in 0..1; W' is the map's width, and with `legend` that of a column of names beside it.

    `outline` darkens the pixels where two parts meet. Without either, the colours are those that `load_pose` reads.
    """
    picture = _colours(len(pose.classes))[pose.labels.long().cpu()]
    if outline:
        picture = torch.where(_edges(pose.labels.cpu())[..., None], picture * _OUTLINE, picture)
    if not legend:
        return picture
    present = pose.present().any(0).nonzero()[:, 0].tolist()
    names = [(OURS[i % len(OURS)], pose.classes[i]) for i in present]
    column = _legend(names, pose.height)
    return torch.cat([picture, column.expand(pose.batch, -1, -1, -1)], 2)


def overlay(
    pose: SemanticPose, photo: Tensor, *, opacity: float = 0.6, legend: bool = False, outline: bool = False
) -> Tensor:
    """[B, H, W', 3]: the parts in their colours over a photo [B or 1, H, W, 3], 0..1, that shows where background is.

    A map of another shape is fitted into the photo, not squashed. `opacity` 0 shows the photo alone, 1 hides what is
    under the parts. Raises InputError for batches that do not fit.
    """
    if photo.ndim != 4 or photo.shape[3] != 3:
        raise InputError(f"image: got shape {list(photo.shape)}, wanted [B, H, W, 3]")
    if len(photo) != pose.batch and 1 not in (len(photo), pose.batch):
        raise InputError(f"image: got {len(photo)} photos for {pose.batch} maps, wanted as many, or one")
    fitted = fit(pose, (photo.shape[1], photo.shape[2]))
    drawn = render(fitted, legend=legend, outline=outline)
    weight = (fitted.labels != BACKGROUND).float()[..., None] * opacity
    over = drawn[:, :, : fitted.width] * weight + photo.float().cpu() * (1 - weight)
    return torch.cat([over, drawn[:, :, fitted.width :].expand(len(over), -1, -1, -1)], 2)


def _colours(count: int) -> Tensor:
    # A class of the user's own, past ours, borrows a colour.
    return torch.tensor([OURS[i % len(OURS)] for i in range(count)]).float() / 255


def _edges(labels: Tensor) -> Tensor:
    edge = torch.zeros_like(labels, dtype=torch.bool)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[:, :, 1:] |= labels[:, :, 1:] != labels[:, :, :-1]
    return edge


def _legend(names: list[tuple[tuple[int, int, int], str]], height: int) -> Tensor:
    """[height, W, 3]: one line for each name, smaller ones where there are many; as wide as the longest needs."""
    line = max(6, min(height // max(len(names), 1), max(height // 24, 12)))
    font = ImageFont.load_default(size=max(int(line * 0.75), 5))
    swatch, gap = int(line * 0.7), max(line // 4, 2)
    width = swatch + 3 * gap + max((int(font.getlength(name)) + 1 for _, name in names), default=0)
    picture = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(picture)
    for row, (colour, name) in enumerate(names):
        y = row * line + (line - swatch) // 2
        draw.rectangle((gap, y, gap + swatch, y + swatch), fill=colour, outline=_INK)
        draw.text((2 * gap + swatch, row * line + line // 2), name, fill=_INK, font=font, anchor="lm")
    return torch.from_numpy(np.array(picture)).float() / 255
