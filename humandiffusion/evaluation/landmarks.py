"""OpenPose's 18 points from mediapipe's pose network, to measure figures against photos; never a teacher."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .person import POSE, SIDE, load_network, placing, squared

# BlazePose's places of OpenPose's points; the neck is the middle of the shoulders.
_NOSE, _SHOULDERS = 0, (12, 11)
_PLACES = (_NOSE, -1, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7)
# Of OpenPose's points, those of the other side.
_OTHER_SIDE = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
# A point that the network believes in less is missing.
BELIEVED = 0.2


class LandmarkJudge:
    """The network, run on the whole picture padded to a square. Build it with `load_landmark_judge`."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._net = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        shapes = {tuple(o["shape"].tolist()): o["index"] for o in interpreter.get_output_details()}
        self._score, self._points = shapes[(1, 1)], shapes[(1, 195)]

    def __call__(self, image: Tensor) -> tuple[Tensor, float]:
        """One picture [3, H, W], sRGB 0..1 -> body [18, 3] in its pixels, and 0..1 how sure it is of a person: the mean
        of what the network says of the picture and of its mirror image."""
        (body, score), (other, other_score) = self._look(image), self._look(image.flip(2))
        return mean_of_both(body, mirrored(other, image.shape[2])), (score + other_score) / 2

    def _look(self, image: Tensor) -> tuple[Tensor, float]:
        self._net.set_tensor(self._input, squared(image))
        self._net.invoke()
        points = torch.from_numpy(self._net.get_tensor(self._points).copy()).view(39, 5)
        score = float(self._net.get_tensor(self._score).reshape(-1)[0])
        return openpose_points(points, (image.shape[1], image.shape[2])), score


def openpose_points(points: Tensor, size: tuple[int, int]) -> Tensor:
    """The network's 39 rows of x, y, z in pixels of its square and logits of visible and present -> OpenPose's 18 of
    x, y in pixels of a picture of `size` = (height, width), and confidence."""
    side, top, left = placing(*size)
    xy = points[:, :2] * (side / SIDE) - torch.tensor([float(left), float(top)])
    known = torch.minimum(points[:, 3].sigmoid(), points[:, 4].sigmoid())
    body = torch.cat([xy, torch.where(known > BELIEVED, known, 0.0)[:, None]], 1)
    neck = body[list(_SHOULDERS)].mean(0) * (body[list(_SHOULDERS), 2] > 0).all()
    rows = torch.stack([neck if place < 0 else body[place] for place in _PLACES])
    return rows * (rows[:, 2:] > 0)


def mirrored(body: Tensor, width: int) -> Tensor:
    """A body [18, 3] of a mirror image as it is in the picture of `width`: left and right change their names too."""
    known = (body[:, 2] > 0).float()
    across = torch.stack([width - body[:, 0], body[:, 1], body[:, 2]], 1) * known[:, None]
    return across[list(_OTHER_SIDE)]


def mean_of_both(a: Tensor, b: Tensor) -> Tensor:
    """Two findings [18, 3] of one body: the surer one counts more, and a point that only one has is taken from it."""
    weights = torch.stack([a[:, 2], b[:, 2]])
    places = (weights[..., None] * torch.stack([a[:, :2], b[:, :2]])).sum(0) / weights.sum(0).clamp_min(1e-9)[:, None]
    return torch.cat([places, weights.amax(0)[:, None]], 1)


def load_landmark_judge(path: Path | None = None, threads: int = 1) -> LandmarkJudge:
    """From the .tflite file, the wheel that holds it, or an installed mediapipe. Raises InputError that says how."""
    return LandmarkJudge(load_network(path, POSE, threads))
