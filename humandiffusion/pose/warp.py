"""A person of a map carried from one skeleton to another: limbs as pieces that turn about their joints, loose cloth
drawn along by the bones around it."""

import math

import torch
from torch import Tensor

from ..parts import DRESS, HAIR, NECKWEAR, OUTER, ROMPERS, SKIRT
from .places import Bone, are_joined, bones_of, distances_to
from .semantic_pose import Keypoints

# Each point hangs on the one before it; the root is the middle of the hips.
_TREE = ((1, None), (8, None), (11, None), (2, 1), (5, 1), (3, 2), (4, 3), (6, 5), (7, 6), (9, 8), (10, 9), (12, 11),
         (13, 12), (0, 1))  # fmt: skip
_HEAD = (14, 15, 16, 17)
_LOOSE = (DRESS, HAIR, NECKWEAR, OUTER, ROMPERS, SKIRT)
# A piece keeps so much of the flesh beyond its joints, in half-widths of its own, that one that bends does not gape.
_OVERLAP = 0.5


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


def carried(labels: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Labels [H, W] uint8 of one person whose body [18, 3] is `start` -> the same person with the body `end`."""
    pairs = _bone_pairs(start, end)
    if not pairs:
        return labels
    height, width = labels.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    at_start = torch.stack([distances_to(x, y, old) for old, _ in pairs])
    owned = [_owned(at_start, [old for old, _ in pairs], i) for i in range(len(pairs))]
    at_end = torch.stack([distances_to(x, y, new) for _, new in pairs])
    result = _loose(labels, pairs, at_end, x, y)
    nearest = torch.full((height, width), float("inf"))
    for i, (old, new) in enumerate(pairs):
        rows, columns, inside = _looked_up(*_back(x, y, old, new), labels)
        piece = inside & owned[i][rows, columns] & (labels[rows, columns] > 0)
        # Where several pieces lie over one another the one that is deepest inside its flesh shows.
        takes = piece & (at_end[i] < nearest)
        result = torch.where(takes, labels[rows, columns], result)
        nearest = torch.where(takes, at_end[i], nearest)
    return result


def _bone_pairs(start: Tensor, end: Tensor) -> list[tuple[Bone, Bone]]:
    old, new = ({bone.place: bone for bone in bones_of(body)} for body in (start, end))
    return [(old[place], new[place]) for place in old if place in new]


def _owned(distances: Tensor, bones: list[Bone], i: int) -> Tensor:
    """[H, W] bool: where bone i is the nearest, or nearly, if the nearest is one that it is joined to."""
    room = bones[i].flesh * _OVERLAP
    joined = torch.tensor([room if are_joined(bones[i], other) else 0.0 for other in bones])
    return distances[i] <= (distances + joined[:, None, None]).amin(0)


def _loose(labels: Tensor, pairs: list[tuple[Bone, Bone]], at_end: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Cloth that no single bone holds: each pixel comes from where torso and legs around it, by nearness, say."""
    steady = [i for i, (old, _) in enumerate(pairs) if old.is_steady]
    if not steady:
        return torch.zeros_like(labels)
    nearness = 1 / (at_end[steady].clamp_min(0) + 2.0) ** 2
    weights = nearness / nearness.sum(0)
    places = [_back(x, y, *pairs[i]) for i in steady]
    columns = sum(w * place[0] for w, place in zip(weights, places, strict=True))
    rows = sum(w * place[1] for w, place in zip(weights, places, strict=True))
    i, j, inside = _looked_up(torch.as_tensor(columns), torch.as_tensor(rows), labels)
    found = labels[i, j]
    loose = torch.isin(found, torch.tensor(_LOOSE, dtype=torch.uint8))
    return torch.where(inside & loose, found, 0).to(torch.uint8)


def _back(x: Tensor, y: Tensor, old: Bone, new: Bone) -> tuple[Tensor, Tensor]:
    """Where each place beside the new bone was beside the old one, across by the flesh, along by the bone."""
    (ox, oy), (nx, ny) = old.direction, new.direction
    dx, dy = x - new.start[0], y - new.start[1]
    wide = old.flesh / new.flesh
    long = old.length / new.length if min(old.length, new.length) > 1e-6 else wide
    along = (dx * nx + dy * ny) * long
    across = (dy * nx - dx * ny) * wide
    return old.start[0] + along * ox - across * oy, old.start[1] + along * oy + across * ox


def _looked_up(columns: Tensor, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    height, width = labels.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    return rows.long().clamp(0, height - 1), columns.long().clamp(0, width - 1), inside


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
