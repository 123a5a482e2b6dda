"""OpenPose's JSON, as controlnet_aux and the pose editors pass it on (POSE_KEYPOINT): read and written.

A frame is an object with `people`, and with `canvas_width` and `canvas_height` if it says how large its picture is. A
person has `pose_keypoints_2d` of 18 points (or BODY_25's 25), and `face_keypoints_2d` of 70 (or 68),
`hand_left_keypoints_2d` and `hand_right_keypoints_2d` of 21, if there: flat lists of x, y, confidence.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from .semantic_pose import Keypoints, SemanticPose

# OpenPose's BODY_25 has the middle of the hips as its ninth point, and feet at the end.
_BODY_25 = (*range(8), *range(9, 19))
_HANDS = ("hand_left_keypoints_2d", "hand_right_keypoints_2d")
# Shares of the picture lie between 0 and 1, a little past if a limb is cut off; nobody is two pixels large.
_SHARES_UP_TO = 2.0
LARGEST_CANVAS, FURTHEST = 16384, 1e6
# Person ids are one byte, and 0 is nobody.
MOST_PEOPLE = 255
_WANTED = 'wanted OpenPose\'s: {"people": [{"pose_keypoints_2d": [x, y, confidence, ...]}], "canvas_width": ...}'


@dataclass(frozen=True, eq=False)
class KeypointFrame:
    """The people of one picture. `size` = (height, width) of the canvas that their points are on, None if not said;
    with `shares` the coordinates are shares of the picture's width and height instead of pixels."""

    people: tuple[Keypoints, ...]
    size: tuple[int, int] | None
    shares: bool

    def on(self, size: tuple[int, int]) -> tuple[Keypoints, ...]:
        """The people in pixels of a map of `size` = (height, width); points of an unknown canvas are in its pixels."""
        of = (1, 1) if self.shares else self.size or size
        scale = torch.tensor([size[1] / of[1], size[0] / of[0], 1.0])
        return tuple(
            Keypoints(
                person.body * scale,
                None if person.hands is None else person.hands * scale,
                None if person.face is None else person.face * scale,
            )
            for person in self.people
        )


def read_keypoints(data: Any) -> tuple[KeypointFrame, ...]:
    """POSE_KEYPOINT (a list of frames), one frame, or the JSON text of either -> its frames.

    A point of confidence 0 is missing. Raises InputError that names the frame and the person for anything that is not
    of the form above, has no frame, a number that is no number, or more than 255 people.
    """
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InputError(f"keypoints: got text that is no JSON ({error}), {_WANTED}") from None
    frames = [data] if isinstance(data, Mapping) else data
    if not isinstance(frames, (list, tuple)) or not frames:
        raise InputError(f"keypoints: got {_short(data)}, {_WANTED}")
    return tuple(_frame(frame, f"keypoints, frame {i + 1}") for i, frame in enumerate(frames))


def write_keypoints(pose: SemanticPose) -> list[dict[str, Any]]:
    """The frames of a pose, in pixels, as `read_keypoints` reads them and OpenPose's own tools do.

    Raises InputError for a pose without keypoints.
    """
    if pose.keypoints is None:
        raise InputError(
            "pose: got a map without keypoints, wanted some to write as OpenPose JSON; take one from Pose From "
            "Keypoints or a preset, or save a PNG"
        )
    return [
        {
            "version": 1.3,
            "people": [_person_to_json(person) for person in people],
            "canvas_width": pose.width,
            "canvas_height": pose.height,
        }
        for people in pose.keypoints
    ]


def _frame(frame: Any, name: str) -> KeypointFrame:
    if not isinstance(frame, Mapping) or not isinstance(frame.get("people"), (list, tuple)):
        raise InputError(f"{name}: got {_short(frame)}, {_WANTED}")
    if len(frame["people"]) > MOST_PEOPLE:
        raise InputError(f"{name}: got {len(frame['people'])} people, wanted at most {MOST_PEOPLE}; keep the largest")
    people = tuple(_person(person, f"{name}, person {i + 1}") for i, person in enumerate(frame["people"]))
    return KeypointFrame(people, _canvas(frame, name), _are_shares(people))


