"""Several memories become one, and one a smaller one. Rows are not copied: files of any size can be merged and pruned.

`save_memory` then writes the result block by block.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from .columns import Interned
from .memory import RECOLOURED, StyleMemory, join, select, with_image_means


@dataclass(frozen=True)
class Chosen:
    """Rows by what is known of them: those with any of these ids, sources, licences or parts.

    A source stands for those below it too: `ccp` for `ccp/0001` and its recoloured copies.
    """

    ids: Collection[str] = ()
    sources: Collection[str] = ()
    licences: Collection[str] = ()
    parts: Collection[int] = ()

    def rows(self, memory: StyleMemory) -> Tensor:
        """Which rows of a memory these are, bool [N]. Raises InputError for an id, a source or a licence that it does
        not hold.
        """
        chosen = torch.zeros(len(memory), dtype=torch.bool)
        for one in self.ids:
            chosen[memory.row_of(one)] = True
        for source in self.sources:
            chosen |= _with_text(memory.sources, "source", source, (f"{source}/", f"{source}{RECOLOURED}"))
        for licence in self.licences:
            chosen |= _with_text(memory.licences, "licence", licence, ())
        for part in self.parts:
            chosen[memory.rows_of(part)] = True
        return chosen


def _with_text(column: Interned, what: str, wanted: str, beginnings: tuple[str, ...]) -> Tensor:
    """Which rows have a text, or one that begins so, bool [N]."""
    known = [text == wanted or text.startswith(beginnings) for text in column.table]
    if not any(known):
        some = ", ".join(repr(text) for text in column.table[:3])
        raise InputError(f"style memory: no item has the {what} {wanted!r}; it has {some} ...; see `memory info`")
    return torch.tensor(known, dtype=torch.bool)[column.numbers()]


def merge_memories(memories: Sequence[StyleMemory]) -> StyleMemory:
    """One memory of all rows, each id once; means follow. Raises InputError for memories of different encoders."""
    if not memories:
        raise InputError("merge: got no memory, wanted at least one")
    for other in memories[1:]:
        if (other.encoder_id, other.dim) != (memories[0].encoder_id, memories[0].dim):
            raise InputError(
                f"merge: the first memory is by encoder {memories[0].encoder_id!r}, another by {other.encoder_id!r}; "
                "vectors of two encoders are not comparable: build one of them anew"
            )
    counts = torch.tensor([float(len(memory)) for memory in memories])
    mean_text = _weighted([memory.mean_text for memory in memories], counts)
    by_part = None
    if any(memory.part_mean_text is not None for memory in memories):
        own = [memory.mean_text.repeat(NUM_PARTS, 1) if memory.part_mean_text is None else memory.part_mean_text
               for memory in memories]  # fmt: skip
        rows = torch.stack([memory.part_bounds.diff().float() for memory in memories])
        by_part = torch.where((rows.sum(0) > 0)[:, None], _weighted(own, rows), mean_text)
    return with_image_means(replace(join(memories), mean_text=mean_text, part_mean_text=by_part))


def prune(
    memory: StyleMemory, *, keep: Chosen | None = None, drop: Chosen | None = None, most: int | None = None
) -> StyleMemory:
    """The memory of the rows that `keep` chooses (None: all) and `drop` does not, at most `most` of a part, evenly
    dealt over what there is. Image means follow. Raises InputError if nothing is left.
    """
    kept = torch.ones(len(memory), dtype=torch.bool) if keep is None else keep.rows(memory)
    if drop is not None:
        kept &= ~drop.rows(memory)
    rows = kept.nonzero()[:, 0]
    if most is not None:
        parts = memory.part[rows]
        rows = torch.cat([_evenly(rows[parts == part], most) for part in range(NUM_PARTS)])
    if not len(rows):
        raise InputError("prune: nothing would be left of the memory; choose fewer rows to drop, or more to keep")
    return with_image_means(select(memory, rows))


def _weighted(vectors: Sequence[Tensor], weights: Tensor) -> Tensor:
    """The mean of vectors [..., D] of several memories, `weights` [memories, ...] counting their rows."""
    share = weights / weights.sum(0).clamp_min(1)
    return (torch.stack(list(vectors)) * share[(...,) + (None,) * (vectors[0].ndim + 1 - weights.ndim)]).sum(0)


def _evenly(rows: Tensor, most: int) -> Tensor:
    if len(rows) <= most:
        return rows
    return rows[torch.arange(most) * len(rows) // most]
