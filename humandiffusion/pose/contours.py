"""Borders of a label map as smooth curves, so that they can be drawn at any size without the map's staircase.

Cracks, the unit edges between two pixels of different parts, are linked to chains. Where three parts meet, the outline
of the person goes through and the other border ends on it; every border is thus one curve, drawn once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
OUTSIDE = -1
# Steps right, down, left, up: at each lattice corner at most one crack leaves in each direction.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
# How far along a crack's chain its direction is taken, in cracks.
_LOOK_AHEAD = 6


@dataclass(frozen=True)
class Chain:
    """Linked cracks: `corners` [N, 2] (x, y), a corner of the map's top left pixel is 0, 0; `sides` [N - 1, 2], the
    two labels that each crack parts, in no order, `OUTSIDE` beyond the map. `closed`: the last corner is the first."""

    corners: Points
    sides: NDArray[np.int64]
    closed: bool

    @cached_property
    def frame(self) -> bool:
        """Runs along the map's own edge."""
        return bool((self.sides == OUTSIDE).any())


def trace(labels: NDArray[np.int64]) -> list[Chain]:
    """Labels [H, W], 0 = nothing, others >= 1 -> the chains of all its cracks, those on the map's edge included."""
    padded = np.pad(labels, 1, constant_values=OUTSIDE)
    lattice = _Lattice(padded)
    partner = {corner: lattice.pairs(corner) for corner in lattice.cracks}
    chains, used = [], set()
    # Chains that end somewhere first; what is left are loops.
    starts = [(c, d) for c, steps in lattice.cracks.items() for d in steps if d not in partner[c]]
    starts += [(c, d) for c, steps in lattice.cracks.items() for d in steps if d in partner[c]]
    for corner, step in starts:
        if (corner, step) in used:
            continue
        path, sides, at, direction, closed = [corner], [], corner, step, False
        while True:
            used.add((at, direction))
            sides.append(lattice.cracks[at][direction])
            at = _move(at, direction)
            path.append(at)
            back = (direction + 2) % 4
            used.add((at, back))
            if back not in partner[at]:
                break
            direction = partner[at][back]
            if (at, direction) in used:
                closed = True
                break
        # The padding moved everything by one.
        chains.append(Chain(np.array(path, np.float64) - 1, np.array(sides), closed))
    return chains


def smooth_curves(chains: Sequence[Chain], *, reach: float, sigma: float, fine: int) -> list[Points]:
    """For each chain its smooth curve [(N - 1) * fine + 1, 2], `fine` points for each crack.

    No point is farther than twice `reach` from its cracks, most within it; there the curve is as straight as a
    Gaussian of `sigma` (both in map pixels) makes it. Chains along the map's edge stay as they are. The ends of a
    chain lie on the curve that goes through there.
    """
    curves = [_refine(chain.corners, fine) for chain in chains]
    for alike in _alike(chains):
        # A short chain has no room for a wide Gaussian, and a small loop would shrink to a dot.
        cracks, closed = len(chains[alike[0]].sides), chains[alike[0]].closed
        near = min(reach, 0.08 * cracks) if closed else reach
        stacked = np.stack([curves[i] for i in alike])
        for i, curve in zip(alike, _smooth(stacked, closed, near, min(sigma, 0.25 * cracks) * fine), strict=True):
            curves[i] = curve
    # A curve that others end on may itself bend towards its own ends; a few rounds settle it.
    ends = _ends(chains)
    for round_ in range(4):
        places = {end: curves[on[0]][on[1] * fine] for end, on in ends.items() if on is not None}
        for chain, curve in zip(chains, curves, strict=True):
            if chain.closed or chain.frame:
                continue
            first, last = (places.get(_corner(chain, i), curve[i]) for i in (0, -1))
            if round_ == 3:
                curve[0], curve[-1] = first, last
            else:
                _bend(curve, first, last, 2.0 * sigma * fine)
    return curves


