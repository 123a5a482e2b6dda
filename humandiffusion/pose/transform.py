"""More that can be done to a map: turned, moved, two people put together, a part taken from another map."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from .distances import nearest_labels
from .geometry import fit
from .keypoints_io import MOST_PEOPLE
from .people import person_ids
from .semantic_pose import Keypoints, SemanticPose

_NOBODY = 0


def rotate(pose: SemanticPose, degrees: float) -> SemanticPose:
    """Turn about the middle, clockwise as seen; the size stays, what leaves it is cut off, corners are background."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return _mapped(
        pose, ((cos, sin), (-sin, cos)), (pose.width / 2, pose.height / 2), (pose.width / 2, pose.height / 2)
    )


def move(pose: SemanticPose, right: float, down: float, scale: float = 1.0) -> SemanticPose:
    """Shift by pixels, and make the figure `scale` times as large about the map's middle; the size stays."""
    if not 0.01 <= scale <= 100:
        raise InputError(f"scale: got {scale}, wanted 0.01 to 100; 1 keeps the size")
    middle = (pose.width / 2, pose.height / 2)
    return _mapped(pose, ((1 / scale, 0.0), (0.0, 1 / scale)), middle, (middle[0] + right, middle[1] + down))


def merge(behind: SemanticPose, front: SemanticPose) -> SemanticPose:
    """Two people in one map: what is not background of `front` covers `behind`; `front` is fitted into its size.

    Each keeps its keypoints; person ids of `front` count on from the people of `behind`, hidden ones too, so that ids
    and keypoints stay in one order. A single map is there for every frame of the other. Raises InputError for batches
    that do not fit, or more than 255 people.
    """
    back, fore = _paired(behind, front)
    both = lay_over(back, fore)
    covers = fore.labels != BACKGROUND
    ids = [person_ids(back), person_ids(fore)]
    people = [pose.keypoints or ((),) * pose.batch for pose in (back, fore)]
    shift = [max(int(frame.max()), len(known)) for frame, known in zip(ids[0], people[0], strict=True)]
    above = torch.where(covers, ids[1].int() + torch.tensor(shift)[:, None, None], ids[0].int())
    if int(above.max()) > MOST_PEOPLE:
        raise InputError(f"people: got {int(above.max())} in one map, wanted at most {MOST_PEOPLE}")
    keypoints = None
    if back.keypoints is not None or fore.keypoints is not None:
        keypoints = tuple(_in_line(a, b, count) for a, b, count in zip(*people, shift, strict=True))
    return replace(both, person=above.to(torch.uint8), keypoints=keypoints)


def lay_over(pose: SemanticPose, over: SemanticPose) -> SemanticPose:
    """`pose` with all of `over` that is not background on it, fitted into its size; people and keypoints stay."""
    base, top = _paired(pose, over)
    soft = None
    if base.soft is not None or top.soft is not None:
        below, above = shares_of(base), shares_of(top)
        room = above[:, BACKGROUND : BACKGROUND + 1]
        soft = above + below * room
        soft[:, BACKGROUND] -= room[:, 0]
    return replace(base, labels=torch.where(top.labels != BACKGROUND, top.labels, base.labels), soft=soft)


def take_parts(pose: SemanticPose, other: SemanticPose, parts: Iterable[int]) -> SemanticPose:
    """`pose` with some parts as they are in `other`, which is fitted into its size.

    Where `other` has such a part, it is laid over; where only `pose` has it, the nearest of what is around takes its
    place. Person ids and keypoints stay those of `pose`. Raises InputError for batches that do not fit.
    """
    base, giver = _paired(pose, other)
    wanted = torch.tensor(sorted(set(parts)), dtype=torch.uint8)
    if len(wanted) and int(wanted.max()) >= len(base.classes):
        raise InputError(f"parts: got {int(wanted.max())}, wanted 0 to {len(base.classes) - 1}")
    given, old = torch.isin(giver.labels, wanted), torch.isin(base.labels, wanted)
    gap = old & ~given
    bare = [nearest_labels(labels, ~gone, open_) for labels, gone, open_ in zip(base.labels, old, gap, strict=True)]
    labels = torch.where(given, giver.labels, torch.stack(bare))
    soft = None
    if base.soft is not None or giver.soft is not None:
        changed = (given | gap)[:, None]
        plain = F.one_hot(labels.long(), len(base.classes)).permute(0, 3, 1, 2).float()
        soft = torch.where(changed, torch.where(given[:, None], shares_of(giver), plain), shares_of(base))
    person = None
    if base.person is not None:
        figures = labels != BACKGROUND
        near = [nearest_labels(ids, ids != _NOBODY, of) for ids, of in zip(base.person, figures, strict=True)]
        person = torch.where(labels == BACKGROUND, _NOBODY, torch.stack(near)).to(torch.uint8)
    return replace(base, labels=labels, soft=soft, person=person)


