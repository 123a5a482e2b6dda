"""The body's own coordinates, from keypoints: places on the torso, along arms and legs, and around the head."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from ...errors import InputError
from ..garments import figure_data
from ..semantic_pose import KEYPOINT_NAMES
from .canvas import Points

NOSE, NECK, EYES, EARS = 0, 1, (14, 15), (16, 17)
# By side: 0 is the person's right, 1 the left.
ARMS, LEGS = ((2, 3, 4), (5, 6, 7)), ((8, 9, 10), (11, 12, 13))


@dataclass(frozen=True)
class Frame:
    """`points` [18, 2] in pixels, `seen` [18] bool, `unit` pixels to a body's height, `build` factors of widths."""

    points: Points
    seen: Any
    unit: float
    build: dict[str, float]

    @property
    def back(self) -> bool:
        """Seen from behind: the right shoulder is on the right, or there is no face."""
        if not self.seen[[NOSE, *EYES]].any():
            return True
        return bool(self.points[2, 0] > self.points[5, 0] + 0.02 * self.unit)

    def spine(self, u: float) -> Points:
        """The middle of the torso at body length u: 0 between the shoulders, 1 between the hips, and past both."""
        top, bottom = (self.points[2] + self.points[5]) / 2, (self.points[8] + self.points[11]) / 2
        middle: Points = top + (bottom - top) * u
        return middle

    def across(self, u: float) -> Points:
        """Unit vector across the torso at u, towards the right of the picture."""
        shoulders, hips = self._girdles
        return _unit(shoulders + (hips - shoulders) * min(max(u, 0.0), 1.0))

    def side(self, u: float, half: float) -> Points:
        """A place `half` body heights to the right (or left, if negative) of the spine at u, less if it is turned."""
        place: Points = self.spine(u) + self.across(u) * (half * self._turn(u) * self.unit)
        return place

    def torso_half(self, u: float) -> float:
        """Half the width of the bare torso at u."""
        u_shoulder, u_waist, u_hip = (self.build[name] for name in ("shoulders", "waist", "hips"))
        return table("torso", u) * float(np.interp(u, [0.1, 0.6, 1.0], [u_shoulder, u_waist, u_hip]))

    def arm(self, side: int, t: float) -> Points:
        """The middle of an arm at t."""
        return _along(self.points[list(ARMS[side])], t * 2)

    def leg(self, side: int, length: float) -> Points:
        """The middle of a leg at body length 1 to 3; past 3 straight on."""
        return _along(self.points[list(LEGS[side])], length - 1)

    def sign(self, side: int) -> float:
        """+1 if the outside of the person's right (0) or left (1) is to the right of the picture, else -1."""
        own, other = self.points[(2, 5)[side], 0], self.points[(5, 2)[side], 0]
        return 1.0 if own > other or (own == other and side == 1) else -1.0

    def has_arm(self, side: int) -> bool:
        return bool(self.seen[list(ARMS[side])].all())

    def has_leg(self, side: int) -> bool:
        return bool(self.seen[list(LEGS[side])].all())

    def head(self, x: float, y: float) -> Points:
        """A place in the head's coordinates: body heights to the right and down from the middle of the ears."""
        centre, down = self._head_axes()
        right = np.array([down[1], -down[0]])
        place: Points = centre + (right * x + down * y) * self.unit
        return place

    @property
    def head_turn(self) -> float:
        """How far the face looks to the right of the picture, -1 to 1."""
        if not self.seen[NOSE]:
            return 0.0
        centre, down = self._head_axes()
        right = np.array([down[1], -down[0]])
        offset = float((self.points[NOSE] - centre) @ right) / self.unit
        return float(np.clip(offset / figure_data()["skeleton"]["nose_turn"], -1.0, 1.0))

    def _head_axes(self) -> tuple[Points, Points]:
        """The middle of the ears and the unit vector down the face."""
        skeleton = figure_data()["skeleton"]
        neck = self.points[NECK]
        if self.seen[list(EARS)].all():
            a, b = self.points[EARS[0]], self.points[EARS[1]]
            right = _rightward(b - a)
            return (a + b) / 2, np.array([-right[1], right[0]])
        seen = [i for i in (*EARS, *EYES, NOSE) if self.seen[i]]
        towards = self.points[seen].mean(0) - neck if seen else self.spine(-1.0) - self.spine(0.0)
        up = _unit(towards)
        return neck + up * (skeleton["neck_to_ears"] * self.unit), -up

    @cached_property
    def _girdles(self) -> tuple[Points, Points]:
        """Unit vectors to the right along the shoulders and along the hips."""
        return _rightward(self.points[5] - self.points[2]), _rightward(self.points[11] - self.points[8])

    def _turn(self, u: float) -> float:
        return float(np.interp(u, [0.0, 1.0], self._ratios))

    @cached_property
    def _ratios(self) -> list[float]:
        """How wide shoulders and hips look, of what they are."""
        skeleton = figure_data()["skeleton"]
        ratios = []
        for a, b, bone, flesh in ((5, 2, "shoulder_half", 0.02), (11, 8, "hip_half", 0.045)):
            # The joints come closer when the body turns; the flesh around them does not get thinner.
            half = float(np.linalg.norm(self.points[a] - self.points[b])) / (2 * self.unit)
            ratios.append(min((half + flesh) / (skeleton[bone] + flesh), 1.25))
        return ratios


