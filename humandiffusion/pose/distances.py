"""Distances of pixels to shapes in a map, without a package for it."""

import torch
import torch.nn.functional as F
from torch import Tensor

_FAR = 1e9
# What one step along the axes is worth where only those steps are counted: between 1 and the square root of a half.
_ASLANT = 0.85


def distance(shape: Tensor) -> Tensor:
    """[H, W] bool -> [H, W] float32: pixels from each pixel's centre to the nearest pixel of the shape; 1e9 if none."""
    _, down = _along_columns(shape)
    across = _across(shape.shape[1])
    return torch.stack([(across + line[None]).amin(1) for line in down]).sqrt().clamp_max(_FAR)


def distances(shapes: Tensor, near: int) -> Tensor:
    """[N, H, W] bool -> `distance` of each, exact up to `near` pixels and about right beyond; much faster."""
    down = _steps_to(torch.where(shapes, 0.0, _FAR), 1)
    exact = _across_from((down * down).clamp_max(_FAR), near).sqrt()
    far = (_steps_to(down, 2) * _ASLANT).clamp(float(near), _FAR)
    none = ~shapes.flatten(1).any(1)[:, None, None]
    return torch.where(exact <= near, exact, far).masked_fill(none, _FAR)


def depths(labels: Tensor, near: int) -> Tensor:
    """[H, W] labels -> [H, W] float32: pixels from each pixel to the nearest of another label, at most `near`."""
    height = labels.shape[0]
    row = torch.arange(height)[:, None]
    changes = torch.zeros_like(labels, dtype=torch.bool)
    changes[1:] = labels[1:] != labels[:-1]
    first = torch.where(changes, row, -height - near).cummax(0).values
    after = torch.where(changes, row, 2 * height + near).flip(0).cummin(0).values.flip(0)
    # The change that ends a run lies on the row after it.
    after = torch.cat([after[1:], torch.full_like(after[:1], 2 * height + near)])
    square = torch.minimum(row - first + 1, after - row).clamp_max(near).float() ** 2
    nearest, width = square.clone(), labels.shape[1]
    for across in range(1, min(near, width - 1) + 1):
        for here, there in (
            (slice(None, -across), slice(across, None)),
            (slice(across, None), slice(None, -across)),
        ):
            same = labels[:, here] == labels[:, there]
            way = torch.where(same, square[:, there], 0.0) + across * across
            nearest[:, here] = torch.minimum(nearest[:, here], way)
    return nearest.sqrt()


def nearest_labels(labels: Tensor, known: Tensor, wanted: Tensor | None = None) -> Tensor:
    """[H, W] labels, each that is not `known` [H, W] bool taken from the nearest pixel that is, or only those `wanted`
    [H, W] bool; unchanged if nothing is known."""
    wanted = ~known if wanted is None else wanted & ~known
    if not bool(known.any()) or not bool(wanted.any()):
        return labels
    # The nearest that is known borders on what is not.
    window = _around(~known)
    result = labels.clone()
    result[window] = _filled(labels[window], known[window], wanted[window])
    return result


def _across_from(square: Tensor, near: int) -> Tensor:
    """Squared distances along columns [N, H, W] -> the least of each row's, with what it takes to get there, up to
    `near` pixels aside."""
    width = square.shape[2]
    padded, least = F.pad(square, (near, near), value=_FAR), square.clone()
    for across in range(1, near + 1):
        for start in (near - across, near + across):
            torch.minimum(least, padded[:, :, start : start + width] + across * across, out=least)
    return least


def _steps_to(away: Tensor, axis: int) -> Tensor:
    """Along one axis: the least of all values, each plus the steps from there."""
    places = torch.arange(away.shape[axis], dtype=away.dtype)
    places = places[:, None] if axis == 1 else places
    before = (away - places).cummin(axis).values + places
    after = (away + places).flip(axis).cummin(axis).values.flip(axis) - places
    return torch.minimum(before, after)


def _around(shape: Tensor) -> tuple[slice, slice]:
    """Rows and columns of a shape [H, W] bool and one pixel more on each side."""
    found = [shape.any(axis).nonzero()[:, 0] for axis in (1, 0)]
    top, left = (max(int(places[0]) - 1, 0) for places in found)
    bottom, right = (int(places[-1]) + 2 for places in found)
    return slice(top, bottom), slice(left, right)


def _filled(labels: Tensor, known: Tensor, wanted: Tensor) -> Tensor:
    """Along columns first, then along the rows in which something is wanted."""
    rows, down = _along_columns(known)
    column = torch.arange(labels.shape[1])
    result = labels.clone()
    for row in wanted.any(1).nonzero()[:, 0].tolist():
        asked = wanted[row].nonzero()[:, 0]
        nearest = (((asked[:, None] - column[None]) ** 2).float() + down[row]).argmin(1)
        result[row, asked] = labels[rows[row, nearest], nearest]
    return result


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
