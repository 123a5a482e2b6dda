"""Skeletons between two skeletons."""

import math

import torch
from torch import Tensor

from .semantic_pose import Keypoints

# Each point hangs on the one before it; the root is the middle of the hips.
_TREE = ((1, None), (8, None), (11, None), (2, 1), (5, 1), (3, 2), (4, 3), (6, 5), (7, 6), (9, 8), (10, 9), (12, 11),
         (13, 12), (0, 1))  # fmt: skip
_HEAD = (14, 15, 16, 17)


def between(a: Keypoints, b: Keypoints, share: float) -> Keypoints:
    """The skeleton at `share` 0..1 from a to b: bones turn the shorter way and lengthen evenly. A point that one of the
    two lacks is missing; hands keep their shape and go with the wrist, faces with the nose."""
    body = torch.zeros(18, 3)
    roots = [(person.body[8, :2] + person.body[11, :2]) / 2 for person in (a, b)]
    root = roots[0] * (1 - share) + roots[1] * share
    body[:, 2] = torch.minimum(a.body[:, 2], b.body[:, 2])
    for point, parent in _TREE:
        if not bool(body[point, 2] > 0) or (parent is not None and not bool(body[parent, 2] > 0)):
            body[point] = 0
            continue
        origin = root if parent is None else body[parent, :2]
        bones = [
            person.body[point, :2] - (roots[i] if parent is None else person.body[parent, :2])
            for i, person in enumerate((a, b))
        ]
        body[point, :2] = origin + _turned_between(bones[0], bones[1], share)
    for point in _HEAD:
        if bool(body[0, 2] > 0) and bool(body[point, 2] > 0):
            offsets = [person.body[point, :2] - person.body[0, :2] for person in (a, b)]
            body[point, :2] = body[0, :2] + offsets[0] * (1 - share) + offsets[1] * share
        else:
            body[point] = 0
    return Keypoints(body, _hands(a, b, body, share), _face(a, b, body, share))


def _turned_between(a: Tensor, b: Tensor, share: float) -> Tensor:
    lengths = (float(a.norm()), float(b.norm()))
    if min(lengths) < 1e-6:
        return a * (1 - share) + b * share
    angles = (math.atan2(float(a[1]), float(a[0])), math.atan2(float(b[1]), float(b[0])))
    turn = (angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi
    angle, length = angles[0] + turn * share, lengths[0] * (1 - share) + lengths[1] * share
    return torch.tensor([length * math.cos(angle), length * math.sin(angle)])


def _hands(a: Keypoints, b: Keypoints, body: Tensor, share: float) -> Tensor | None:
    if a.hands is None or b.hands is None:
        return None
    # OpenPose's hands are left, right.
    return torch.stack([
        _going_with(a.hands[side], b.hands[side], a.body[wrist], b.body[wrist], body[wrist], share)
        for side, wrist in enumerate((7, 4))
    ])  # fmt: skip


def _face(a: Keypoints, b: Keypoints, body: Tensor, share: float) -> Tensor | None:
    if a.face is None or b.face is None:
        return None
    return _going_with(a.face, b.face, a.body[0], b.body[0], body[0], share)


def _going_with(a: Tensor, b: Tensor, from_a: Tensor, from_b: Tensor, to: Tensor, share: float) -> Tensor:
    known = torch.minimum(a[:, 2], b[:, 2]) * bool(to[2] > 0)
    offset = (a[:, :2] - from_a[:2]) * (1 - share) + (b[:, :2] - from_b[:2]) * share
    return torch.cat([to[:2] + offset, known[:, None]], 1) * (known > 0)[:, None]
