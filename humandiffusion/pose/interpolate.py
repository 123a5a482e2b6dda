"""Frames between two poses, for animation: no label that neither has, and never two blended into a third.

The outlines of each part grow into one another, by their distances. Where both maps know the skeleton of each person,
the limbs turn about their joints: the people of both maps are first carried to the skeleton between them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from .completion import complete
from .fields import Fields, edge_width, soft_shares
from .geometry import fit
from .people import person_ids
from .puppet import Puppet
from .semantic_pose import Keypoints, SemanticPose
from .transform import shares_of
from .warp import between

WAYS = ("auto", "skeleton", "outlines")
# People are carried, and depths taken, on maps of at most this many pixels a side.
_SIDE = 256


def interpolate(
    start: SemanticPose,
    end: SemanticPose,
    frames: int,
    way: str = "auto",
    *,
    progress: Callable[[int, int], None] | None = None,
) -> SemanticPose:
    """A batch of `frames` maps (2 or more) from `start` to `end`, both of them included as they are.

    Of batches the last map of `start` and the first of `end` count; `end` is fitted into the size of `start`. `way`:
    `skeleton` (refused where one of the maps has none), `outlines`, or `auto`, skeletons if both have the same number
    of people whose torsos are known. Soft edges stay soft, as wide between as the two have them. `progress` is
    told after each frame between how many are done, of how many. Raises InputError.
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
        scenes, middles = _still(first, last, shares), None
    else:
        middles = [tuple(between(a, b, share) for a, b in people) for share in shares]
        scenes = _moving(first, last, people, middles)
    inner = _mixed(first, last, scenes, shares, progress)
    if middles is not None:
        inner = [replace(pose, keypoints=(known,)) for pose, known in zip(inner, middles, strict=True)]
    ends = (first, last)
    if first.soft is not None or last.soft is not None:
        ends = (replace(first, soft=shares_of(first)), replace(last, soft=shares_of(last)))
    if first.person is not None or last.person is not None:
        ends = (replace(ends[0], person=person_ids(first)), replace(ends[1], person=person_ids(last)))
    return SemanticPose.stack([ends[0], *inner, ends[1]])


def _pairs(first: SemanticPose, last: SemanticPose) -> list[tuple[Keypoints, Keypoints]] | None:
    """The same people in both, in order, with what is missing filled in; None if that cannot be had."""
    if first.keypoints is None or last.keypoints is None:
        return None
    size = (first.height, first.width)
    whole = [[complete(person, size) for person in pose.keypoints[0]] for pose in (first, last)]  # type: ignore[index]
    pairs = [(a, b) for a, b in zip(*whole, strict=False) if a is not None and b is not None]
    return pairs if len(pairs) == len(whole[0]) == len(whole[1]) and pairs else None


class _Scene:
    """What a frame is mixed of: the depths of two maps' parts, and of their people where there are several."""

    def __init__(self, a: Tensor, b: Tensor, ids_a: Tensor, ids_b: Tensor) -> None:
        self.fields = Fields(a, b)
        self.people = Fields(ids_a, ids_b) if int(torch.maximum(ids_a.max(), ids_b.max())) > 1 else None


def _still(first: SemanticPose, last: SemanticPose, shares: Sequence[float]) -> Iterator[_Scene]:
    """The same two maps for all frames."""
    pair = (first, last)
    scene = _Scene(*(_coarse(pose.labels[0]) for pose in pair), *(_coarse(person_ids(pose)[0]) for pose in pair))
    return repeat(scene, len(shares))


def _moving(
    first: SemanticPose,
    last: SemanticPose,
    people: Sequence[tuple[Keypoints, Keypoints]],
    middles: Sequence[Sequence[Keypoints]],
) -> Iterator[_Scene]:
    """For each frame both maps with their people carried to the skeletons of that frame."""
    casts = [_Cast(pose, [pair[i] for pair in people]) for i, pose in enumerate((first, last))]
    for bodies in middles:
        (a, ids_a), (b, ids_b) = (cast.at(bodies) for cast in casts)
        yield _Scene(a, b, ids_a, ids_b)


class _Cast:
    """The people of one map, each by themself, on a coarse grid."""

    def __init__(self, pose: SemanticPose, people: Sequence[Keypoints]) -> None:
        whole = person_ids(pose)[0]
        labels, ids = _coarse(pose.labels[0]), _coarse(whole)
        self._shape = labels.shape
        self._scale = torch.tensor([labels.shape[1] / pose.width, labels.shape[0] / pose.height, 1.0])
        alone = len(people) == 1
        self._puppets = [
            Puppet(labels if alone else labels * (ids == i + 1), person.body * self._scale)
            for i, person in enumerate(people)
        ]
        self._order = _back_to_front(whole, len(people))

    def at(self, people: Sequence[Keypoints]) -> tuple[Tensor, Tensor]:
        """Labels and ids [h, w] with other bodies, laid over one another as in the map."""
        labels = torch.zeros(self._shape, dtype=torch.uint8)
        ids = torch.zeros_like(labels)
        for i in self._order:
            drawn = self._puppets[i].at(people[i].body * self._scale)
            labels = torch.where(drawn > 0, drawn, labels)
            ids = torch.where(drawn > 0, torch.tensor(i + 1, dtype=torch.uint8), ids)
        return labels, ids


def _back_to_front(ids: Tensor, count: int) -> list[int]:
    lowest = []
    for i in range(count):
        rows = (ids == i + 1).any(1).nonzero()
        lowest.append(int(rows.max()) if len(rows) else -1)
    return sorted(range(count), key=lambda i: lowest[i])


def _mixed(
    first: SemanticPose,
    last: SemanticPose,
    scenes: Iterable[_Scene],
    shares: Sequence[float],
    progress: Callable[[int, int], None] | None,
) -> list[SemanticPose]:
    size = (first.height, first.width)
    widths = [1.0 if pose.soft is None else edge_width(pose.labels[0], pose.soft[0]) for pose in (first, last)]
    inner = []
    for scene, share in zip(scenes, shares, strict=True):
        found = scene.fields.at(share, size)
        labels = torch.zeros(1, *size, dtype=torch.uint8)
        # The figure grows from one outline to the other.
        labels[0, found.rows, found.columns] = found.labels * (found.figure <= 0)
        soft = None
        if first.soft is not None or last.soft is not None:
            width = widths[0] * (1 - share) + widths[1] * share
            soft = soft_shares(found, width, len(first.classes), size)[None]
        known = first.person is not None or last.person is not None
        person = _ids(scene, share, labels) if known else None
        inner.append(SemanticPose(labels, soft, person, None, first.classes))
        if progress is not None:
            progress(len(inner), len(shares))
    return inner


def _ids(scene: _Scene, share: float, labels: Tensor) -> Tensor:
    """Of each pixel of the figure the person that it is deepest inside."""
    if scene.people is None:
        return (labels != BACKGROUND).to(torch.uint8)
    found = scene.people.at(share, (labels.shape[1], labels.shape[2]))
    ids = torch.zeros_like(labels)
    ids[0, found.rows, found.columns] = found.labels
    return ids * (labels != BACKGROUND)


def _coarse(labels: Tensor) -> Tensor:
    scale = min(1.0, _SIDE / max(labels.shape))
    size = [max(round(side * scale), 1) for side in labels.shape]
    return F.interpolate(labels[None, None], size, mode="nearest-exact")[0, 0]
