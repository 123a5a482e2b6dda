"""What was retrieved as plain data, with small pictures: for a page on which a hit is locked or banned by a click."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import FACE, PART_NAMES, PARTS
from .features import PartFeatures, Retrieved
from .locks import Locks
from .memory import StyleMemory

_COLUMNS = 16


@dataclass(frozen=True)
class Board:
    """`parts`: one mapping of plain data for each part that has hits or bans. A hit's `tile` is the number of its
    picture in `tiles` uint8 [M, t, t, 3], None if it has none.
    """

    parts: list[dict[str, Any]]
    tiles: Tensor | None

    def page(self) -> Tensor | None:
        """All tiles on one picture, uint8 [H, W, 3], `columns` in a row."""
        if self.tiles is None:
            return None
        size, count = self.tiles.shape[1], len(self.tiles)
        rows = -(-count // self.columns)
        page = self.tiles.new_full((rows * self.columns, size, size, 3), 128)
        page[:count] = self.tiles
        grid = page.reshape(rows, self.columns, size, size, 3).permute(0, 2, 1, 3, 4)
        return grid.reshape(rows * size, self.columns * size, 3)

    @property
    def columns(self) -> int:
        """How many tiles stand in a row of the page."""
        return 0 if self.tiles is None else min(len(self.tiles), _COLUMNS)


def board(features: PartFeatures, memory: StyleMemory, locks: Locks) -> Board:
    """The board of one description: every part's hits, best first, and what `locks` bans there."""
    tiles: list[Tensor] = []
    found = {row.part: row for row in features.retrieved if row.ids}
    banned = {part: lock.ban for part, lock in locks.parts.items() if lock.ban}
    parts = [
        {
            "part": PART_NAMES[part],
            "names": [PART_NAMES[part], *PARTS[part].synonyms],
            "phrase": _phrase(features, part),
            "how": found[part].how if part in found else "",
            "elsewhere": part in found and found[part].elsewhere,
            "hits": _hits(found[part], memory, tiles) if part in found else [],
            "banned": [entry for item in banned.get(part, ()) if (entry := _banned(item, memory, tiles))],
        }
        for part in sorted(found.keys() | banned.keys())
    ]
    return Board(parts, torch.stack(tiles) if tiles else None)


def _hits(row: Retrieved, memory: StyleMemory, tiles: list[Tensor]) -> list[dict[str, Any]]:
    rows = [memory.row_of(item) for item in row.ids]
    weights = zip(row.scores, row.weights, strict=True)
    return [
        {**_entry(memory, index, tiles), "score": round(score, 4), "weight": round(weight, 4)}
        for index, (score, weight) in zip(rows, weights, strict=True)
    ]


def _banned(item: str, memory: StyleMemory, tiles: list[Tensor]) -> dict[str, Any] | None:
    """A banned item as an entry; None if the memory does not hold it, so that it could not be found anyway."""
    try:
        return _entry(memory, memory.row_of(item), tiles)
    except InputError:
        return None


def _entry(memory: StyleMemory, index: int, tiles: list[Tensor]) -> dict[str, Any]:
    tile = None
    if memory.thumbnails is not None and int(memory.part[index]) != FACE:
        tile = len(tiles)
        tiles.append(memory.thumbnails[index])
    texts: Sequence[Any] = (memory.ids[index], memory.captions[index], memory.sources[index])
    return {**dict(zip(("id", "caption", "source"), texts, strict=True)), "tile": tile}


def _phrase(features: PartFeatures, part: int) -> str:
    prompt = features.prompts.get(part)
    return "" if prompt is None else prompt.phrase
