"""Keypoints of a pose given by the angles of its bones."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..errors import InputError
from .drawing.angles import sine_cosine_of_degrees
from .drawing.plane import Point, add, along, middle, subtract
from .garments import figure_data
from .semantic_pose import Keypoints

# Room left at the top and at the bottom, as shares of the map's height, as photos of the training data have it.
MARGIN_TOP, MARGIN_BOTTOM, MARGIN_SIDE = 0.036, 0.031, 0.02


def pose_keypoints(pose: Mapping[str, Any], size: tuple[int, int]) -> Keypoints:
    """A pose of presets.json -> its keypoints in a map of `size` = (height, width), as large as a whole figure can be.

    Keys, all optional: `view` front or back; `yaw` 0..1 how far the body is turned sideways; `lean`, `shoulders`,
    `hips` and `head` tilts in degrees, clockwise as seen; `turn` -1..1 where the face looks; `right` and `left` with
    `upper_arm`, `forearm`, `thigh`, `shank`: degrees from hanging straight down, outwards from the body positive. A
    bone that points towards the viewer looks shorter: `..._length` is its share.
    """
    skeleton = figure_data()["skeleton"]
    points = _standing(pose, skeleton)
    low, high = _extent(points, skeleton)
    height, width = size
    room_y, room_x = height * (1 - MARGIN_TOP - MARGIN_BOTTOM), width * (1 - 2 * MARGIN_SIDE)
    # Not much larger than a standing person would be, so that who sits has a head of a usual size.
    unit = min(room_y * 1.12, room_y / (high[1] - low[1]), room_x / (high[0] - low[0]))
    left, top = width / 2 - unit * (low[0] + high[0]) / 2, height * (1 - MARGIN_BOTTOM) - unit * high[1]
    unseen = (0, 14, 15) if pose.get("view", "front") == "back" else ()
    rows = [[x * unit + left, y * unit + top, 0.0 if i in unseen else 1.0] for i, (x, y) in enumerate(points)]
    return Keypoints(torch.tensor(rows, dtype=torch.float64).float())


def _standing(pose: Mapping[str, Any], skeleton: Mapping[str, Any]) -> list[Point]:
    """[18] in body heights, the hips' middle at the origin."""
    view = pose.get("view", "front")
    if view not in ("front", "back"):
        raise InputError(f"pose: got view {view!r}, wanted front or back")
    points: list[Point] = [(0.0, 0.0)] * 18
    narrow = 1.0 - 0.45 * float(pose.get("yaw", 0.0))
    # The person's right is on the left of the picture, unless seen from behind.
    facing = -1.0 if view == "front" else 1.0
    points[1] = along((0.0, 0.0), _down(float(pose.get("lean", 0.0))), -skeleton["spine"])
    for name, centre, right, left, half in (
        ("shoulders", points[1], 2, 5, skeleton["shoulder_half"]),
        ("hips", (0.0, 0.0), 8, 11, skeleton["hip_half"]),
    ):
        across = _across(float(pose.get(name, 0.0)))
        points[right] = along(centre, across, facing * half * narrow)
        points[left] = along(centre, across, -facing * half * narrow)
    for name, sign, arm, leg in (("right", facing, (2, 3, 4), (8, 9, 10)), ("left", -facing, (5, 6, 7), (11, 12, 13))):
        side = pose.get(name, {})
        for joints, bones in ((arm, ("upper_arm", "forearm")), (leg, ("thigh", "shank"))):
            for start, end, bone in zip(joints, joints[1:], bones, strict=False):
                long = skeleton[bone] * float(side.get(f"{bone}_length", 1.0))
                points[end] = along(points[start], _down(-sign * float(side.get(bone, 0.0))), long)
    _place_head(points, pose, skeleton, facing)
    return points


def _place_head(points: list[Point], pose: Mapping[str, Any], skeleton: Mapping[str, Any], facing: float) -> None:
    tilt, turn = float(pose.get("head", 0.0)), float(pose.get("turn", 0.0))
    down, right = _down(tilt), _across(tilt)
    centre = along(points[1], _down(tilt * 0.6), -skeleton["neck_to_ears"])
    shift = turn * skeleton["nose_turn"]
    points[0] = along(along(centre, right, shift), down, skeleton["nose"][1])
    for index, sign in ((14, 1.0), (15, -1.0)):
        eye = along(centre, right, facing * sign * skeleton["eye"][0] + 0.8 * shift)
        points[index] = along(eye, down, skeleton["eye"][1])
    for index, sign in ((16, 1.0), (17, -1.0)):
        points[index] = along(centre, right, facing * sign * skeleton["ear"][0])


def _extent(points: Sequence[Point], skeleton: Mapping[str, Any]) -> tuple[Point, Point]:
    """The corners of a box around the figure, with crown, soles and hands."""
    crown = add(middle(points[16], points[17]), (0.0, -skeleton["ears_to_crown"]))
    soles = [add(points[i], (0.0, skeleton["ankle_to_sole"] + 0.02)) for i in (10, 13)]
    hands = [along(points[b], subtract(points[b], points[a]), 0.5) for a, b in ((3, 4), (6, 7))]
    every = [*points, crown, *soles, *hands]
    xs, ys = [x for x, _ in every], [y for _, y in every]
    return (min(xs) - 0.03, min(ys)), (max(xs) + 0.03, max(ys))


def _down(degrees: float) -> Point:
    """The unit vector downwards, turned clockwise as seen."""
    sine, cosine = sine_cosine_of_degrees(degrees)
    return -sine, cosine


def _across(degrees: float) -> Point:
    """The unit vector to the right, turned clockwise as seen."""
    sine, cosine = sine_cosine_of_degrees(degrees)
    return cosine, sine