def _alike(chains: Sequence[Chain]) -> list[list[int]]:
    """The chains that are smoothed, those of one length and kind together."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, chain in enumerate(chains):
        if not chain.frame:
            groups.setdefault((len(chain.sides), chain.closed), []).append(i)
    return list(groups.values())


def _ends(chains: Sequence[Chain]) -> dict[tuple[float, float], tuple[int, int] | None]:
    """The corners on which chains end, and which chain goes through there, at which of its corners."""
    found: dict[tuple[float, float], tuple[int, int] | None] = {
        _corner(chain, i): None for chain in chains if not (chain.closed or chain.frame) for i in (0, -1)
    }
    for number, chain in enumerate(chains):
        first = 0 if chain.closed else 1
        for i, corner in enumerate(map(tuple, chain.corners[first:-1].tolist()), first):
            if corner in found:
                found[corner] = (number, i)
    return found


def _corner(chain: Chain, i: int) -> tuple[float, float]:
    x, y = chain.corners[i].tolist()
    return x, y


def _bend(curve: Points, first: Points, last: Points, length: float) -> None:
    """Move the ends to where they belong, what is near them along with them."""
    fade = _fade(len(curve), length)
    curve += fade[:, None] * (first - curve[0]) + fade[::-1, None] * (last - curve[-1])


@lru_cache(maxsize=256)
def _fade(count: int, length: float) -> Points:
    along = np.arange(count)
    fade: Points = np.exp(-((along / length) ** 2)) * (1 - along / (count - 1))
    return fade


class _Lattice:
    def __init__(self, padded: NDArray[np.int64]) -> None:
        self.padded = padded
        self.cracks: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}
        self._directions: dict[tuple[tuple[int, int], int], tuple[float, float]] = {}
        for axis, forward in ((1, 1), (0, 0)):
            before = padded[:, :-1] if axis else padded[:-1]
            after = padded[:, 1:] if axis else padded[1:]
            for y, x in np.argwhere(before != after).tolist():
                sides = (int(before[y, x]), int(after[y, x]))
                start = (x + 1, y) if axis else (x, y + 1)
                self.cracks.setdefault(start, {})[forward] = sides
                self.cracks.setdefault(_move(start, forward), {})[forward + 2] = sides

    def pairs(self, corner: tuple[int, int]) -> dict[int, int]:
        """Which crack goes on as which, by direction; one that is missing ends here."""
        steps = list(self.cracks[corner])
        if len(steps) == 2:
            return {steps[0]: steps[1], steps[1]: steps[0]}
        wishes = sorted(
            ((self._fitness(corner, a, b), a, b) for i, a in enumerate(steps) for b in steps[:i]), reverse=True
        )
        joined: dict[int, int] = {}
        for (kind, _), a, b in wishes:
            # Two that do not belong together end, unless they are the only way on.
            if a not in joined and b not in joined and (kind > 0 or not joined):
                joined[a], joined[b] = b, a
        return joined

    def _fitness(self, corner: tuple[int, int], a: int, b: int) -> tuple[int, float]:
        one, other = self.cracks[corner][a], self.cracks[corner][b]
        if OUTSIDE in one or OUTSIDE in other:
            return (4 if OUTSIDE in one and OUTSIDE in other else -1), 0.0
        if set(one) == set(other):
            return 3, self._between(corner, a, b)
        (ax, ay), (bx, by) = self._direction(corner, a), self._direction(corner, b)
        return (2 if 0 in one and 0 in other else 0), -(ax * bx + ay * by)

    def _between(self, corner: tuple[int, int], a: int, b: int) -> float:
        """Of a chequered corner, high if the pixel between two cracks is nothing: what is thin stays in one piece."""
        if (a - b) % 2 == 0:
            return -1.0
        x, y = corner
        column = x if 0 in (a, b) else x - 1
        row = y if 1 in (a, b) else y - 1
        return 1.0 if self.padded[row, column] == 0 else 0.0

    def _direction(self, corner: tuple[int, int], step: int) -> tuple[float, float]:
        """The unit vector along a chain that leaves a corner."""
        known = self._directions.get((corner, step))
        if known is not None:
            return known
        at, direction = corner, step
        for _ in range(_LOOK_AHEAD):
            at = _move(at, direction)
            others = [other for other in self.cracks[at] if other != (direction + 2) % 4]
            if len(others) != 1:
                break
            direction = others[0]
        x, y = float(at[0] - corner[0]), float(at[1] - corner[1])
        length = max(math.hypot(x, y), 1.0)
        self._directions[corner, step] = x / length, y / length
        return x / length, y / length


def _move(corner: tuple[int, int], step: int) -> tuple[int, int]:
    return corner[0] + _STEPS[step][0], corner[1] + _STEPS[step][1]


def _refine(corners: Points, fine: int) -> Points:
    at = np.arange((len(corners) - 1) * fine + 1) / fine
    return np.stack([np.interp(at, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)], 1)


def _smooth(cracks: Points, closed: bool, reach: float, sigma: float) -> Points:
    """Curves [K, N, 2] as straight as they get within `reach`: blur, pull back to the reach, a few times over."""
    curve = cracks
    for share in (1.0, 1.0, 0.7, 0.5):
        moved = _blur(curve, closed, share * sigma) - cracks
        far = np.linalg.norm(moved, axis=2, keepdims=True)
        curve = cracks + moved * np.minimum(1.0, reach / np.maximum(far, 1e-9))
    return _blur(curve, closed, 0.35 * sigma)


def _blur(curve: Points, closed: bool, sigma: float) -> Points:
    """A Gaussian along the curves, twice, so that bends do not shrink: what the first takes from them the second gives
    back. A loop stays closed, the ends of an open one stay where they are."""
    once = _gaussian(curve, closed, sigma)
    return once + _gaussian(curve - once, closed, sigma)


def _gaussian(curve: Points, closed: bool, sigma: float) -> Points:
    radius = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    if closed:
        spread = np.pad(curve[:, :-1], ((0, 0), (radius, radius + 1), (0, 0)), mode="wrap")
    else:
        spread = np.pad(curve, ((0, 0), (radius, radius), (0, 0)), mode="reflect", reflect_type="odd")
    blurred: Points = np.empty_like(curve)
    if len(curve) == 1:
        blurred[0] = np.stack([np.convolve(spread[0, :, axis], kernel, "valid") for axis in (0, 1)], 1)
        return blurred
    blurred[:] = 0.0
    for i, weight in enumerate(kernel):
        blurred += weight * spread[:, i : i + curve.shape[1]]
    return blurred