def frame_of(keypoints: Points, build: str) -> Frame:
    """[18, 3] keypoints -> their frame. Raises InputError if a shoulder or hip is missing, or for an unknown build."""
    builds = figure_data()["builds"]
    if build not in builds:
        raise InputError(f"build: got {build!r}, wanted one of {', '.join(builds)}")
    points, seen = keypoints[:, :2].astype(np.float64).copy(), keypoints[:, 2] > 0
    missing = [KEYPOINT_NAMES[i] for i in (2, 5, 8, 11) if not seen[i]]
    if missing:
        raise InputError(f"keypoints: got no {missing[0]}, wanted both shoulders and both hips; place them first")
    if not seen[NECK]:
        points[NECK], seen[NECK] = (points[2] + points[5]) / 2, True
    return Frame(points, seen, _unit_of(points, seen), builds[build])


def table(name: str, at: float) -> float:
    """A row of half-widths of figure.json, read between its entries."""
    places, halves = _columns(name)
    return float(np.interp(at, places, halves))


@cache
def _columns(name: str) -> tuple[list[float], list[float]]:
    rows = figure_data()[name]
    return [row[0] for row in rows], [row[1] for row in rows]


def _unit_of(points: Points, seen: Any) -> float:
    """Pixels to the body's height, from the bones; foreshortened ones look shorter, so the longer ones count."""
    skeleton = figure_data()["skeleton"]
    spine = np.linalg.norm(points[[2, 5]].mean(0) - points[[8, 11]].mean(0)) / skeleton["spine"]
    found = [float(spine)]
    for chains, upper, lower in ((ARMS, "upper_arm", "forearm"), (LEGS, "thigh", "shank")):
        for a, b, c in chains:
            for start, end, bone in ((a, b, upper), (b, c, lower)):
                if seen[start] and seen[end]:
                    found.append(float(np.linalg.norm(points[start] - points[end])) / skeleton[bone])
    # The second largest: one bone out of place does not make a giant.
    unit = sorted(found)[-2] if len(found) > 1 else found[0]
    if unit < 1:
        raise InputError("keypoints: got all in one place, wanted a person of at least a few pixels")
    return unit


def _along(path: Points, t: float) -> Points:
    i = min(max(int(t), 0), len(path) - 2)
    place: Points = path[i] + (path[i + 1] - path[i]) * (t - i)
    return place


def _unit(vector: Points) -> Points:
    result: Points = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return result


def _rightward(vector: Points) -> Points:
    if np.linalg.norm(vector) < 1e-6:
        return np.array([1.0, 0.0])
    return _unit(vector if vector[0] >= 0 else -vector)