def _paired(pose: SemanticPose, other: SemanticPose) -> tuple[SemanticPose, SemanticPose]:
    if pose.classes != other.classes:
        raise InputError("poses: got maps of different class tables, wanted one")
    if pose.batch != other.batch and 1 not in (pose.batch, other.batch):
        raise InputError(f"poses: got batches of {pose.batch} and {other.batch}, wanted one count, or 1 for all")
    frames = max(pose.batch, other.batch)
    other = fit(other, (pose.height, pose.width))
    first, second = (one if one.batch == frames else SemanticPose.stack([one] * frames) for one in (pose, other))
    return first, second


def _in_line(behind: tuple[Keypoints, ...], front: tuple[Keypoints, ...], count: int) -> tuple[Keypoints, ...]:
    """Those in front after `count` others, of whom those that nobody knows keypoints of have none."""
    if not front:
        return behind
    return behind + (Keypoints(torch.zeros(18, 3)),) * (count - len(behind)) + front


def shares_of(pose: SemanticPose) -> Tensor:
    """[B, P, H, W] float: the soft shares, or the labels as such."""
    if pose.soft is not None:
        return pose.soft.float()
    return F.one_hot(pose.labels.long(), len(pose.classes)).permute(0, 3, 1, 2).float()


def _mapped(
    pose: SemanticPose,
    back: tuple[tuple[float, float], tuple[float, float]],
    source: tuple[float, float],
    target: tuple[float, float],
) -> SemanticPose:
    """Each new pixel from where `back` takes its offset from `target`, counted from `source`; labels the nearest."""
    (a, b), (c, d) = back
    x = (torch.arange(pose.width) + 0.5 - target[0])[None]
    y = (torch.arange(pose.height) + 0.5 - target[1])[:, None]
    columns, rows = a * x + b * y + source[0], c * x + d * y + source[1]
    inside = (columns >= 0) & (columns < pose.width) & (rows >= 0) & (rows < pose.height)
    i = rows.long().clamp(0, pose.height - 1)
    j = columns.long().clamp(0, pose.width - 1)
    soft = pose.soft
    if soft is not None:
        grid = torch.stack([columns * (2 / pose.width) - 1, rows * (2 / pose.height) - 1], -1)
        grid = grid[None].expand(pose.batch, -1, -1, -1)
        soft = F.grid_sample(soft.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        soft[:, BACKGROUND] += 1 - soft.sum(1)
    det = a * d - b * c
    forward = torch.tensor([[d, -b], [-c, a]]) / det

    def there(points: Tensor) -> Tensor:
        offset = points[..., :2] - torch.tensor(source)
        moved = offset @ forward.T + torch.tensor(target)
        within = (moved >= 0).all(-1) & (moved <= torch.tensor([pose.width, pose.height])).all(-1)
        known = (points[..., 2] > 0) & within
        return torch.cat([moved, points[..., 2:]], -1) * known[..., None]

    return replace(
        pose,
        labels=torch.where(inside, pose.labels[:, i, j], BACKGROUND).to(torch.uint8),
        soft=soft,
        person=None if pose.person is None else torch.where(inside, pose.person[:, i, j], _NOBODY).to(torch.uint8),
        keypoints=_each(pose, there),
    )


def _each(pose: SemanticPose, change: Callable[[Tensor], Tensor]) -> tuple[tuple[Keypoints, ...], ...] | None:
    if pose.keypoints is None:
        return None
    return tuple(
        tuple(
            Keypoints(*(None if points is None else change(points) for points in (one.body, one.hands, one.face)))  # type: ignore[arg-type]
            for one in people
        )
        for people in pose.keypoints
    )
