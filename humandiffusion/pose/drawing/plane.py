"""Points and vectors of the plane, and tables read between their entries: plain float64, one operation after another.

The page's figure (web/src/figure) does the same operations in the same order, so that both draw the same map to the
last cell. Hence no numpy here: its norm, mean, interp and linspace leave the order open.
"""

import math
from collections.abc import Sequence

# x to the right and y down, in map pixels unless said otherwise.
Point = tuple[float, float]


def add(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def subtract(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1]


def scaled(a: Point, factor: float) -> Point:
    return a[0] * factor, a[1] * factor


def along(a: Point, direction: Point, distance: float) -> Point:
    """The point `distance` from a in a direction (as long as the direction is)."""
    return a[0] + direction[0] * distance, a[1] + direction[1] * distance


def between(a: Point, b: Point, t: float) -> Point:
    """From a (t = 0) to b (t = 1), and past both."""
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1]


def length(a: Point) -> float:
    return math.sqrt(a[0] * a[0] + a[1] * a[1])


def unit(a: Point) -> Point:
    """The vector of length 1 along a; of nothing, nothing."""
    size = max(length(a), 1e-9)
    return a[0] / size, a[1] / size


def spread(start: float, end: float, count: int) -> list[float]:
    """`count` values from start to end, evenly."""
    return [start + (end - start) * (i / (count - 1)) for i in range(count)]


def interpolate(at: float, places: Sequence[float], values: Sequence[float]) -> float:
    """The values' straight lines between rising places; before the first and after the last as there."""
    if at <= places[0]:
        return values[0]
    for i in range(1, len(places)):
        if at < places[i]:
            share = (at - places[i - 1]) / (places[i] - places[i - 1])
            return values[i - 1] + (values[i] - values[i - 1]) * share
    return values[-1]
