"""Which cells of a grid a shape fills: those whose centre is inside. As runs of cells, rows one after another.

Coordinates are in steps, `STEPS` to a cell, whole numbers in float64. A cell belongs to a shape where its centre is
right of (or on) the left edge and left of the right edge, below (or on) the upper and above the lower one; so of two
shapes that share an edge each cell belongs to one. The page's figure fills by the same rule (figure/scanline.ts).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]
# The first and the one past the last cell of each run, counted through the grid row by row.
Runs = tuple[Cells, Cells]

STEPS = 1024.0


def outline_runs(points: Floats, rows: int, columns: int) -> Runs:
    """The inside of a closed outline [N, 2]: wherever it winds around a cell, also where it crosses itself."""
    after = np.roll(points, -1, axis=0)
    falls = after[:, 1] > points[:, 1]
    upper, lower = np.where(falls[:, None], points, after), np.where(falls[:, None], after, points)
    first, last = _cell(upper[:, 1], rows), _cell(lower[:, 1], rows)
    edge, row = _expanded(first, last)
    places = row * columns + _cell(_crossing(upper[edge], lower[edge], row), columns)
    # One sort for place and direction together.
    coded = np.sort(places * 2 + falls[edge])
    winding = np.cumsum(2 * (coded & 1) - 1)
    inside = winding != 0
    before = np.concatenate([[False], inside[:-1]])
    return coded[inside & ~before] >> 1, coded[before & ~inside] >> 1


def tube_runs(quads: Floats, centres: Floats, radii: Floats, rows: int, columns: int) -> Runs:
    """Quadrangles [N, 4, 2] and discs [M, 2], [M] together. In each row a quadrangle reaches from its leftmost to its
    rightmost edge."""
    pieces = [_quad_pieces(quads, rows), _disc_pieces(centres, radii, rows)]
    starts = np.concatenate([row * columns + _cell(left, columns) for row, left, _ in pieces])
    ends = np.concatenate([row * columns + _cell(right, columns) for row, _, right in pieces])
    starts, ends = np.sort(starts), np.sort(ends)
    # Runs that touch or overlap are one: a gap is where the next start lies past all ends so far.
    gap = starts[1:] > ends[:-1]
    return np.concatenate([starts[:1], starts[1:][gap]]), np.concatenate([ends[:-1][gap], ends[-1:]])


def _quad_pieces(quads: Floats, rows: int) -> tuple[Cells, Floats, Floats]:
    """For each row of each quadrangle: the row, where it begins and where it ends."""
    after = np.roll(quads, -1, axis=1)
    falls = (after[..., 1] > quads[..., 1])[..., None]
    upper, lower = np.where(falls, quads, after), np.where(falls, after, quads)
    first, last = _cell(upper[..., 1], rows), _cell(lower[..., 1], rows)
    quad, row = _expanded(first.min(1), last.max(1))
    crossed = (first[quad] <= row[:, None]) & (row[:, None] < last[quad])
    x = _crossing(upper[quad], lower[quad], row[:, None])
    return row, np.where(crossed, x, np.inf).min(1), np.where(crossed, x, -np.inf).max(1)


def _disc_pieces(centres: Floats, radii: Floats, rows: int) -> tuple[Cells, Floats, Floats]:
    disc, row = _expanded(_cell(centres[:, 1] - radii, rows), _cell(centres[:, 1] + radii, rows))
    radius, away = radii[disc], row * STEPS + STEPS / 2 - centres[disc, 1]
    half = np.sqrt(np.maximum(radius * radius - away * away, 0.0))
    return row, centres[disc, 0] - half, centres[disc, 0] + half


def _cell(steps: Floats, count: int) -> Cells:
    """The first cell whose centre is not before a place, 0 to count."""
    cells: Cells = np.clip(np.ceil((steps - STEPS / 2) / STEPS), 0, count).astype(np.int64)
    return cells


def _expanded(first: Cells, last: Cells) -> tuple[Cells, Cells]:
    """Ranges of rows -> for each row of each: which range, and the row."""
    counts = np.maximum(last - first, 0)
    index = np.repeat(np.arange(len(counts)), counts)
    offsets = np.cumsum(counts) - counts
    return index, first[index] + np.arange(len(index)) - offsets[index]


def _crossing(upper: Floats, lower: Floats, row: Cells) -> Floats:
    """Where edges [..., 2] cross the middle of a row."""
    fall = lower[..., 1] - upper[..., 1]
    share = (row * STEPS + STEPS / 2 - upper[..., 1]) / np.where(fall > 0, fall, 1.0)
    crossing: Floats = upper[..., 0] + (lower[..., 0] - upper[..., 0]) * share
    return crossing
