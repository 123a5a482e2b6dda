"""A canvas of part indices: outlines, tubes along a path, discs; painted from back to front."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .angles import sines_cosines
from .curves import normals
from .plane import Point, along
from .scanline import STEPS, Floats, Runs, outline_runs, tube_runs

# Cells of the canvas to a map pixel, each way; odd, so that one lies on the pixel's centre.
DETAIL = 3
# The outlines' unsteadiness is a sum of waves; no place moves by more than so many amplitudes.
REACH = 1.6


class Canvas:
    """Paint with it, then `labels()`. Coordinates are map pixels; what falls outside is cut off."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.height, self.width = size
        self._rows, self._columns = self.height * DETAIL, self.width * DETAIL
        self._cells = np.zeros(self._rows * self._columns, np.uint8)
        # The rows between which there is paint.
        self._first, self._last = self._rows, 0

    def polygon(self, points: Sequence[Point], label: int) -> None:
        self._paint(outline_runs(_steps(points), self._rows, self._columns), label)

    def disc(self, centre: Point, radius: float, label: int) -> None:
        nothing = np.zeros((0, 4, 2))
        self._paint(tube_runs(nothing, _steps([centre]), _steps([radius]), self._rows, self._columns), label)

    def tube(
        self, path: Sequence[Point], halves: Sequence[float], label: int, *, start: bool = True, end: bool = False
    ) -> None:
        """A band along `path`, at each point as wide to both sides as `halves` says; `start`, `end`: rounded."""
        across = normals(path)
        left = _steps([along(p, n, -half) for p, n, half in zip(path, across, halves, strict=True)])
        right = _steps([along(p, n, half) for p, n, half in zip(path, across, halves, strict=True)])
        quads = np.stack([right[:-1], right[1:], left[1:], left[:-1]], 1)
        discs = slice(0 if start else 1, len(path) if end else len(path) - 1)
        centres, radii = _steps(path[discs]).reshape(-1, 2), _steps(halves[discs])
        self._paint(tube_runs(quads, centres, radii, self._rows, self._columns), label)

    def labels(self, wobble: float = 0.0) -> Tensor:
        """The painted map, uint8 [H, W]. `wobble`: amplitude in pixels of a fixed, smooth displacement of all outlines,
        like the unsteady edges of a map that was parsed from a photo."""
        margin = math.ceil(REACH * wobble) + 1
        top, bottom = max(self._first // DETAIL - margin, 0), min(self._last // DETAIL + 1 + margin, self.height)
        result = np.zeros((self.height, self.width), np.uint8)
        if top < bottom:
            x, y = np.arange(self.width, dtype=np.float64), np.arange(top, bottom, dtype=np.float64)
            shift_x, shift_y = _displacement(x, y, self.height)
            columns = _nearest(x[None, :] + 0.5 + wobble * shift_x, self._columns)
            rows = _nearest(y[:, None] + 0.5 + wobble * shift_y, self._rows)
            result[top:bottom] = self._cells[rows * self._columns + columns]
        return torch.from_numpy(result)

    def _paint(self, runs: Runs, label: int) -> None:
        cells, (starts, ends) = self._cells, runs
        if len(starts) == 0:
            return
        self._first = min(self._first, int(starts[0]) // self._columns)
        self._last = max(self._last, int(ends[-1]) // self._columns)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            cells[start:end] = label


def _steps(values: Sequence[Point] | Sequence[float]) -> Floats:
    """Map pixels -> the whole steps in which shapes are filled."""
    steps: Floats = np.floor(np.array(values, dtype=np.float64) * (DETAIL * STEPS) + 0.5)
    return steps


def _nearest(pixels: Floats, count: int) -> NDArray[np.int64]:
    cells: NDArray[np.int64] = np.clip(np.floor(pixels * DETAIL), 0, count - 1).astype(np.int64)
    return cells


def _displacement(x: Floats, y: Floats, height: int) -> tuple[Floats, Floats]:
    """To the right and down, [len(y), len(x)] in amplitudes. Wavelengths are shares of the height, so that a map drawn
    larger is the same map; they have no common divisor."""
    turn = 2 * math.pi / height
    shift_x = _wave(13 * turn * y + 0.7, 5 * turn * x) + 0.6 * _wave(31 * turn * y + 2.1, -17 * turn * x)
    shift_y = _wave(7 * turn * y + 1.9, 11 * turn * x) + 0.6 * _wave(19 * turn * y + 0.3, 29 * turn * x)
    return shift_x, shift_y


def _wave(down: Floats, right: Floats) -> Floats:
    """sin(down + right) for all pairs, from one sine and cosine of each."""
    (sine, cosine), (sine_right, cosine_right) = sines_cosines(down), sines_cosines(right)
    wave: Floats = sine[:, None] * cosine_right[None, :] + cosine[:, None] * sine_right[None, :]
    return wave
