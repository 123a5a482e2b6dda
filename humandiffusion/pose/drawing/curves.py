"""Smooth curves through points, and the directions across them."""

from collections.abc import Collection, Sequence

from .plane import Point, subtract, unit

STEPS = 8


def smooth(points: Sequence[Point], *, closed: bool = False, corners: Collection[int] = ()) -> list[Point]:
    """A Catmull-Rom curve through the points; `corners` are the places of points at which it may break."""
    count = len(points)
    curve: list[Point] = []
    for i in range(count if closed else count - 1):
        p1, p2 = points[i], points[(i + 1) % count]
        p0 = points[i - 1] if (closed or i > 0) and i not in corners else p1
        has_next = (closed or i + 2 < count) and (i + 1) % count not in corners
        p3 = points[(i + 2) % count] if has_next else p2
        for a, b, c, d in _WEIGHTS:
            x = a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0]
            curve.append((x, a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]))
    if not closed:
        curve.append(points[-1])
    return curve


def normals(path: Sequence[Point]) -> list[Point]:
    """Unit vectors across the path at each of its points."""
    last = len(path) - 1
    across = []
    for i in range(last + 1):
        x, y = unit(subtract(path[min(i + 1, last)], path[max(i - 1, 0)]))
        across.append((-y, x))
    return across


def rounded(path: Sequence[Point]) -> list[Point]:
    """The same path with the bends between its ends a little less sharp."""
    inner = [
        ((a[0] + 2 * b[0] + c[0]) / 4, (a[1] + 2 * b[1] + c[1]) / 4)
        for a, b, c in zip(path, path[1:], path[2:], strict=False)
    ]
    return [path[0], *inner, path[-1]]


def _weights(t: float) -> tuple[float, float, float, float]:
    """How much each of four points counts, t of the way from the second to the third."""
    t2, t3 = t * t, t * t * t
    return (-t + 2 * t2 - t3) / 2, (2 - 5 * t2 + 3 * t3) / 2, (t + 4 * t2 - 3 * t3) / 2, (t3 - t2) / 2


_WEIGHTS = [_weights(i / STEPS) for i in range(STEPS)]
