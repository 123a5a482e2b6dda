"""The body's own coordinates, from keypoints: places on the torso, along arms and legs, and around the head."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ...errors import InputError
from ..garments import figure_data
from ..semantic_pose import KEYPOINT_NAMES
from .plane import Point, add, along, between, dot, interpolate, length, middle, scaled, subtract, unit

NOSE, NECK, EYES, EARS = 0, 1, (14, 15), (16, 17)
# By side: 0 is the person's right, 1 the left.
ARMS, LEGS = ((2, 3, 4), (5, 6, 7)), ((8, 9, 10), (11, 12, 13))
# No map is so large; beyond, widths and places would lose their last digits.
FARTHEST = 1e6


@dataclass(frozen=True)
class Frame:
    """`points` [18] in pixels, `seen` [18], `unit` pixels to a body's height, `build` factors of widths."""

    points: tuple[Point, ...]
    seen: tuple[bool, ...]
    unit: float
    build: dict[str, float]

    @cached_property
    def back(self) -> bool:
        """Seen from behind: the right shoulder is on the right, or there is no face."""
        if not any(self.seen[i] for i in (NOSE, *EYES)):
            return True
        return self.points[2][0] > self.points[5][0] + 0.02 * self.unit

    def spine(self, u: float) -> Point:
        """The middle of the torso at body length u: 0 between the shoulders, 1 between the hips, and past both."""
        return between(*self._ends, u)

    def across(self, u: float) -> Point:
        """Unit vector across the torso at u, towards the right of the picture."""
        shoulders, hips = self._girdles
        return unit(between(shoulders, hips, min(max(u, 0.0), 1.0)))

    def side(self, u: float, half: float) -> Point:
        """A place `half` body heights to the right (or left, if negative) of the spine at u, less if it is turned."""
        turn = interpolate(u, (0.0, 1.0), self._ratios)
        return along(self.spine(u), self.across(u), half * turn * self.unit)

    def torso_half(self, u: float) -> float:
        """Half the width of the bare torso at u."""
        factors = [self.build[name] for name in ("shoulders", "waist", "hips")]
        return table("torso", u) * interpolate(u, (0.1, 0.6, 1.0), factors)

    def arm(self, side: int, t: float) -> Point:
        """The middle of an arm at t."""
        return _along([self.points[i] for i in ARMS[side]], t * 2)

    def leg(self, side: int, at: float) -> Point:
        """The middle of a leg at body length 1 to 3; past 3 straight on. The shin bows outwards from its joints."""
        hip, knee, ankle = (self.points[i] for i in LEGS[side])
        dx, dy = unit(subtract(ankle, hip))
        bow = self.sign(side) * table("shin_bow", at) * self.unit
        return along(_along([hip, knee, ankle], at - 1), (dy, -dx), bow)

    def sign(self, side: int) -> int:
        """+1 if the outside of the person's right (0) or left (1) is to the right of the picture, else -1."""
        own, other = self.points[(2, 5)[side]][0], self.points[(5, 2)[side]][0]
        return 1 if own > other or (own == other and side == 1) else -1

    def has_arm(self, side: int) -> bool:
        return all(self.seen[i] for i in ARMS[side])

    def has_leg(self, side: int) -> bool:
        return all(self.seen[i] for i in LEGS[side])

    def head(self, x: float, y: float) -> Point:
        """A place in the head's coordinates: body heights to the right and down from the middle of the ears."""
        centre, down = self._head_axes
        return along(along(centre, (down[1], -down[0]), x * self.unit), down, y * self.unit)

    @cached_property
    def head_turn(self) -> float:
        """How far the face looks to the right of the picture, -1 to 1."""
        if not self.seen[NOSE]:
            return 0.0
        centre, down = self._head_axes
        offset = dot(subtract(self.points[NOSE], centre), (down[1], -down[0])) / self.unit
        most: float = figure_data()["skeleton"]["nose_turn"]
        return min(max(offset / most, -1.0), 1.0)

    @cached_property
    def _head_axes(self) -> tuple[Point, Point]:
        """The middle of the ears and the unit vector down the face."""
        neck = self.points[NECK]
        if all(self.seen[i] for i in EARS):
            a, b = self.points[EARS[0]], self.points[EARS[1]]
            right = _rightward(subtract(b, a))
            return middle(a, b), (-right[1], right[0])
        seen = [self.points[i] for i in (*EARS, *EYES, NOSE) if self.seen[i]]
        towards = subtract(_mean(seen), neck) if seen else subtract(self.spine(-1.0), self.spine(0.0))
        up = unit(towards)
        return along(neck, up, figure_data()["skeleton"]["neck_to_ears"] * self.unit), (-up[0], -up[1])

    @cached_property
    def _ends(self) -> tuple[Point, Point]:
        return middle(self.points[2], self.points[5]), middle(self.points[8], self.points[11])

    @cached_property
    def _girdles(self) -> tuple[Point, Point]:
        """Unit vectors to the right along the shoulders and along the hips."""
        return (
            _rightward(subtract(self.points[5], self.points[2])),
            _rightward(subtract(self.points[11], self.points[8])),
        )

    @cached_property
    def _ratios(self) -> list[float]:
        """How wide shoulders and hips look, of what they are."""
        skeleton = figure_data()["skeleton"]
        ratios = []
        for a, b, bone, flesh in ((5, 2, "shoulder_half", 0.02), (11, 8, "hip_half", 0.045)):
            # The joints come closer when the body turns; the flesh around them does not get thinner.
            half = length(subtract(self.points[a], self.points[b])) / (2 * self.unit)
            ratios.append(min((half + flesh) / (skeleton[bone] + flesh), 1.25))
        return ratios


