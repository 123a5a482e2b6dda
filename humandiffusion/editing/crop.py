"""Crops around a part: picture, mask, map and keypoints cut and resized together, and put back without touching more.

A crop is the same for every frame of a batch, so that a batch stays one. Part features belong to parts and not to
places: they go with any crop as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..pose import geometry
from ..pose.occupancy import resize_area
from ..pose.semantic_pose import SemanticPose
from ..sampling import GRID, nearest_on_grid
from .mask import REFERENCE

# The native model's own size of picture, as the side of a square of that many pixels.
RESOLUTION = round(math.sqrt(REFERENCE[0] * REFERENCE[1]))
CONTEXT = 0.5
# Neighbouring sizes of SDXL, as 832 x 1216 and 896 x 1152, are one picture; a square is none of 2 : 3.
SLACK = 1.18
# A resize by less than this is not worth its loss.
_AS_IT_IS = 1.2


@dataclass(frozen=True)
class Crop:
    """A box of a picture, and the size at which it is worked on; all as (height, width), in pixels.

    `picture` is the whole, `top` and `left` where the `box` begins in it; they may be negative and the box may end
    outside, where the picture is too small for it. `size` is the crop's, after resizing.
    """

    picture: tuple[int, int]
    top: int
    left: int
    box: tuple[int, int]
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """How many pixels of the crop one of the picture is, along a side."""
        return math.sqrt(self.size[0] * self.size[1] / (self.box[0] * self.box[1]))

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """What of the box lies in the picture: top, left, bottom, right."""
        bottom, right = self.top + self.box[0], self.left + self.box[1]
        return max(0, self.top), max(0, self.left), min(self.picture[0], bottom), min(self.picture[1], right)

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """How many pixels of the box lie outside the picture: left, top, right, bottom."""
        top, left, bottom, right = self.inside
        return left - self.left, top - self.top, self.left + self.box[1] - right, self.top + self.box[0] - bottom


@dataclass(frozen=True, eq=False)
class CutPart:
    """A crop and the mask [B, H, W] of the whole picture by which a patch of it is laid in."""

    crop: Crop
    mask: Tensor


def crop_around(
    mask: Tensor, *, context: float = CONTEXT, resolution: int = RESOLUTION, grid: int = GRID, largest: float = math.inf
) -> Crop:
    """The crop for all that is above 0 in a mask [B, H, W], with its surroundings.

    `context`: how much of the box's own height and width is added around it, half at each side. The crop's size is a
    multiple of `grid` of about `resolution` x `resolution` pixels. It is at most `largest` times as large as the box: a
    small part is rather shown with more around it. Where the box has nearly that size, nothing is resized. The box lies
    inside the picture, or reaches out of it where the picture is too small for it. Raises InputError for an empty mask
    or numbers out of range.
    """
    if not 0 <= context < math.inf or resolution < grid:
        raise InputError(
            f"context and resolution: got {context} and {resolution}, wanted 0 or more and at least {grid}"
        )
    filled = (mask > 0).any(0)
    if not bool(filled.any()):
        raise InputError("mask: got an empty one, wanted at least one pixel above 0; choose a part that the map has")
    rows, columns = filled.any(1).nonzero()[:, 0], filled.any(0).nonzero()[:, 0]
    ends = [(int(line[0]), int(line[-1]) + 1) for line in (rows, columns)]
    picture = (mask.shape[1], mask.shape[2])
    lengths = _within([(end - start) * (1 + context) for start, end in ends], picture)
    scale = resolution / math.sqrt(lengths[0] * lengths[1])
    if scale > largest:
        lengths = _widened(lengths, (resolution / largest) ** 2, picture)
        scale = largest
    if 1 / _AS_IT_IS < scale < _AS_IT_IS:
        scale = 1.0
    sides = [_side(start, end, length, scale, grid) for (start, end), length in zip(ends, lengths, strict=True)]
    places = [
        _place(start, end, box, whole) for (start, end), (box, _), whole in zip(ends, sides, picture, strict=True)
    ]
    return Crop(picture, places[0], places[1], (sides[0][0], sides[1][0]), (sides[0][1], sides[1][1]))


def crop_picture(picture: Tensor, crop: Crop) -> Tensor:
    """[B, H, W, C] -> [B, h, w, C]; what lies outside the picture repeats its edge. Raises InputError."""
    check_image(picture)
    return _resized(_cut(_of(picture, crop, "image").movedim(-1, 1), crop), crop.size).movedim(1, -1)


def crop_mask(mask: Tensor, crop: Crop) -> Tensor:
    """[B, H, W] -> [B, h, w]; 0 outside the picture."""
    top, left, bottom, right = crop.inside
    cut = F.pad(_of(mask, crop, "mask")[:, None, top:bottom, left:right], _sides(crop))
    return _resized(cut, crop.size)[:, 0]


def crop_pose(pose: SemanticPose, crop: Crop) -> SemanticPose:
    """The map of the crop, with keypoints, people and soft edges; background outside the picture.

    Raises InputError if the map is of another shape than the picture; its size may be another.
    """
    whole = at_size_of(pose, crop.picture)
    top, left, bottom, right = crop.inside
    cut = geometry.crop(whole, top, left, (bottom - top, right - left))
    return geometry.resize(geometry.pad(cut, *crop.padding), crop.size)


def uncrop(picture: Tensor, crop: Crop, patch: Tensor, mask: Tensor) -> Tensor:
    """`picture` [B, H, W, C] with `patch` [B, h, w, 3] of the crop laid into it by `mask` [B, H, W], as a new tensor.

    The patch may have been enlarged or shrunk since, but not squashed. Where the mask is 0 every pixel is bit-identical
    to what it was, and so are further channels (alpha). One picture or mask serves all patches. Raises InputError for
    shapes that do not belong to the crop.
    """
    _of(picture, crop, "image")
    _of(mask, crop, "mask")
    if patch.shape[1] * crop.size[1] != patch.shape[2] * crop.size[0]:
        got = f"{patch.shape[2]}x{patch.shape[1]}"
        raise InputError(f"patch: got {got}, wanted the crop's shape, {_told(crop.size)}, or that enlarged")
    frames = max(len(picture), len(patch), len(mask))
    if any(len(one) not in (1, frames) for one in (picture, patch, mask)):
        got = f"{len(picture)} images, {len(patch)} patches and {len(mask)} masks"
        raise InputError(f"patch: got {got}, wanted as many of each, or one")
    top, left, bottom, right = crop.inside
    before_x, before_y, *_ = crop.padding
    back = _resized(patch[..., :3].movedim(-1, 1).to(picture), crop.box).movedim(1, -1)
    back = back[:, before_y : before_y + bottom - top, before_x : before_x + right - left]
    result = picture.expand(frames, -1, -1, -1).clone()
    window = result[:, top:bottom, left:right, :3]
    share = mask[:, top:bottom, left:right, None].to(picture)
    window.copy_(torch.where(share > 0, window + (back - window) * share, window))
    return result


def check_image(picture: Tensor) -> None:
    """Raises InputError unless it is a picture [B, H, W, C] in colour, with or without alpha."""
    if picture.ndim != 4 or picture.shape[3] not in (3, 4):
        channels = f"{picture.shape[3]} channels" if picture.ndim == 4 else f"shape {list(picture.shape)}"
        raise InputError(
            f"image: got a picture of {channels}, wanted red, green and blue, with or without alpha; "
            "make a grey one RGB first, as Mask To Image does"
        )


def alike(size: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two (height, width) have so nearly the same proportions that one may be the map of the other."""
    return abs(math.log((size[1] / size[0]) / (other[1] / other[0]))) <= math.log(SLACK)


