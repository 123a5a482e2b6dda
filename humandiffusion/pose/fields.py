"""Two label maps mixed by depth: how far inside or outside each of their parts every pixel is, in both."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .distances import depths, distances

# How deep a part that only one map has counts there, as a share of the larger side.
_DEPTH = 0.04
# Room around the figure, in pixels of the maps that are mixed.
_ROOM = 2


@dataclass(frozen=True)
class Mixed:
    """Part of a picture: `labels` [h, w] uint8, of each pixel the one that it is deepest inside; `depths` [L, h, w] of
    `parts` [L], and `figure` [h, w] of all of them together, negative inside, in steps of `scale` pixels."""

    rows: slice
    columns: slice
    labels: Tensor
    parts: Tensor
    depths: Tensor
    figure: Tensor
    scale: float


class Fields:
    """Of two maps [H, W] uint8 the depths of all labels but 0, and of those together."""

    def __init__(self, a: Tensor, b: Tensor) -> None:
        self._size = (a.shape[0], a.shape[1])
        self._top, bottom, self._left, right = _box((a > 0) | (b > 0))
        a, b = (labels[self._top : bottom, self._left : right] for labels in (a, b))
        parts = torch.unique(torch.cat([a.flatten(), b.flatten()]))
        self._parts = parts[parts > 0]
        most = max(round(_DEPTH * max(self._size)), 1)
        self._depths = [_depths(labels, self._parts, most, 1.0 * max(self._size)) for labels in (a, b)]

    def at(self, share: float, size: tuple[int, int]) -> Mixed:
        """What lies `share` 0..1 from the first map to the second, in a picture of `size`; only where there may be
        something. Labels go on outside the figure; it ends where its own depth is 0."""
        mixed = torch.lerp(self._depths[0], self._depths[1], share)
        scales = [fine / coarse for fine, coarse in zip(size, self._size, strict=True)]
        rows, mixed = _spread(mixed, 1, self._top, scales[0], size[0])
        columns, mixed = _spread(mixed, 2, self._left, scales[1], size[1])
        figure, depths = mixed[0], mixed[1:]
        return Mixed(rows, columns, _deepest(self._parts, depths), self._parts, depths, figure, sum(scales) / 2)


def soft_shares(mixed: Mixed, width: float, classes: int, size: tuple[int, int]) -> Tensor:
    """[P, H, W] float shares whose edges are `width` pixels wide: across an edge one part gives way to the next."""
    soft, width = torch.zeros(classes, *size), width / mixed.scale
    soft[0] = 1
    if not len(mixed.parts):
        return soft
    depths, nearest = mixed.depths.topk(min(2, len(mixed.parts)), dim=0, largest=False)
    # Away from an edge by one pixel, one of the two depths falls by one and the other rises by one.
    first = (
        (0.5 + (depths[-1] - depths[0]) / (2 * width)).clamp(0, 1) if len(depths) > 1 else torch.ones_like(depths[0])
    )
    inside = (0.5 - mixed.figure / width).clamp(0, 1)
    window = torch.zeros(classes, *mixed.figure.shape)
    for rank, shares in enumerate((first, 1 - first)[: len(depths)]):
        window.scatter_add_(0, mixed.parts[nearest[rank]].long()[None], (shares * inside)[None])
    window[0] = 1 - inside
    soft[:, mixed.rows, mixed.columns] = window
    return soft


def edge_width(labels: Tensor, soft: Tensor) -> float:
    """How many pixels wide the soft edges of a map are, on average: labels [H, W], shares [P, H, W]."""
    cracks = int((labels[1:] != labels[:-1]).sum()) + int((labels[:, 1:] != labels[:, :-1]).sum())
    # A ramp of some width leaves a quarter of it to others; a slanting edge is shorter than its cracks.
    return max(4 * float((1 - soft.amax(0)).sum()) / max(0.8 * cracks, 1.0), 1.0)


def _deepest(parts: Tensor, depths: Tensor) -> Tensor:
    """[h, w] of parts [L]; quicker than argmin."""
    if not len(parts):
        return torch.zeros(depths.shape[1:], dtype=torch.uint8)
    labels, least = torch.full(depths.shape[1:], int(parts[0]), dtype=torch.uint8), depths[0]
    for part, depth in zip(parts[1:].tolist(), depths[1:], strict=True):
        labels.masked_fill_(depth < least, part)
        least = torch.minimum(least, depth)
    return labels


def _depths(labels: Tensor, parts: Tensor, most: int, side: float) -> Tensor:
    """[1 + L, h, w], of the figure and of its parts; those hardly grow past `most`: what one map has deep and the other
    far off is an even match for what takes its place, so that it does so at once, halfway. What a map lacks is as far
    off there as can be."""
    figure = labels > 0
    outside = distances(torch.stack([figure, ~figure, *(labels == part for part in parts)]), most).clamp_max(side)
    near = outside[2:].clamp_max(most)
    lacking = (outside[2:] >= side).flatten(1).all(1)[:, None, None]
    away = near + (outside[2:] - near) * torch.where(lacking, 0.0, 0.1)
    return torch.cat([(outside[0] - outside[1])[None], torch.where(away > 0, away, -depths(labels, most))])


def _box(shape: Tensor) -> Sequence[int]:
    """First and past-the-last row and column of a shape and of some room around it."""
    edges = []
    for axis in (1, 0):
        found = shape.any(axis).nonzero()[:, 0]
        first, last = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 1)
        edges += [max(first - _ROOM, 0), min(last + _ROOM, shape.shape[1 - axis])]
    return edges


def _spread(values: Tensor, axis: int, first: int, scale: float, size: int) -> tuple[slice, Tensor]:
    """Along one axis: values from place `first` on, read in between at the finer places of a picture."""
    count = values.shape[axis]
    window = slice(int(first * scale), min(-int(-(first + count) * scale // 1), size))
    at = ((torch.arange(window.start, window.stop) + 0.5) / scale - 0.5 - first).clamp(0, count - 1)
    low = at.long().clamp(max=max(count - 2, 0))
    share = (at - low).unsqueeze(-1) if axis == 1 else at - low
    return window, torch.lerp(
        values.index_select(axis, low), values.index_select(axis, (low + 1).clamp(max=count - 1)), share
    )
