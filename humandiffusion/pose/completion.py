"""Joints that a pose network did not see, filled in where the rest of the body leaves little doubt."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .garments import figure_data
from .semantic_pose import Keypoints

_NOSE, _NECK, _EARS = 0, 1, (16, 17)
_ARMS, _LEGS = ((2, 3, 4), (5, 6, 7)), ((8, 9, 10), (11, 12, 13))
# Shoulders, hips, ears, eyes: the right one and the left one.
_SIDES = ((2, 5), (8, 11), (16, 17), (14, 15))
# What is filled in is less sure than what was seen.
GUESSED = 0.1


def complete(person: Keypoints, size: tuple[int, int]) -> Keypoints | None:
    """The person with shoulders and hips, which a figure needs, and limbs as far as they can be told; None if neither a
    shoulder, the neck nor a hip is known. `size` = (height, width) of the picture that the points are on. Right and
    left lie as in the pairs that are known, so that a back stays a back.

    A missing shoulder or hip mirrors the other about the spine; where both are missing they lie a torso's length from
    the pair that is there. A missing elbow or knee lies between its neighbours. A wrist or ankle continues the bone
    before it. A limb of which only the root is known is drawn straight down if that leads out of the picture, else
    left out. Points filled in have confidence `GUESSED`.
    """
    body = person.body.clone()
    if not _torso(body, figure_data()["skeleton"]):
        return None
    unit = _unit(body, figure_data()["skeleton"])
    down = _down(body)
    for chain, upper, lower in (
        *((arm, "upper_arm", "forearm") for arm in _ARMS),
        *((leg, "thigh", "shank") for leg in _LEGS),
    ):
        _limb(body, chain, unit * figure_data()["skeleton"][upper], unit * figure_data()["skeleton"][lower], down, size)
    return Keypoints(body, person.hands, person.face)


def _torso(body: Tensor, skeleton: Mapping[str, Any]) -> bool:
    _pair(body, 2, 5, _between_shoulders(body))
    shoulders, hips = _middle(body, 2, 5), _middle(body, 8, 11)
    if shoulders is None and hips is None:
        if not bool(body[_NECK, 2] > 0) or not _seen(body, _NOSE, *_EARS):
            return False
        # A head and a neck: as wide as its shoulders are usually.
        face = body[[i for i in (_NOSE, *_EARS) if body[i, 2] > 0], :2].mean(0)
        unit = float((body[_NECK, :2] - face).norm()) / skeleton["neck_to_ears"]
        _put_pair(body, 2, 5, body[_NECK, :2], unit * skeleton["shoulder_half"], _straight(face, body[_NECK, :2]))
        shoulders = _middle(body, 2, 5)
    if shoulders is None and hips is not None:
        unit = _leg_unit(body, skeleton)
        place = body[_NECK, :2] if bool(body[_NECK, 2] > 0) else hips - torch.tensor([0.0, unit * skeleton["spine"]])
        _put_pair(body, 2, 5, place, unit * skeleton["shoulder_half"], _straight(place, hips))
    middle = (body[2, :2] + body[5, :2]) / 2
    if hips is None:
        unit = max(
            float((body[2, :2] - body[5, :2]).norm()) / (2 * skeleton["shoulder_half"]), _arm_unit(body, skeleton)
        )
        head = _middle(body, *_EARS)
        down = torch.tensor([0.0, 1.0]) if head is None else _straight(head, middle)
        _put_pair(body, 8, 11, middle + down * (unit * skeleton["spine"]), unit * skeleton["hip_half"], down)
    else:
        for hip, other in ((8, 11), (11, 8)):
            if not bool(body[hip, 2] > 0):
                # Below its own shoulder, as far as the other one is below the other's.
                body[hip, :2] = middle + (body[other, :2] - middle) * torch.tensor([-1.0, 1.0])
                body[hip, 2] = GUESSED
    return True


def _limb(body: Tensor, chain: tuple[int, int, int], upper: float, lower: float, down: Tensor, size: Any) -> None:
    root, middle, end = chain
    seen = [bool(body[i, 2] > 0) for i in chain]
    if not seen[0]:
        return
    if not seen[1] and seen[2]:
        _put(body, middle, (body[root, :2] + body[end, :2]) / 2)
    elif not seen[1]:
        points = (body[root, :2] + down * upper, body[root, :2] + down * (upper + lower))
        if _outside(points[1], size):
            _put(body, middle, points[0])
            _put(body, end, points[1])
    elif not seen[2]:
        _put(body, end, body[middle, :2] + _straight(body[root, :2], body[middle, :2]) * lower)


def _between_shoulders(body: Tensor) -> Tensor | None:
    """The neck; without it, at the height of the shoulder that is known, where the head or the hips are."""
    if bool(body[_NECK, 2] > 0):
        return body[_NECK]
    known = [i for i in (2, 5) if bool(body[i, 2] > 0)]
    for above in ((_NOSE, *_EARS), (8, 11)):
        middle = [i for i in above if bool(body[i, 2] > 0)]
        if len(known) == 1 and middle:
            return torch.stack([body[middle, 0].mean(), body[known[0], 1]])
    return None


def _pair(body: Tensor, a: int, b: int, centre: Tensor | None) -> None:
    """Of two, the missing one mirrors the other about a known centre."""
    for missing, known in ((a, b), (b, a)):
        if centre is not None and not bool(body[missing, 2] > 0) and bool(body[known, 2] > 0):
            _put(body, missing, 2 * centre[:2] - body[known, :2])


def _put_pair(body: Tensor, right: int, left: int, centre: Tensor, half: float, down: Tensor) -> None:
    across = torch.stack([down[1], -down[0]])
    if _is_turned(body, across):
        across = -across
    _put(body, right, centre - across * half)
    _put(body, left, centre + across * half)


def _is_turned(body: Tensor, across: Tensor) -> bool:
    """Whether we see the back: the person's right is on the right of the picture, as the first pair known says."""
    for right, left in _SIDES:
        if _all_seen(body, right, left):
            return bool((body[left, :2] - body[right, :2]) @ across < 0)
    return False


