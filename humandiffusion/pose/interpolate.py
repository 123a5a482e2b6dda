"""Frames between two poses, for animation: no label that neither has, and never two blended into a third.

The outlines of each part grow into one another, by their distances. Where both maps know the skeleton of each person,
the limbs turn about their joints: the people of both maps are first carried to the skeleton between them.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from .completion import complete
from .distances import signed_distance
from .geometry import fit
from .semantic_pose import Keypoints, SemanticPose
from .warp import between, carried

WAYS = ("auto", "skeleton", "outlines")
# Distances are taken on maps of this many pixels a side, since they cost the third power of it.
_SIDE = 256
# How deep a part that only one map has counts there, as a share of the larger side.
_DEPTH = 0.04


def interpolate(start: SemanticPose, end: SemanticPose, frames: int, way: str = "auto") -> SemanticPose:
    """A batch of `frames` maps (2 or more) from `start` to `end`, both of them included as they are.

    Of batches the last map of `start` and the first of `end` count; `end` is fitted into the size of `start`. `way`:
    `skeleton` (refused where one of the maps has none), `outlines`, or `auto`, skeletons if both have the same number
    of people whose torsos are known. Soft edges are not kept between. Raises InputError.
    """
    if frames < 2:
        raise InputError(f"frames: got {frames}, wanted 2 or more, the two poses themselves counted")
    if way not in WAYS:
        raise InputError(f"way: got {way!r}, wanted one of {', '.join(WAYS)}")
    if start.classes != end.classes:
        raise InputError("poses: got maps of different class tables, wanted one")
    first = start.select(-1)
    last = fit(end.select(0), (start.height, start.width))
    people = _pairs(first, last)
    if way == "skeleton" and people is None:
        raise InputError(
            "way: skeleton needs keypoints of the same number of people in both poses, torsos included; take poses "
            "from keypoints or presets, or choose outlines"
        )
    shares = [i / (frames - 1) for i in range(1, frames - 1)]
    if people is None or way == "outlines":
        inner = _by_outlines(first, last, shares)
    else:
        inner = [_by_skeleton(first, last, people, share) for share in shares]
    return SemanticPose.stack([replace(first, soft=None), *inner, replace(last, soft=None)])


def _pairs(first: SemanticPose, last: SemanticPose) -> list[tuple[Keypoints, Keypoints]] | None:
    """The same people in both, in order, with what is missing filled in; None if that cannot be had."""
    if first.keypoints is None or last.keypoints is None:
        return None
    size = (first.height, first.width)
    whole = [[complete(person, size) for person in pose.keypoints[0]] for pose in (first, last)]  # type: ignore[index]
    pairs = [(a, b) for a, b in zip(*whole, strict=False) if a is not None and b is not None]
    return pairs if len(pairs) == len(whole[0]) == len(whole[1]) and pairs else None


def _by_skeleton(
    first: SemanticPose, last: SemanticPose, people: Sequence[tuple[Keypoints, Keypoints]], share: float
) -> SemanticPose:
    middles = tuple(between(a, b, share) for a, b in people)
    moved = [_carried(pose, [pair[i] for pair in people], middles) for i, pose in enumerate((first, last))]
    (mixed,) = _by_outlines(moved[0], moved[1], [share])
    known = first.person is not None or last.person is not None
    return replace(mixed, person=mixed.person if known else None, keypoints=(middles,))


def _carried(pose: SemanticPose, people: Sequence[Keypoints], to: Sequence[Keypoints]) -> SemanticPose:
    """Each person by themself, laid over one another as in the map."""
    labels = torch.zeros_like(pose.labels[0])
    ids = torch.zeros_like(labels)
    for i in _back_to_front(pose, len(people)):
        own = pose.labels[0] if len(people) == 1 else pose.labels[0] * (_person(pose) == i + 1)
        drawn = carried(own, people[i].body, to[i].body)
        labels = torch.where(drawn > 0, drawn, labels)
        ids = torch.where(drawn > 0, torch.tensor(i + 1, dtype=torch.uint8), ids)
    return SemanticPose(labels[None], None, ids[None], None, pose.classes)


def _person(pose: SemanticPose) -> Tensor:
    return (pose.labels[0] > 0).to(torch.uint8) if pose.person is None else pose.person[0]


def _back_to_front(pose: SemanticPose, count: int) -> list[int]:
    lowest = []
    for i in range(count):
        rows = (_person(pose) == i + 1).any(1).nonzero()
        lowest.append(int(rows.max()) if len(rows) else -1)
    return sorted(range(count), key=lambda i: lowest[i])


def _by_outlines(first: SemanticPose, last: SemanticPose, shares: Sequence[float]) -> list[SemanticPose]:
    """The figure grows from one outline to the other; each pixel of it is of the part that it is deepest inside."""
    size = (first.height, first.width)
    parts = _Fields(first.labels[0], last.labels[0])
    known = first.person is not None and last.person is not None
    people = _Fields(first.person[0], last.person[0]) if known else None  # type: ignore[index]
    inner = []
    for share in shares:
        labels = parts.at(share, size)
        person = None
        if people is not None:
            person = (people.at(share, size, all_over=True) * (labels != BACKGROUND))[None]
        inner.append(SemanticPose(labels[None], None, person, None, first.classes))
    return inner


class _Fields:
    """For each label of two maps, and for all but 0 together, its depths in both: negative inside, positive outside."""

    def __init__(self, a: Tensor, b: Tensor) -> None:
        a, b = _coarse(a), _coarse(b)
        self._figure = (_bounded(a > 0), _bounded(b > 0))
        labels = torch.unique(torch.cat([a.flatten(), b.flatten()]))
        self._labels = labels[labels > 0]
        self._fields = [(_depths(a == label), _depths(b == label)) for label in self._labels]

    def at(self, share: float, size: tuple[int, int], *, all_over: bool = False) -> Tensor:
        """Labels uint8 of `size`; 0 outside the figure between the two, unless `all_over`."""
        fields = [self._figure, *self._fields]
        mixed = torch.stack([a * (1 - share) + b * share for a, b in fields])
        mixed = F.interpolate(mixed[None], size, mode="bilinear", align_corners=False)[0]
        if not len(self._labels):
            return torch.zeros(size, dtype=torch.uint8)
        labels: Tensor = self._labels[mixed[1:].argmin(0)]
        return labels if all_over else labels * (mixed[0] <= 0)


def _depths(shape: Tensor) -> Tensor:
    """Signed distances that hardly grow past `_DEPTH`: what one map has deep and the other far off is an even match for
    what takes its place, so that it does so at once, halfway. What a map lacks is as far off there as can be."""
    most = _DEPTH * max(shape.shape)
    distance = _bounded(shape)
    near = distance.clamp(-most, most)
    return near + (distance - near) * (0.0 if bool(shape.all()) or not bool(shape.any()) else 0.1)


def _bounded(shape: Tensor) -> Tensor:
    """Signed distances; of what a map lacks, or what fills it, its size."""
    return signed_distance(shape).clamp(-1.0 * max(shape.shape), 1.0 * max(shape.shape))


def _coarse(labels: Tensor) -> Tensor:
    scale = min(1.0, _SIDE / max(labels.shape))
    size = [max(round(side * scale), 1) for side in labels.shape]
    return F.interpolate(labels[None, None], size, mode="nearest-exact")[0, 0]
