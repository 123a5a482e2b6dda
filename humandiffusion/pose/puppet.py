"""A person of a map carried to other skeletons: limbs as pieces that turn about their joints, loose cloth drawn along
by the bones around it."""

import torch
from torch import Tensor

from ..parts import DRESS, HAIR, NECKWEAR, OUTER, ROMPERS, SKIRT
from .places import Bone, are_joined, bones_of, distances_to

_LOOSE = (DRESS, HAIR, NECKWEAR, OUTER, ROMPERS, SKIRT)
# A piece keeps so much of the flesh beyond its joints, in half-widths of its own, that one that bends does not gape.
_OVERLAP = 0.5

# Rows and columns of a part of the map.
Window = tuple[slice, slice]


class Puppet:
    """One person, labels [H, W] uint8, whose body [18, 3] is known; only the bones that `body` has can be moved."""

    def __init__(self, labels: Tensor, body: Tensor) -> None:
        self._labels = labels
        self._bones = {bone.place: bone for bone in bones_of(body)}
        self._owned: dict[tuple[int, ...], list[Tensor]] = {}
        self._loose = torch.isin(labels, torch.tensor(_LOOSE, dtype=torch.uint8))

    def at(self, body: Tensor) -> Tensor:
        """The same person with another body; without a bone in common, as they are."""
        pairs = [(self._bones[new.place], new) for new in bones_of(body) if new.place in self._bones]
        if not pairs:
            return self._labels
        result = self._cloth(pairs)
        nearest = torch.full(result.shape, float("inf"))
        for (old, new), owned in zip(pairs, self._pieces([old for old, _ in pairs]), strict=True):
            window = _window(owned, [(old, new)])
            if window is None:
                continue
            x, y = _places(window)
            rows, columns, inside = _looked_up(*_back(x, y, old, new), self._labels)
            away = distances_to(x, y, new)
            # Where several pieces lie over one another the one that is deepest inside its flesh shows.
            takes = inside & owned[rows, columns] & (away < nearest[window])
            result[window] = torch.where(takes, self._labels[rows, columns], result[window])
            nearest[window] = torch.where(takes, away, nearest[window])
        return result

    def _pieces(self, bones: list[Bone]) -> list[Tensor]:
        """For each bone [H, W] bool: the pixels of the person where it is the nearest, or nearly, if the nearest is one
        that it is joined to."""
        key = tuple(bone.place for bone in bones)
        if key not in self._owned:
            height, width = self._labels.shape
            away = torch.stack([distances_to(*_places((slice(0, height), slice(0, width))), bone) for bone in bones])
            self._owned[key] = [self._piece(away, bones, i) for i in range(len(bones))]
        return self._owned[key]

    def _piece(self, away: Tensor, bones: list[Bone], i: int) -> Tensor:
        room = bones[i].flesh * _OVERLAP
        joined = torch.tensor([room if are_joined(bones[i], other) else 0.0 for other in bones])
        return (away[i] <= (away + joined[:, None, None]).amin(0)) & (self._labels > 0)

    def _cloth(self, pairs: list[tuple[Bone, Bone]]) -> Tensor:
        """Cloth that no single bone holds: each pixel comes from where torso and legs around it, by nearness, say."""
        result = torch.zeros_like(self._labels)
        steady = [pair for pair in pairs if pair[0].is_steady]
        window = _window(self._loose, steady)
        if window is None:
            return result
        x, y = _places(window)
        nearness = [1 / (distances_to(x, y, new).clamp_min(0) + 2.0) ** 2 for _, new in steady]
        columns, rows, total = torch.zeros_like(nearness[0]), torch.zeros_like(nearness[0]), sum(nearness)
        for pair, near in zip(steady, nearness, strict=True):
            at_x, at_y = _back(x, y, *pair)
            columns += near / total * at_x
            rows += near / total * at_y
        i, j, inside = _looked_up(columns, rows, self._labels)
        result[window] = torch.where(inside & self._loose[i, j], self._labels[i, j], 0).to(torch.uint8)
        return result


def carried(labels: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Labels [H, W] uint8 of one person whose body [18, 3] is `start` -> the same person with the body `end`."""
    return Puppet(labels, start).at(end)


def _window(shape: Tensor, pairs: list[tuple[Bone, Bone]]) -> Window | None:
    """Where the pixels of a shape [H, W] bool can come to lie, if each goes with one of some bones, or between them;
    None if nowhere on the map."""
    rows, columns = shape.any(1).nonzero()[:, 0], shape.any(0).nonzero()[:, 0]
    if not len(rows) or not pairs:
        return None
    height, width = shape.shape
    corner_y = torch.tensor([rows[0], rows[0], rows[-1] + 1, rows[-1] + 1], dtype=torch.float32)
    corner_x = torch.tensor([columns[0], columns[-1] + 1, columns[0], columns[-1] + 1], dtype=torch.float32)
    # Back from the old bone to the new one is forth.
    moved = [_back(corner_x, corner_y, new, old) for old, new in pairs]
    x, y = torch.cat([place[0] for place in moved]), torch.cat([place[1] for place in moved])
    top, left = max(int(y.min().floor()) - 1, 0), max(int(x.min().floor()) - 1, 0)
    bottom, right = min(int(y.max().ceil()) + 1, height), min(int(x.max().ceil()) + 1, width)
    return (slice(top, bottom), slice(left, right)) if top < bottom and left < right else None


def _places(window: Window) -> tuple[Tensor, Tensor]:
    """x [1, w] and y [h, 1] of the middles of a window's pixels."""
    rows, columns = window
    return torch.arange(columns.start, columns.stop)[None] + 0.5, torch.arange(rows.start, rows.stop)[:, None] + 0.5


def _back(x: Tensor, y: Tensor, old: Bone, new: Bone) -> tuple[Tensor, Tensor]:
    """Where each place beside the new bone was beside the old one, across by the flesh, along by the bone."""
    (ox, oy), (nx, ny) = old.direction, new.direction
    dx, dy = x - new.start[0], y - new.start[1]
    wide = old.flesh / new.flesh
    long = old.length / new.length if min(old.length, new.length) > 1e-6 else wide
    along = (dx * nx + dy * ny) * long
    across = (dy * nx - dx * ny) * wide
    return old.start[0] + along * ox - across * oy, old.start[1] + along * oy + across * ox


def _looked_up(columns: Tensor, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    height, width = labels.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    return rows.long().clamp(0, height - 1), columns.long().clamp(0, width - 1), inside