def _canvas(frame: Mapping[str, Any], name: str) -> tuple[int, int] | None:
    height, width = (frame.get(key) for key in ("canvas_height", "canvas_width"))
    if height is None and width is None:
        return None
    return _side(height, name), _side(width, name)


def _side(side: Any, name: str) -> int:
    whole = isinstance(side, (int, float)) and not isinstance(side, bool) and side == side // 1
    if not whole or not 1 <= side <= LARGEST_CANVAS:
        raise InputError(f"{name}, canvas: got {_short(side)}, wanted whole numbers of 1 to {LARGEST_CANVAS}")
    return int(side)


def _are_shares(people: Sequence[Keypoints]) -> bool:
    groups = [points for person in people for points in (person.body, person.hands, person.face) if points is not None]
    known = [points[points[..., 2] > 0][:, :2] for points in groups]
    largest = max((float(points.max()) for points in known if len(points)), default=math.inf)
    return largest <= _SHARES_UP_TO


def _person(person: Any, name: str) -> Keypoints:
    if not isinstance(person, Mapping) or "pose_keypoints_2d" not in person:
        raise InputError(f"{name}: got {_short(person)}, {_WANTED}")
    body = _points(person["pose_keypoints_2d"], f"{name}, pose_keypoints_2d", (18, 25))
    if body is None:
        body = torch.zeros(18, 3)
    if len(body) == 25:
        body = body[list(_BODY_25)]
    face = _points(person.get("face_keypoints_2d"), f"{name}, face_keypoints_2d", (70, 68))
    if face is not None and len(face) == 68:
        # Without the pupils.
        face = torch.cat([face, torch.zeros(2, 3)])
    hands = [_points(person.get(key), f"{name}, {key}", (21,)) for key in _HANDS]
    both = [torch.zeros(21, 3) if hand is None else hand for hand in hands]
    return Keypoints(body, None if hands == [None, None] else torch.stack(both), face)


def _points(values: Any, name: str, counts: tuple[int, ...]) -> Tensor | None:
    """[N, 3], missing points at 0; None if there is no list at all, or none of its points is known."""
    if values is None or values == []:
        return None
    if not isinstance(values, (list, tuple)) or len(values) not in [3 * count for count in counts]:
        got = f"{len(values)} numbers" if isinstance(values, (list, tuple)) else _short(values)
        raise InputError(f"{name}: got {got}, wanted {' or '.join(str(count) for count in counts)} points of 3 numbers")
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not abs(value) <= FURTHEST:
            raise InputError(f"{name}: got {_short(value)}, wanted numbers of -{FURTHEST:.0f} to {FURTHEST:.0f}")
    points = torch.tensor([float(value) for value in values]).view(-1, 3)
    points[:, 2].clamp_(0, 1)
    points[points[:, 2] == 0] = 0
    return points if bool((points[:, 2] > 0).any()) else None


def _person_to_json(person: Keypoints) -> dict[str, Any]:
    def flat(points: Tensor | None) -> list[float] | None:
        return None if points is None else [round(value, 4) for value in points.flatten().tolist()]

    hands = (None, None) if person.hands is None else (person.hands[0], person.hands[1])
    left, right = (None if hand is None or not bool((hand[:, 2] > 0).any()) else hand for hand in hands)
    return {
        "pose_keypoints_2d": flat(person.body),
        "face_keypoints_2d": flat(person.face),
        _HANDS[0]: flat(left),
        _HANDS[1]: flat(right),
    }


def _short(value: Any) -> str:
    text = type(value).__name__ if isinstance(value, (list, tuple, Mapping)) else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
