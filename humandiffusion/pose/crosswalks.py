"""Crosswalks between our parts and the label sets of human parsers; the table is crosswalks.json.

Some sets tell left from right, or an arm from a leg, where we say skin or footwear. On the way out such a part is
divided by the place on the body where each of its pixels lies (`places.py`). A label becomes a part that becomes a
label of the same part; what a set does not know is lost on the first way out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND, NUM_PARTS, PART_NAMES, part_index
from .places import PLACES, places_of
from .semantic_pose import SemanticPose


@dataclass(frozen=True)
class Crosswalk:
    """One label set. `labels`: its names, in its order; `parts`: the part that each becomes; `by_place` [24][place]:
    the label that a part becomes at each place of the body (places.PLACES)."""

    name: str
    title: str
    labels: tuple[str, ...]
    parts: tuple[int, ...]
    by_place: tuple[tuple[int, ...], ...]

    def to_parts(self, labels: Tensor) -> Tensor:
        """Labels of this set, any integer tensor -> our parts, uint8, the same shape. Raises InputError for others."""
        if labels.is_floating_point() or labels.numel() == 0:
            raise InputError(f"labels: got {labels.dtype} of shape {list(labels.shape)}, wanted whole numbers")
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= len(self.labels):
            raise InputError(
                f"labels: got {low if low < 0 else high}, wanted those of {self.name}, 0 to {len(self.labels) - 1}; "
                f"choose the set that the map is in, one of {', '.join(crosswalk_names())}"
            )
        return torch.tensor(self.parts, dtype=torch.uint8, device=labels.device)[labels.long()]

    def shares_to_parts(self, shares: Tensor) -> Tensor:
        """Shares [B, C, H, W] of this set's labels -> shares [B, 24, H, W] of our parts; sums stay what they were."""
        if shares.ndim != 4 or shares.shape[1] != len(self.labels):
            raise InputError(f"shares: got shape {list(shares.shape)}, wanted [B, {len(self.labels)}, H, W]")
        batch, _, height, width = shares.shape
        parts = torch.tensor(self.parts, device=shares.device)
        return shares.new_zeros(batch, NUM_PARTS, height, width).index_add_(1, parts, shares)

    def from_parts(self, pose: SemanticPose) -> Tensor:
        """A pose of our parts -> labels of this set, uint8 [B, H, W]."""
        if pose.classes != PART_NAMES:
            raise InputError("pose: got a class table of its own, wanted our 24 parts; rename its classes first")
        table = torch.tensor(self.by_place, dtype=torch.uint8)
        labels = pose.labels.cpu().long()
        if bool((table == table[:, :1]).all()):
            return table[:, 0][labels]
        return table[labels, places_of(pose).long()]


def crosswalk_names() -> list[str]:
    """`deepfashion` (ours), `atr`, `lip`, `pascal`, `ccp`, `fashn`, `ade20k`."""
    return list(_data()["sets"])


@cache
def crosswalk(name: str) -> Crosswalk:
    """A label set by its name. Raises InputError that lists the names."""
    sets = _data()["sets"]
    if name not in sets:
        raise InputError(f"label set: got {name!r}, wanted one of {', '.join(sets)}")
    labels, parts = _labels(sets[name])
    by_place = tuple(_by_place(sets[name]["parts"][part], labels) for part in PART_NAMES)
    return Crosswalk(name, sets[name]["title"], labels, parts, by_place)


def crosswalk_for(labels: Sequence[str]) -> Crosswalk:
    """The crosswalk for a model's own list of labels (its `id2label`, in order), told by their names: all must be of
    one set, in any order and spelling of case, hyphens and spaces. Raises InputError that names a label of none.
    """
    wanted = [_plain(label) for label in labels]
    sets = [crosswalk(name) for name in crosswalk_names()]
    unknown = {known.name: [w for w in wanted if w not in map(_plain, known.labels)] for known in sets}
    found = min(sets, key=lambda known: (len(unknown[known.name]), len(known.labels)))
    if not wanted or unknown[found.name] or len(set(wanted)) < len(wanted):
        got = unknown[found.name][0] if unknown[found.name] else "labels of one name, or none"
        raise InputError(f"labels: got {got!r}, wanted those of one set: {', '.join(crosswalk_names())}")
    order = [list(map(_plain, found.labels)).index(label) for label in wanted]
    places = tuple(tuple(order.index(i) if i in order else 0 for i in row) for row in found.by_place)
    return Crosswalk(found.name, found.title, tuple(labels), tuple(found.parts[i] for i in order), places)


def _labels(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    listed = entry["labels"]
    if isinstance(listed, list):
        return tuple(name for name, _ in listed), tuple(part_index(part) for _, part in listed)
    names, parts = [f"other {i}" for i in range(entry["size"])], [BACKGROUND] * entry["size"]
    for index, (name, part) in listed.items():
        names[int(index)], parts[int(index)] = name, part_index(part)
    return tuple(names), tuple(parts)


def _by_place(choice: str | Mapping[str, str], labels: Sequence[str]) -> tuple[int, ...]:
    choices = {"": choice} if isinstance(choice, str) else choice
    chosen = []
    for place in PLACES:
        key = next(key for key in choices if set(key.split()) <= set(place.split()))
        chosen.append(labels.index(choices[key]))
    return tuple(chosen)


def _plain(label: str) -> str:
    return label.lower().replace("-", "").replace("_", "").replace(" ", "")


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "crosswalks.json").read_text(encoding="utf-8"))
    return data
