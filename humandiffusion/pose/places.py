"""Where on the body each pixel of a map lies: head, torso, arms and legs with their sides; from the keypoints, or, of a
map without any, from the shape of a standing person seen from the front."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .semantic_pose import Keypoints, SemanticPose

_LIMBS = ("torso", "upper arm", "lower arm", "hand", "upper leg", "lower leg")
# As they hang on one another.
_CHAIN = ("hand", "lower arm", "upper arm", "torso", "upper leg", "lower leg")
PLACES: tuple[str, ...] = ("head", *(f"{side} {limb}" for side in ("right", "left") for limb in _LIMBS))
HEAD, RIGHT, LEFT = 0, 1, 1 + len(_LIMBS)

# Half-widths of the flesh around a bone, in spines (shoulders to hips), so that no pixel of the chest is the arm's.
_FLESH = {
    "head": 0.3,
    "torso": 0.2,
    "upper arm": 0.12,
    "lower arm": 0.1,
    "hand": 0.1,
    "upper leg": 0.17,
    "lower leg": 0.13,
}
# How far the hand reaches past the wrist, and the foot past the ankle, in lengths of the bone before.
_HAND, _FOOT = 0.55, 0.35
# The same of a standing person without keypoints, in shares of its height and width.
_ROWS = {"head": 0.15, "torso": 0.5, "upper leg": 0.74}
_ARMS = (0.26, 0.74)


@dataclass(frozen=True)
class Bone:
    """One bone of a body: its place in `PLACES`, its ends in pixels, and the half-width of the flesh around it."""

    place: int
    start: tuple[float, float]
    end: tuple[float, float]
    flesh: float

    @property
    def length(self) -> float:
        return math.dist(self.start, self.end)

    @property
    def direction(self) -> tuple[float, float]:
        """The unit vector along the bone; downwards if it is a point, as the head is."""
        if self.length < 1e-6:
            return (0.0, 1.0)
        return ((self.end[0] - self.start[0]) / self.length, (self.end[1] - self.start[1]) / self.length)

    @property
    def is_steady(self) -> bool:
        """Torso and legs, from which cloth hangs."""
        return "torso" in PLACES[self.place] or "leg" in PLACES[self.place]


def are_joined(a: Bone, b: Bone) -> bool:
    """Whether two bones meet at a joint; the two halves of the torso count as joined, and so does the head to both."""
    if HEAD in (a.place, b.place):
        return a.place == b.place or "torso" in PLACES[a.place] + PLACES[b.place]
    sides, limbs = zip(*(PLACES[bone.place].split(" ", 1) for bone in (a, b)), strict=True)
    near = abs(_CHAIN.index(limbs[0]) - _CHAIN.index(limbs[1]))
    return near <= 1 if sides[0] == sides[1] else limbs == ("torso", "torso")


def places_of(pose: SemanticPose) -> Tensor:
    """[B, H, W] uint8: the place in `PLACES` that is nearest to each pixel."""
    frames = pose.keypoints or ((),) * pose.batch
    return torch.stack([_of_frame(pose.labels[i].cpu(), people) for i, people in enumerate(frames)])


def _of_frame(labels: Tensor, people: Sequence[Keypoints]) -> Tensor:
    bones = [bone for person in people for bone in bones_of(person.body)]
    if not bones:
        return _of_shape(labels)
    height, width = labels.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    best = torch.full((height, width), float("inf"))
    nearest = torch.zeros(height, width, dtype=torch.uint8)
    for bone in bones:
        distance = distances_to(x, y, bone)
        nearest = torch.where(distance < best, torch.tensor(bone.place, dtype=torch.uint8), nearest)
        best = torch.minimum(best, distance)
    return nearest


def bones_of(body: Tensor) -> list[Bone]:
    """Of a body [18, 3], each bone whose ends are known."""
    body = body.cpu().double()
    seen, points = body[:, 2] > 0, body[:, :2]
    unit = _spine(points, seen)
    found: list[Bone] = []

    def add(place: int, limb: str, start: Tensor, end: Tensor) -> None:
        ends = [(float(point[0]), float(point[1])) for point in (start, end)]
        found.append(Bone(place, ends[0], ends[1], _FLESH[limb] * unit))

    head = points[[i for i in (0, 14, 15, 16, 17) if seen[i]]]
    if len(head):
        add(HEAD, "head", head.mean(0), head.mean(0))
    for first, (shoulder, elbow, wrist), (hip, knee, ankle) in (
        (RIGHT, (2, 3, 4), (8, 9, 10)),
        (LEFT, (5, 6, 7), (11, 12, 13)),
    ):
        for index, (limb, a, b) in enumerate(
            (
                ("torso", shoulder, hip),
                ("upper arm", shoulder, elbow),
                ("lower arm", elbow, wrist),
                ("hand", elbow, wrist),
                ("upper leg", hip, knee),
                ("lower leg", knee, ankle),
            )
        ):
            if not (seen[a] and seen[b]):
                continue
            along = points[b] - points[a]
            if limb == "hand":
                add(first + index, limb, points[b] + along * 0.1, points[b] + along * _HAND)
            else:
                add(first + index, limb, points[a], points[b] + along * (_FOOT if limb == "lower leg" else 0.0))
    return found


def _spine(points: Tensor, seen: Tensor) -> float:
    """Pixels from shoulders to hips; of who is seen in part, what the bones that are there say."""
    pairs = (
        (2, 8, 1.0),
        (5, 11, 1.0),
        (2, 3, 2.0),
        (5, 6, 2.0),
        (8, 9, 1.3),
        (11, 12, 1.3),
        (9, 10, 1.4),
        (12, 13, 1.4),
    )
    lengths = [float((points[a] - points[b]).norm()) * share for a, b, share in pairs if seen[a] and seen[b]]
    return max(lengths, default=1.0)


def distances_to(x: Tensor, y: Tensor, bone: Bone) -> Tensor:
    """From the places x, y to the flesh of a bone, negative inside it."""
    dx, dy = bone.end[0] - bone.start[0], bone.end[1] - bone.start[1]
    along = ((x - bone.start[0]) * dx + (y - bone.start[1]) * dy) / max(dx * dx + dy * dy, 1e-9)
    along = along.clamp(0, 1)
    return torch.hypot(x - bone.start[0] - along * dx, y - bone.start[1] - along * dy) - bone.flesh


def _of_shape(labels: Tensor) -> Tensor:
    """By rows and columns of the box around all that is not background."""
    height, width = labels.shape
    rows, columns = (labels > 0).any(1).nonzero()[:, 0], (labels > 0).any(0).nonzero()[:, 0]
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, height)
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, width)
    y = ((torch.arange(height) + 0.5 - top) / (bottom - top))[:, None].expand(height, width)
    x = ((torch.arange(width) + 0.5 - left) / (right - left))[None].expand(height, width)
    limb = torch.full((height, width), _LIMBS.index("lower leg"))
    limb[y < _ROWS["upper leg"]] = _LIMBS.index("upper leg")
    limb[y < _ROWS["torso"]] = _LIMBS.index("torso")
    arm = (y < _ROWS["torso"]) & ((x < _ARMS[0]) | (x > _ARMS[1]))
    limb[arm] = _LIMBS.index("lower arm")
    limb[arm & (y < (_ROWS["head"] + _ROWS["torso"]) / 2)] = _LIMBS.index("upper arm")
    # The person's right is on the left of the picture.
    places = limb + torch.where(x < 0.5, RIGHT, LEFT)
    places[(y < _ROWS["head"]) & ~arm] = HEAD
    return places.to(torch.uint8)
