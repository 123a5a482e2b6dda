"""OpenPose's picture of a skeleton, drawn by the optional package controlnet_aux from a map's keypoints."""

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..open_pose import open_pose_module
from .geometry import fit
from .semantic_pose import Keypoints, SemanticPose

# What controlnet_aux draws: limbs 8 pixels wide; half widths of a joint, a bone of a hand, a dot of a face.
STICK_WIDTH = 8.0
_JOINT, _BONE, _DOT = 4.0, 1.0, 3.0
# Pairs of OpenPose's points, in the order in which their limbs lie over one another.
_ARMS_AND_LEGS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13))
_HEAD = ((1, 0), (0, 14), (14, 16), (0, 15), (15, 17))
_FINGERS = tuple((0 if first % 4 == 0 else first, first + 1) for first in range(20))

_logger = logging.getLogger(__name__)


def draw_skeletons(pose: SemanticPose, size: tuple[int, int], width: float = STICK_WIDTH) -> Tensor:
    """[B, H, W, 3] float32 in 0..1 at `size` = (height, width): body, hands and faces as far as they are known, limbs
    `width` pixels wide (2 or more). The map is fitted into the size.

    A map of the batch without people stays black. Raises InputError if no map has any, and where controlnet_aux is
    not installed.
    """
    frames = pose.keypoints or ((),) * pose.batch
    missing = [str(i) for i, people in enumerate(frames) if not any(_is_known(person) for person in people)]
    if len(missing) == pose.batch:
        raise InputError(
            "pose: got a map without keypoints, wanted some to draw the skeleton from; take a preset of Load Pose or "
            "a map that was saved with its keypoints, or choose another kind of hint"
        )
    # Its hands' colours are matplotlib's.
    drawing = open_pose_module("kind: skeleton is drawn", "choose another kind", also=("matplotlib",))
    if missing:
        _logger.warning("Maps %s of the batch have no keypoints: their skeletons are black.", ", ".join(missing))
    fitted = fit(pose, size).keypoints or ()
    return torch.stack([_draw(drawing, people, size, width) for people in fitted])


def _is_known(person: Keypoints) -> bool:
    groups = (person.body, person.hands, person.face)
    return any(points is not None and bool((points[..., 2] > 0).any()) for points in groups)


def _draw(drawing: Any, people: Sequence[Keypoints], size: tuple[int, int], width: float) -> Tensor:
    height, across = size
    if width == STICK_WIDTH:
        poses, scale = [_result(drawing, person, size) for person in people], 1
    else:
        # controlnet_aux knows one width only. So each limb is drawn several times, a little aside, on a finer canvas.
        scale = min(max(2, math.ceil(STICK_WIDTH / max(width, 1e-6))), 4)
        factor = max(width * scale / STICK_WIDTH, 1.0)
        poses = [
            _result(drawing, piece, size)
            for person in people
            for part, half in _pieces(person)
            for piece in _spread(part, half / scale, (factor - 1) * half / scale)
        ]
    canvas = drawing.draw_poses(poses, height * scale, across * scale)
    return torch.from_numpy(np.array(Image.fromarray(canvas).reduce(scale))).float() / 255


def _pieces(person: Keypoints) -> Iterator[tuple[Keypoints, float]]:
    """A person limb by limb and joint by joint, from below to above, each with its half width."""
    body, nobody = person.body, torch.zeros(18, 3)
    for limb in (*_ARMS_AND_LEGS, *_HEAD):
        if bool((body[list(limb), 2] > 0).all()):
            yield Keypoints(_only(body, limb)), _JOINT
    for joint in range(18):
        yield Keypoints(_only(body, (joint,))), _JOINT
    for side in (0, 1):
        if person.hands is None:
            break
        for pieces, half in ((_FINGERS, _BONE), (tuple((point,) for point in range(21)), _JOINT)):
            for points in pieces:
                hands = torch.zeros(2, 21, 3)
                hands[side] = _only(person.hands[side], points)
                if bool((person.hands[side, list(points), 2] > 0).all()):
                    yield Keypoints(nobody, hands=hands), half
    if person.face is not None:
        yield Keypoints(nobody, face=person.face), _DOT


def _only(points: Tensor, kept: Sequence[int]) -> Tensor:
    alone = torch.zeros_like(points)
    alone[list(kept)] = points[list(kept)]
    return alone


def _spread(person: Keypoints, half: float, radius: float) -> Iterator[Keypoints]:
    """Copies that together fill what one drawn `radius` wider on each side would; `half` is what one of them fills."""
    yield person
    while radius > 0:
        count = math.ceil(2 * math.pi * radius / half) + 4
        for i in range(count):
            angle = 2 * math.pi * i / count
            aside = torch.tensor([radius * math.cos(angle), radius * math.sin(angle), 0.0])
            yield Keypoints(
                person.body + aside,
                None if person.hands is None else person.hands + aside,
                None if person.face is None else person.face + aside,
            )
        radius -= half


def _result(drawing: Any, person: Keypoints, size: tuple[int, int]) -> Any:
    """In controlnet_aux's own terms: shares of the picture; None or a place outside for what is missing."""
    height, width = size

    def points(rows: Tensor, missing: Any) -> list[Any]:
        return [
            drawing.Keypoint(x=x / width, y=y / height, score=score) if score > 0 else missing
            for x, y, score in rows.tolist()
        ]

    nowhere = drawing.Keypoint(x=-1.0, y=-1.0)
    hands = [None if person.hands is None else points(person.hands[side], nowhere) for side in (0, 1)]
    body = points(person.body, None)
    return drawing.PoseResult(
        drawing.BodyResult(body, total_score=1.0, total_parts=sum(point is not None for point in body)),
        *hands,
        None if person.face is None else points(person.face, nowhere),
    )
