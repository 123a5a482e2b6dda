"""Distances of pixels to shapes in a map, exact, without a package for it."""

import torch
from torch import Tensor

_FAR = 1e9


def distance(shape: Tensor) -> Tensor:
    """[H, W] bool -> [H, W] float32: pixels from each pixel's centre to the nearest pixel of the shape; 1e9 if none."""
    _, down = _along_columns(shape)
    across = _across(shape.shape[1])
    return torch.stack([(across + line[None]).amin(1) for line in down]).sqrt().clamp_max(_FAR)


def signed_distance(shape: Tensor) -> Tensor:
    """[H, W] bool -> pixels to the shape's edge, negative inside; +-1e9 where the shape, or its outside, is empty."""
    return distance(shape) - distance(~shape)


def nearest_labels(labels: Tensor, known: Tensor) -> Tensor:
    """[H, W] labels, each taken from the nearest pixel where `known` [H, W] bool; unchanged if nothing is known."""
    if not bool(known.any()):
        return labels
    rows, columns = _nearest(known)
    return labels[rows, columns]


def _nearest(shape: Tensor) -> tuple[Tensor, Tensor]:
    """For each pixel the row and the column of the nearest pixel of the shape; along columns first, then along rows."""
    rows, down = _along_columns(shape)
    across = _across(shape.shape[1])
    # Of one row at a time: the best column for each of its pixels.
    columns = torch.stack([(across + line[None]).argmin(1) for line in down])
    return rows.clamp(0, shape.shape[0] - 1).gather(1, columns), columns


def _along_columns(shape: Tensor) -> tuple[Tensor, Tensor]:
    """The row of the nearest pixel of the shape in the same column, and the squared distance to it."""
    height, width = shape.shape
    row = torch.arange(height)[:, None].expand(height, width)
    above = torch.where(shape, row, -height * 4).cummax(0).values
    below = torch.where(shape, row, height * 5).flip(0).cummin(0).values.flip(0)
    rows = torch.where(row - above <= below - row, above, below)
    return rows, torch.where(shape.any(0)[None], (rows - row).float() ** 2, _FAR**2)


def _across(width: int) -> Tensor:
    column = torch.arange(width)
    return ((column[:, None] - column[None]) ** 2).float()
