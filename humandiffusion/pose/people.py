"""Which pixels of a map are whose."""

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..parts import BACKGROUND
from .completion import complete
from .distances import nearest_labels
from .places import bones_of, distances_to
from .semantic_pose import Keypoints, SemanticPose

# People are told apart on maps of at most this many pixels a side.
_SIDE = 256


def person_ids(pose: SemanticPose) -> Tensor:
    """[B, H, W] uint8: the map's own ids. If it has none, each pixel of the figures is of the person whose skeleton is
    nearest; of a map without skeletons all are the first person's."""
    if pose.person is not None:
        return pose.person
    frames = pose.keypoints or ((),) * pose.batch
    size = (pose.height, pose.width)
    ids = torch.stack([_nearest(people, size) for people in frames]).to(pose.labels.device)
    return ids * (pose.labels != BACKGROUND)


def owners(pose: SemanticPose) -> Tensor:
    """[B, H, W] uint8: as `person_ids`; what was painted into a map that knows its people, but is nobody's, belongs to
    the nearest skeleton's, and without skeletons to whose pixel is nearest."""
    ids = person_ids(pose)
    unknown = (ids == 0) & (pose.labels != BACKGROUND)
    if not bool(unknown.any()):
        return ids
    if pose.keypoints is not None:
        return torch.where(unknown, person_ids(replace(pose, person=None)), ids)
    filled = [nearest_labels(one, one > 0, where) for one, where in zip(ids, unknown, strict=True)]
    return torch.where(unknown, torch.stack(filled).clamp_min(1), ids)


def with_people_of(pose: SemanticPose, known: SemanticPose) -> SemanticPose:
    """A map that tells nobody apart with the people of another of its size and batch that does, each where they were;
    else as it is."""
    if _tells_apart(pose) or not _tells_apart(known):
        return pose
    return replace(pose, person=owners(known) * (pose.labels != BACKGROUND), keypoints=known.keypoints)


def _tells_apart(pose: SemanticPose) -> bool:
    return pose.person is not None or any(len(people) > 1 for people in pose.keypoints or ())


def _nearest(people: Sequence[Keypoints], size: tuple[int, int]) -> Tensor:
    """[H, W] uint8: the person, counted from 1, whose flesh is nearest."""
    if len(people) < 2:
        return torch.ones(size, dtype=torch.uint8)
    scale = min(1.0, _SIDE / max(size))
    height, width = (max(round(side * scale), 1) for side in size)
    y = (torch.arange(height)[:, None] + 0.5) * (size[0] / height)
    x = (torch.arange(width)[None] + 0.5) * (size[1] / width)
    away = [torch.full((height, width), float("inf")) for _ in people]
    for i, person in enumerate(people):
        for bone in bones_of((complete(person, size) or person).body):
            away[i] = torch.minimum(away[i], distances_to(x, y, bone))
    nearest = torch.stack(away).argmin(0).to(torch.uint8) + 1
    return F.interpolate(nearest[None, None], size, mode="nearest-exact")[0, 0]
