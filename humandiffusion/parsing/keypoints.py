"""Keypoints of the people in photos, found by the optional package controlnet_aux.

Its networks come as .pth files that this package reads itself: `body_pose_model.pth`, and beside it, if wanted,
`hand_pose_model.pth` and `facenet.pth`. They are the user's own choice and lie in a folder of the user's.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..open_pose import open_pose_module
from ..pose.semantic_pose import Keypoints

BODY, HANDS, FACE = "body_pose_model.pth", "hand_pose_model.pth", "facenet.pth"
_FACE_POINTS = 70


class KeypointFinder:
    """OpenPose's networks around controlnet_aux. Build it with `load_keypoint_finder`."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector
        estimators = (detector.body_estimation, detector.hand_estimation, detector.face_estimation)
        self.nets: list[nn.Module] = [one.model for one in estimators if one is not None]

    def find(self, images: Tensor) -> tuple[tuple[Keypoints, ...], ...]:
        """Photos [B, 3, H, W], sRGB in 0..1 -> the people of each, in its pixels."""
        frames = []
        for image in images:
            pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).movedim(0, -1).cpu().numpy()
            found = self._detector.detect_poses(
                pixels,
                include_hand=self._detector.hand_estimation is not None,
                include_face=self._detector.face_estimation is not None,
            )
            size = (image.shape[2], image.shape[1])
            frames.append(tuple(_person(one, size) for one in found))
        return tuple(frames)


def load_keypoint_finder(folder: Path) -> KeypointFinder:
    """The networks in `folder`. Raises InputError that says what is missing: a file, or the package."""
    if not (folder / BODY).is_file():
        raise InputError(f"keypoints: {folder.name} holds no {BODY}; put OpenPose's file for controlnet_aux there")
    openpose = open_pose_module("keypoints: they are found", "go without keypoints")
    try:
        hands, face = (
            kind(str(folder / name)) if (folder / name).is_file() else None
            for kind, name in ((openpose.Hand, HANDS), (openpose.Face, FACE))
        )
        return KeypointFinder(openpose.OpenposeDetector(openpose.Body(str(folder / BODY)), hands, face))
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"keypoints: controlnet_aux cannot read the files in {folder.name} ({reason}); get them anew"
        ) from error


def _person(found: Any, size: tuple[int, int]) -> Keypoints:
    hands = None
    if found.left_hand is not None or found.right_hand is not None:
        hands = torch.stack([_points(hand, 21, size) for hand in (found.left_hand, found.right_hand)])
    face = None if found.face is None else _points(found.face, _FACE_POINTS, size)
    return Keypoints(_points(found.body.keypoints, 18, size), hands, face)


def _points(points: Sequence[Any] | None, count: int, size: tuple[int, int]) -> Tensor:
    """[count, 3] in pixels from shares of the photo's (width, height); what is missing or outside gets confidence 0."""
    rows = torch.zeros(count, 3)
    for row, point in zip(rows, points or (), strict=False):
        if point is not None and point.x >= 0 and point.y >= 0 and math.isfinite(point.x + point.y):
            row[:] = torch.tensor([point.x * size[0], point.y * size[1], 1.0])
    return rows
