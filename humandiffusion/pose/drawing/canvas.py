"""A canvas of part indices: smooth outlines, tubes along a path, discs; painted from back to front."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

# [N, 2], x to the right and y down, in map pixels.
Points = NDArray[np.float64]
# Cells of the canvas to a map pixel, each way; odd, so that one lies on the pixel's centre.
DETAIL = 3


class Canvas:
    """Paint with it, then `labels()`. Coordinates are map pixels; what falls outside is cut off."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.height, self.width = size
        self._picture = Image.new("L", (self.width * DETAIL, self.height * DETAIL), 0)
        self._draw = ImageDraw.Draw(self._picture)

    def polygon(self, points: Points, label: int) -> None:
        self._draw.polygon([(float(x) * DETAIL, float(y) * DETAIL) for x, y in points], fill=label)

    def disc(self, centre: Points, radius: float, label: int) -> None:
        x, y = (float(value) * DETAIL for value in centre)
        r = radius * DETAIL
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=label)

    def tube(self, path: Points, halves: Sequence[float], label: int, *, start: bool = True, end: bool = False) -> None:
        """A band along `path` [N, 2], at each point as wide to both sides as `halves` says; `start`, `end`: rounded."""
        widths = np.asarray(halves, dtype=np.float64)
        sides = normals(path) * widths[:, None]
        for i in range(len(path) - 1):
            quad = (path[i] + sides[i], path[i + 1] + sides[i + 1], path[i + 1] - sides[i + 1], path[i] - sides[i])
            self.polygon(np.array(quad), label)
        first, last = (0 if start else 1), (len(path) if end else len(path) - 1)
        for i in range(first, last):
            self.disc(path[i], float(widths[i]), label)

    def labels(self, wobble: float = 0.0) -> Tensor:
        """The painted map, uint8 [H, W]. `wobble`: amplitude in pixels of a fixed, smooth displacement of all outlines,
        like the unsteady edges of a map that was parsed from a photo."""
        x, y = np.arange(self.width, dtype=np.float64)[None], np.arange(self.height, dtype=np.float64)[:, None]
        # Wavelengths are shares of the height, so that a map drawn larger is the same map. They have no common divisor.
        turn = 2 * np.pi / self.height
        shift_x = _wave(13 * turn * y + 0.7, 5 * turn * x) + 0.6 * _wave(31 * turn * y + 2.1, -17 * turn * x)
        shift_y = _wave(7 * turn * y + 1.9, 11 * turn * x) + 0.6 * _wave(19 * turn * y + 0.3, 29 * turn * x)
        columns = np.clip(((x + 0.5 + wobble * shift_x) * DETAIL).astype(int), 0, self.width * DETAIL - 1)
        rows = np.clip(((y + 0.5 + wobble * shift_y) * DETAIL).astype(int), 0, self.height * DETAIL - 1)
        return torch.from_numpy(np.asarray(self._picture, dtype=np.uint8)[rows, columns])


def smooth(points: Points, *, closed: bool = False, corners: Sequence[int] = (), steps: int = 8) -> Points:
    """A Catmull-Rom curve through the points; `corners` are the places of points at which it may break."""
    count = len(points)
    spans = count if closed else count - 1
    t = (np.arange(steps) / steps)[:, None]
    pieces = []
    for i in range(spans):
        p1, p2 = points[i], points[(i + 1) % count]
        p0 = points[i - 1] if (closed or i > 0) and i not in corners else p1
        has_next = (closed or i + 2 < count) and (i + 1) % count not in corners
        p3 = points[(i + 2) % count] if has_next else p2
        pieces.append(_span(p0, p1, p2, p3, t))
    if not closed:
        pieces.append(points[-1:])
    return np.concatenate(pieces)


def normals(path: Points) -> Points:
    """Unit vectors across the path at each of its points."""
    along = np.gradient(path, axis=0)
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across: Points = np.stack([-along[:, 1], along[:, 0]], 1) / length
    return across


def _wave(a: Points, b: Points) -> Points:
    """sin(a + b) of a column and a row, from one sine of each."""
    result: Points = np.sin(a) * np.cos(b) + np.cos(a) * np.sin(b)
    return result


def _span(p0: Points, p1: Points, p2: Points, p3: Points, t: Points) -> Points:
    result: Points = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return result
