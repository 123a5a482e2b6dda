"""A large picture in overlapping tiles, each with its own piece of the map, and put together again without seams."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import InputError
from ..pose.geometry import crop as cut_pose
from ..pose.geometry import pad
from ..pose.semantic_pose import SemanticPose
from .crop import Crop, at_size_of, crop_picture


def tile_crops(picture: tuple[int, int], tile: tuple[int, int], overlap: int, grid: int = 1) -> list[Crop]:
    """Crops of one size, row by row, that cover a picture (height, width) and overlap by `overlap` pixels or more.

    They begin at multiples of `grid`, so that a tile's cells are the whole picture's own, and are spread evenly. A
    picture smaller than a tile along a side gets one, which reaches out of it at its end. Raises InputError.
    """
    for side, length in zip(("height", "width"), tile, strict=True):
        if length < 1 or length % grid or not 0 <= overlap < length:
            raise InputError(
                f"tile {side} and overlap: got {length} and {overlap}, wanted a multiple of {grid} and less than that"
            )
    rows, columns = (_starts(whole, length, overlap, grid) for whole, length in zip(picture, tile, strict=True))
    return [Crop(picture, top, left, tile, tile) for top in rows for left in columns]


def tile_pictures(picture: Tensor, crops: Sequence[Crop]) -> Tensor:
    """[B, H, W, C] -> [B * N, h, w, C], the tiles of the first picture first."""
    return torch.stack([crop_picture(picture, crop) for crop in crops], 1).flatten(0, 1)


def tile_poses(pose: SemanticPose, crops: Sequence[Crop]) -> SemanticPose:
    """The piece of the map of each tile, in the order of `tile_pictures`. Raises InputError for a map of another shape
    than the picture. A part that is not in a tile is not in its map, and costs nothing there.
    """
    whole = at_size_of(pose, crops[0].picture)
    return SemanticPose.stack([_piece(whole.select(i), crop) for i in range(whole.batch) for crop in crops])


def tile_weights(crops: Sequence[Crop]) -> Tensor:
    """[N, h, w]: how much each pixel of each tile counts; 0 outside the picture, and the sum over all tiles at a pixel
    of the picture is 1. Tiles fade into each other over their overlap.
    """
    raw = [_ramp(crop) for crop in crops]
    total = torch.zeros(crops[0].picture)
    for crop, weight in zip(crops, raw, strict=True):
        outer, inner = _windows(crop)
        total[outer] += weight[inner]
    shares = []
    for crop, weight in zip(crops, raw, strict=True):
        outer, inner = _windows(crop)
        share = torch.zeros_like(weight)
        share[inner] = weight[inner] / total[outer]
        shares.append(share)
    return torch.stack(shares)


def join_tiles(tiles: Tensor, crops: Sequence[Crop]) -> Tensor:
    """[B * N, s h, s w, C] -> [B, s H, s W, C]; tiles may have come back `s` times as large. Raises InputError."""
    count, (height, width) = len(crops), crops[0].size
    factor = tiles.shape[1] // height
    if len(tiles) % count or tuple(tiles.shape[1:3]) != (factor * height, factor * width):
        got = f"{len(tiles)} of {tiles.shape[2]}x{tiles.shape[1]}"
        raise InputError(
            f"tiles: got {got}, wanted {count} of {width}x{height} for each picture, or all enlarged by a whole number"
        )
    crops = [_enlarged(crop, factor) for crop in crops]
    batches = tiles.unflatten(0, (-1, count))
    result = torch.zeros(len(batches), *crops[0].picture, tiles.shape[3], device=tiles.device)
    for i, (crop, weight) in enumerate(zip(crops, tile_weights(crops).to(tiles.device), strict=True)):
        outer, inner = _windows(crop)
        result[:, outer[0], outer[1]] += batches[:, i, inner[0], inner[1]].float() * weight[inner][..., None]
    return result.to(tiles)


def _starts(whole: int, length: int, overlap: int, grid: int) -> list[int]:
    if whole <= length:
        return [0]
    # The last one may reach out of a picture whose side is no multiple of the grid.
    last = math.ceil((whole - length) / grid) * grid
    count = math.ceil(last / max(grid, (length - overlap) // grid * grid)) + 1
    return [round(last * i / (count - 1) / grid) * grid for i in range(count)]


def _piece(pose: SemanticPose, crop: Crop) -> SemanticPose:
    top, left, bottom, right = crop.inside
    return pad(cut_pose(pose, top, left, (bottom - top, right - left)), *crop.padding)


def _ramp(crop: Crop) -> Tensor:
    """Highest in the middle of a tile, falling to its edges, never 0."""
    rows, columns = (torch.minimum(line, line.flip(0)) for line in (torch.arange(1.0, side + 1) for side in crop.size))
    return torch.minimum(rows[:, None], columns[None])


def _windows(crop: Crop) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a tile lies in the picture, and which of it."""
    top, left, bottom, right = crop.inside
    outer = slice(top, bottom), slice(left, right)
    return outer, (slice(top - crop.top, bottom - crop.top), slice(left - crop.left, right - crop.left))


def _enlarged(crop: Crop, factor: int) -> Crop:
    def times(size: tuple[int, int]) -> tuple[int, int]:
        return size[0] * factor, size[1] * factor

    return Crop(times(crop.picture), crop.top * factor, crop.left * factor, times(crop.box), times(crop.size))
