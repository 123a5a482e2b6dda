"""Keypoints of a pose given by the angles of its bones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError
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
    low, high = _extent(points, skeleton, pose)
    height, width = size
    room_y, room_x = height * (1 - MARGIN_TOP - MARGIN_BOTTOM), width * (1 - 2 * MARGIN_SIDE)
    # Not much larger than a standing person would be, so that who sits has a head of a usual size.
    unit = min(room_y * 1.12, room_y / (high[1] - low[1]), room_x / (high[0] - low[0]))
    place = np.array([width / 2 - unit * (low[0] + high[0]) / 2, height * (1 - MARGIN_BOTTOM) - unit * high[1]])
    seen = np.ones((18, 1))
    if pose.get("view", "front") == "back":
        seen[[0, 14, 15]] = 0
    return Keypoints(torch.from_numpy(np.concatenate([points * unit + place, seen], 1)).float())


def _standing(pose: Mapping[str, Any], skeleton: Mapping[str, Any]) -> NDArray[np.float64]:
    """[18, 2] in body heights, the hips' middle at the origin."""
    view = pose.get("view", "front")
    if view not in ("front", "back"):
        raise InputError(f"pose: got view {view!r}, wanted front or back")
    points = np.zeros((18, 2))
    narrow = 1.0 - 0.45 * float(pose.get("yaw", 0.0))
    # The person's right is on the left of the picture, unless seen from behind.
    facing = -1.0 if view == "front" else 1.0
    neck = -_down(float(pose.get("lean", 0.0))) * skeleton["spine"]
    points[1] = neck
    for name, centre, right, left, half in (
        ("shoulders", neck, 2, 5, skeleton["shoulder_half"]),
        ("hips", np.zeros(2), 8, 11, skeleton["hip_half"]),
    ):
        across = _across(float(pose.get(name, 0.0))) * half * narrow
        points[right], points[left] = centre + facing * across, centre - facing * across
    for name, sign, arm, leg in (("right", facing, (2, 3, 4), (8, 9, 10)), ("left", -facing, (5, 6, 7), (11, 12, 13))):
        side = pose.get(name, {})
        for joints, bones in ((arm, ("upper_arm", "forearm")), (leg, ("thigh", "shank"))):
            for start, end, bone in zip(joints, joints[1:], bones, strict=False):
                length = skeleton[bone] * float(side.get(f"{bone}_length", 1.0))
                points[end] = points[start] + _down(-sign * float(side.get(bone, 0.0))) * length
    _place_head(points, pose, skeleton, facing)
    return points


def _place_head(
    points: NDArray[np.float64], pose: Mapping[str, Any], skeleton: Mapping[str, Any], facing: float
) -> None:
    tilt, turn = float(pose.get("head", 0.0)), float(pose.get("turn", 0.0))
    down, right = _down(tilt), _across(tilt)
    centre = points[1] - _down(tilt * 0.6) * skeleton["neck_to_ears"]
    shift = turn * skeleton["nose_turn"]
    points[0] = centre + right * shift + down * skeleton["nose"][1]
    for index, sign in ((14, 1), (15, -1)):
        points[index] = centre + right * (facing * sign * skeleton["eye"][0] + 0.8 * shift) + down * skeleton["eye"][1]
    for index, sign in ((16, 1), (17, -1)):
        points[index] = centre + right * (facing * sign * skeleton["ear"][0])


def _extent(
    points: NDArray[np.float64], skeleton: Mapping[str, Any], pose: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners of a box around the figure, with crown, soles and hands."""
    centre = (points[16] + points[17]) / 2
    tops = [centre - np.array([0.0, skeleton["ears_to_crown"]])]
    feet = [points[i] + np.array([0.0, skeleton["ankle_to_sole"] + 0.02]) for i in (10, 13)]
    hands = [points[b] + (points[b] - points[a]) * 0.5 for a, b in ((3, 4), (6, 7))]
    every = np.stack([*points, *tops, *feet, *hands])
    flesh = np.array([0.03, 0.0])
    return every.min(0) - flesh, every.max(0) + flesh


def _down(degrees: float) -> NDArray[np.float64]:
    """The unit vector downwards, turned clockwise as seen."""
    angle = np.radians(degrees)
    return np.array([-np.sin(angle), np.cos(angle)])


def _across(degrees: float) -> NDArray[np.float64]:
    """The unit vector to the right, turned clockwise as seen."""
    angle = np.radians(degrees)
    return np.array([np.cos(angle), np.sin(angle)])