def frame_of(keypoints: Sequence[Sequence[float]], build: str) -> Frame:
    """18 rows of x, y, confidence -> their frame. Raises InputError if a shoulder or hip is missing, for a place that
    is no number or far off, or for an unknown build."""
    builds = figure_data()["builds"]
    if build not in builds:
        raise InputError(f"build: got {build!r}, wanted one of {', '.join(builds)}")
    points, seen = [(row[0], row[1]) for row in keypoints], [row[2] > 0 for row in keypoints]
    missing = [KEYPOINT_NAMES[i] for i in (2, 5, 8, 11) if not seen[i]]
    if missing:
        raise InputError(f"keypoints: got no {missing[0]}, wanted both shoulders and both hips; place them first")
    for i, (x, y) in enumerate(points):
        if seen[i] and not (abs(x) <= FARTHEST and abs(y) <= FARTHEST):
            raise InputError(f"keypoints: got {KEYPOINT_NAMES[i]} at {x:g}, {y:g}, wanted map pixels; place it again")
    if not seen[NECK]:
        points[NECK], seen[NECK] = middle(points[2], points[5]), True
    return Frame(tuple(points), tuple(seen), _unit_of(points, seen), builds[build])


def table(name: str, at: float) -> float:
    """A row of half-widths of figure.json, read between its entries."""
    return interpolate(at, *_columns(name))


@cache
def _columns(name: str) -> tuple[list[float], list[float]]:
    rows = figure_data()[name]
    return [row[0] for row in rows], [row[1] for row in rows]


def _unit_of(points: Sequence[Point], seen: Sequence[bool]) -> float:
    """Pixels to the body's height, from the bones; foreshortened ones look shorter, so the longer ones count."""
    skeleton = figure_data()["skeleton"]
    spine = subtract(middle(points[2], points[5]), middle(points[8], points[11]))
    found: list[float] = [length(spine) / skeleton["spine"]]
    for chains, upper, lower in ((ARMS, "upper_arm", "forearm"), (LEGS, "thigh", "shank")):
        for a, b, c in chains:
            for start, end, bone in ((a, b, upper), (b, c, lower)):
                if seen[start] and seen[end]:
                    found.append(length(subtract(points[start], points[end])) / skeleton[bone])
    # The second largest: one bone out of place does not make a giant.
    pixels = sorted(found)[-2] if len(found) > 1 else found[0]
    if pixels < 1:
        raise InputError("keypoints: got all in one place, wanted a person of at least a few pixels")
    return pixels


def _along(path: Sequence[Point], t: float) -> Point:
    i = min(max(int(t), 0), len(path) - 2)
    return between(path[i], path[i + 1], t - i)


def _mean(points: Sequence[Point]) -> Point:
    total = (0.0, 0.0)
    for point in points:
        total = add(total, point)
    return total[0] / len(points), total[1] / len(points)


def _rightward(vector: Point) -> Point:
    if length(vector) < 1e-6:
        return 1.0, 0.0
    return unit(vector if vector[0] >= 0 else scaled(vector, -1.0))
