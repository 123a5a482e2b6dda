"""Small square pictures of rows: all of one size, grey where a row has none."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .rows import Rows, stack

_NONE = 128


def pictures(given: Sequence[Tensor | None]) -> Tensor | None:
    """Pictures uint8 [t, t, 3] as one tensor [N, t, t, 3] at the size of the first there is; None if there is none."""
    first = next((picture for picture in given if picture is not None), None)
    if first is None:
        return None
    size = len(first)
    return torch.stack([_grey(1, size)[0] if one is None else _resized(one[None], size)[0] for one in given])


def join_thumbnails(columns: Sequence[Tensor | Rows | None], counts: Sequence[int]) -> Tensor | Rows | None:
    """The pictures of several memories of `counts` rows, one after the other, at the size of the first there are."""
    size = next((column.shape[1] for column in columns if column is not None and len(column)), None)
    if size is None:
        return None
    pairs = zip(columns, counts, strict=True)
    return stack([_fitting(one, size) if one is not None and n else _grey(n, size) for one, n in pairs])


def _fitting(column: Tensor | Rows, size: int) -> Tensor | Rows:
    if column.shape[1] == size:
        return column
    return torch.cat([_resized(column[i : i + 1024], size) for i in range(0, len(column), 1024)])


def _grey(count: int, size: int) -> Tensor:
    """One pixel, looked at many times."""
    return torch.full((1, 1, 1, 1), _NONE, dtype=torch.uint8).expand(count, size, size, 3)


def _resized(thumbnails: Tensor, size: int) -> Tensor:
    if tuple(thumbnails.shape[1:]) == (size, size, 3):
        return thumbnails
    planes = thumbnails.permute(0, 3, 1, 2).float()
    small = F.interpolate(planes, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return small.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8)