def _put(body: Tensor, index: int, place: Tensor) -> None:
    body[index, :2] = place
    body[index, 2] = GUESSED


def _middle(body: Tensor, a: int, b: int) -> Tensor | None:
    known = [i for i in (a, b) if bool(body[i, 2] > 0)]
    return body[known, :2].mean(0) if known else None


def _seen(body: Tensor, *indices: int) -> bool:
    return bool((body[list(indices), 2] > 0).any())


def _all_seen(body: Tensor, *indices: int) -> bool:
    return bool((body[list(indices), 2] > 0).all())


def _straight(start: Tensor, end: Tensor) -> Tensor:
    along = end - start
    length = float(along.norm())
    return along / length if length > 1e-6 else torch.tensor([0.0, 1.0])


def _down(body: Tensor) -> Tensor:
    return _straight((body[2, :2] + body[5, :2]) / 2, (body[8, :2] + body[11, :2]) / 2)


def _unit(body: Tensor, skeleton: Mapping[str, Any]) -> float:
    spine = float(((body[2, :2] + body[5, :2]) - (body[8, :2] + body[11, :2])).norm()) / 2
    return spine / float(skeleton["spine"])


def _arm_unit(body: Tensor, skeleton: Mapping[str, Any]) -> float:
    return _longest(body, skeleton, ((2, 3, "upper_arm"), (5, 6, "upper_arm"), (3, 4, "forearm"), (6, 7, "forearm")))


def _leg_unit(body: Tensor, skeleton: Mapping[str, Any]) -> float:
    hips = float((body[8, :2] - body[11, :2]).norm()) / (2 * skeleton["hip_half"]) if _seen(body, 8) else 0.0
    legs = _longest(body, skeleton, ((8, 9, "thigh"), (11, 12, "thigh"), (9, 10, "shank"), (12, 13, "shank")))
    return max(hips if _seen(body, 11) else 0.0, legs)


def _longest(body: Tensor, skeleton: Mapping[str, Any], bones: Any) -> float:
    lengths = [
        float((body[a, :2] - body[b, :2]).norm()) / skeleton[bone]
        for a, b, bone in bones
        if bool(body[a, 2] > 0) and bool(body[b, 2] > 0)
    ]
    return max(lengths, default=0.0)


def _outside(place: Tensor, size: tuple[int, int]) -> bool:
    x, y = (float(v) for v in place)
    return not (0 <= x <= size[1] and 0 <= y <= size[0])
