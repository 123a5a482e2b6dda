"""Maps made larger, smaller, cut, padded and mirrored, without a label that was not there; keypoints go along.

A keypoint's coordinates are continuous: 0 is the map's left (top) edge, its width (height) the right (bottom) one.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from .occupancy import resize_area
from .semantic_pose import Keypoints, SemanticPose

# The side that each of OpenPose's 18 body points becomes in a mirror.
_BODY_MIRROR = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
# The same for its 70 points of a face: jaw, brows, nose, eyes, mouth, pupils.
_FACE_MIRROR = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
    *(69, 68),
)


def resize(pose: SemanticPose, size: tuple[int, int]) -> SemanticPose:
    """Stretch to `size` = (height, width). Labels take the nearest pixel's, soft shares their mean over the area."""
    _check_size(size)
    if size == (pose.height, pose.width):
        return pose
    scale = torch.tensor([size[1] / pose.width, size[0] / pose.height, 1.0])
    return replace(
        pose,
        labels=_nearest(pose.labels, size),
        soft=None if pose.soft is None else resize_area(pose.soft, size),
        person=None if pose.person is None else _nearest(pose.person, size),
        keypoints=_moved(pose, lambda points: points * scale),
    )


def crop(pose: SemanticPose, top: int, left: int, size: tuple[int, int]) -> SemanticPose:
    """Cut out `size` = (height, width) from a corner inside the map. Keypoints outside the cut become missing."""
    height, width = size
    _check_size(size)
    if top < 0 or left < 0 or top + height > pose.height or left + width > pose.width:
        raise InputError(
            f"crop: got {width}x{height} at x {left}, y {top}, wanted a part of the {pose.width}x{pose.height} map; "
            "pad the map first"
        )
    rows, columns = slice(top, top + height), slice(left, left + width)

    def inside(points: Tensor) -> Tensor:
        points = points - torch.tensor([float(left), float(top), 0.0])
        x, y = points[..., 0], points[..., 1]
        within = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
        return points * torch.stack([torch.ones_like(x), torch.ones_like(x), within.to(points)], -1)

    return replace(
        pose,
        labels=pose.labels[:, rows, columns].contiguous(),
        soft=None if pose.soft is None else pose.soft[:, :, rows, columns].contiguous(),
        person=None if pose.person is None else pose.person[:, rows, columns].contiguous(),
        keypoints=_moved(pose, inside),
    )


def trim(pose: SemanticPose, left: int, top: int, right: int, bottom: int) -> SemanticPose:
    """Cut so many pixels off each side. Raises InputError if nothing would be left."""
    height, width = pose.height - top - bottom, pose.width - left - right
    if min(height, width) < 1:
        raise InputError(
            f"crop: got {left} + {right} pixels off the width and {top} + {bottom} off the height of a "
            f"{pose.width}x{pose.height} map, wanted some of it to be left"
        )
    return crop(pose, top, left, (height, width))


def pad(pose: SemanticPose, left: int, top: int, right: int, bottom: int) -> SemanticPose:
    """Add background around the map, so many pixels on each side."""
    if min(left, top, right, bottom) < 0:
        raise InputError(f"pad: got {(left, top, right, bottom)}, wanted no side below 0; crop instead")
    if not any((left, top, right, bottom)):
        return pose
    sides = (left, right, top, bottom)
    soft = pose.soft
    if soft is not None:
        soft = F.pad(soft, sides)
        # The new cells are background, wholly.
        soft[:, BACKGROUND] += 1 - F.pad(torch.ones_like(pose.labels, dtype=soft.dtype), sides)
    return replace(
        pose,
        labels=F.pad(pose.labels, sides, value=BACKGROUND),
        soft=soft,
        person=None if pose.person is None else F.pad(pose.person, sides),
        keypoints=_moved(pose, lambda points: points + torch.tensor([float(left), float(top), 0.0])),
    )


def mirror(pose: SemanticPose) -> SemanticPose:
    """Left and right exchanged; a keypoint of the right hand becomes one of the left."""
    flip = torch.tensor([-1.0, 1.0, 1.0])
    move = torch.tensor([float(pose.width), 0.0, 0.0])
    people = pose.keypoints and tuple(
        tuple(
            Keypoints(
                person.body[list(_BODY_MIRROR)] * flip + move,
                None if person.hands is None else person.hands.flip(0) * flip + move,
                None if person.face is None else person.face[list(_FACE_MIRROR)] * flip + move,
            )
            for person in frame
        )
        for frame in pose.keypoints
    )
    return replace(
        pose,
        labels=pose.labels.flip(-1),
        soft=None if pose.soft is None else pose.soft.flip(-1),
        person=None if pose.person is None else pose.person.flip(-1),
        keypoints=people,
    )


def crop_to_figure(pose: SemanticPose, margin: int = 0) -> SemanticPose:
    """Cut to all that is not background, in any map of the batch, with `margin` pixels of background around it."""
    figure = (pose.labels != BACKGROUND).any(0)
    if not bool(figure.any()):
        raise InputError("pose: got a map that is all background, wanted a figure to cut to")
    rows, columns = figure.any(1).nonzero()[:, 0], figure.any(0).nonzero()[:, 0]
    top, left = int(rows[0]), int(columns[0])
    cut = crop(pose, top, left, (int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left))
    return pad(cut, margin, margin, margin, margin)


def fit(pose: SemanticPose, size: tuple[int, int]) -> SemanticPose:
    """As large as fits in `size` = (height, width) without squashing, in the middle, the rest background."""
    _check_size(size)
    height, width = size
    if (height, width) == (pose.height, pose.width):
        return pose
    top, left, inner = placement((pose.height, pose.width), size)
    return pad(resize(pose, inner), left, top, width - inner[1] - left, height - inner[0] - top)


def placement(of: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """Where `fit` puts a map of one (height, width) in another: top, left and its new (height, width)."""
    height, width = size
    scale = min(height / of[0], width / of[1])
    inner = (min(max(round(of[0] * scale), 1), height), min(max(round(of[1] * scale), 1), width))
    return (height - inner[0]) // 2, (width - inner[1]) // 2, inner


def _check_size(size: tuple[int, int]) -> None:
    if min(size) < 1:
        raise InputError(f"size: got {size[1]}x{size[0]}, wanted at least 1x1")


def _nearest(labels: Tensor, size: tuple[int, int]) -> Tensor:
    # `nearest-exact` takes the pixel under the new one's centre; plain `nearest` shifts by half a pixel.
    return F.interpolate(labels[:, None], size, mode="nearest-exact")[:, 0]


def _moved(pose: SemanticPose, move: Callable[[Tensor], Tensor]) -> tuple[tuple[Keypoints, ...], ...] | None:
    """`move` applied to the points of everybody; a missing point stays where it is not seen."""
    if pose.keypoints is None:
        return None
    return tuple(
        tuple(
            Keypoints(
                move(person.body),
                None if person.hands is None else move(person.hands),
                None if person.face is None else move(person.face),
            )
            for person in frame
        )
        for frame in pose.keypoints
    )