def check_shape(pose: SemanticPose, picture: tuple[int, int]) -> None:
    """Raises InputError if a map is of another shape than a picture (height, width), rounding to a grid allowed."""
    own = (pose.height, pose.width)
    rounded = [nearest_on_grid(side) for side in own]  # what the native model makes of a small map can be far off
    if not (alike(own, picture) or alike(rounded, picture)):
        raise InputError(
            f"pose: got a map of {pose.width}x{pose.height} for a picture of {picture[1]}x{picture[0]}, wanted one of "
            "the same shape; use the map that the picture was made with, fitted by Pose Transform if the picture has "
            "another shape on purpose, or Pose From Image"
        )


def at_size_of(pose: SemanticPose, picture: tuple[int, int]) -> SemanticPose:
    """The map at a picture's (height, width). Raises InputError if it is of another shape."""
    check_shape(pose, picture)
    return geometry.fit(pose, picture)


def _within(lengths: Sequence[float], picture: tuple[int, int]) -> list[float]:
    return [min(length, float(whole)) for length, whole in zip(lengths, picture, strict=True)]


def _widened(lengths: list[float], area: float, picture: tuple[int, int]) -> list[float]:
    """The same shape of `area` square pixels, as far as the picture reaches; if one side is short, the other is
    longer."""
    factor = math.sqrt(area / (lengths[0] * lengths[1]))
    high, wide = _within([length * factor for length in lengths], picture)
    return _within([max(high, area / wide), max(wide, area / high)], picture)


def _side(start: int, end: int, length: float, scale: float, grid: int) -> tuple[int, int]:
    """Of one side: how long the box is, and the crop."""
    size = max(1, math.ceil(length * scale / grid - 1e-6)) * grid
    return max(end - start, round(size / scale)), size


def _place(start: int, end: int, box: int, whole: int) -> int:
    """Where a side of the box begins: about the middle of what it holds, but inside the picture if it fits there."""
    first = (start + end - box) // 2
    return min(max(first, 0), whole - box) if box <= whole else (whole - box) // 2


def _sides(crop: Crop) -> tuple[int, int, int, int]:
    left, top, right, bottom = crop.padding
    return left, right, top, bottom


def _cut(picture: Tensor, crop: Crop) -> Tensor:
    """[B, C, H, W] -> the box; pixels outside repeat the picture's edge, however far out they are."""
    rows = torch.arange(crop.top, crop.top + crop.box[0]).clamp(0, crop.picture[0] - 1)
    columns = torch.arange(crop.left, crop.left + crop.box[1]).clamp(0, crop.picture[1] - 1)
    return picture[:, :, rows.to(picture.device)][..., columns.to(picture.device)]


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """[B, C, H, W] at another size: by area when smaller, so that nothing rings or is lost; bicubic when larger."""
    height, width = values.shape[-2:]
    if (height, width) == size:
        return values
    if size[0] <= height and size[1] <= width:
        return resize_area(values.float(), size).to(values)
    larger = F.interpolate(values.float(), size, mode="bicubic", align_corners=False)
    low, high = values.amin((2, 3), keepdim=True), values.amax((2, 3), keepdim=True)
    return larger.clamp(low, high).to(values)


def _of(values: Tensor, crop: Crop, name: str) -> Tensor:
    if tuple(values.shape[1:3]) != crop.picture:
        got = f"{values.shape[2]}x{values.shape[1]}"
        raise InputError(f"{name}: got {got}, wanted the size of the picture that was cut, {_told(crop.picture)}")
    return values


def _told(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
