"""The style memory: vectors of real part crops with what is known of each, in one safetensors file."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from .columns import Ids, Interned, Texts
from .rows import Rows, stack, take
from .thumbnails import join_thumbnails, pictures

if TYPE_CHECKING:
    from .engines.base import SearchEngine

RECOLOURED = " recoloured "
BLOCK = 8192  # rows read at a time where all are


@dataclass(frozen=True, eq=False)
class MemoryItem:
    """One crop to remember: its unit vector [D], its part, where it is from, and a picture uint8 [t, t, 3] to show.

    `source` reads `SET/PHOTO` with ` recoloured COLOUR` behind it for a recoloured crop; what stands before that is its
    group: an item in training never retrieves its own group. `added` is when it was, in seconds since 1970, 0 unknown.
    """

    id: str
    vector: Tensor
    part: int
    caption: str
    source: str
    licence: str
    thumbnail: Tensor | None = None
    added: int = 0


@dataclass(frozen=True, eq=False)
class StyleMemory:
    """N rows, those of a part contiguous. Immutable: `update` gives a new one. What searching needs is computed once,
    or comes with the file.

    vectors [N, D] fp16 or float32 unit rows, part [N] uint8 ascending, thumbnails uint8 [N, t, t, 3] or None, added
    int64 [N] or None, mean_image [D] and mean_text [D] float32: the means of each modality, which scores are centred
    by, and part_mean_image and part_mean_text [24, D] or None: the same of each part.

    `vectors` and `thumbnails` may be mapped from a file, so nothing is read that is not asked for, or be `Rows`: read
    them by an int, a slice or a long tensor, block by block. Texts given as plain sequences are packed.
    """

    ids: Ids
    vectors: Tensor | Rows
    part: Tensor
    captions: Texts
    sources: Interned
    licences: Interned
    thumbnails: Tensor | Rows | None
    mean_image: Tensor
    mean_text: Tensor
    encoder_id: str
    added: Tensor | None = None
    part_mean_image: Tensor | None = None
    part_mean_text: Tensor | None = None

    def __post_init__(self) -> None:
        for name, kind in (("ids", Ids), ("captions", Texts), ("sources", Interned), ("licences", Interned)):
            given = getattr(self, name)
            if not isinstance(given, kind):
                object.__setattr__(self, name, kind.of(given))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.vectors.shape[1]

    def rows_of(self, part: int) -> slice:
        """The rows of a part."""
        start, stop = self.part_bounds[part : part + 2].tolist()
        return slice(start, stop)

    def holds(self, part: int) -> bool:
        """Whether there is a row of a part."""
        rows = self.rows_of(part)
        return bool(rows.start < rows.stop)

    def prior(self, part: int) -> Tensor | None:
        """The mean direction [D] of a part's rows, float32; None where the memory holds nothing of it.

        Recoloured rows do not count: nobody's hair is by default a mean of purple and green.
        """
        return self.priors[part] if self.holds(part) else None

    def row_of(self, item_id: str) -> int:
        """The row of an id. Raises InputError if there is none."""
        row = int(self.ids.find([item_id])[0])
        if row < 0:
            raise InputError(
                f"style memory: it holds no item {item_id!r}; use an id that retrieval from this memory has shown"
            )
        return row

    @cached_property
    def part_bounds(self) -> Tensor:
        """Where the rows of each part begin, and the last end: int64 [25]."""
        return torch.searchsorted(self.part, torch.arange(NUM_PARTS + 1, dtype=self.part.dtype))

    @cached_property
    def inverse_norms(self) -> Tensor:
        """1 / |m_j - mean_image| of every row, float32 [N]; what turns a product with the raw vectors into a score."""
        norms = [torch.linalg.vector_norm(m.float() - self.mean_image, dim=1) for m in blocks(self.vectors)]
        return 1 / torch.cat(norms).clamp_min(1e-12) if norms else torch.zeros(0)

    @cached_property
    def engine(self) -> "SearchEngine | None":
        """What answers in place of the exact search: the index beside the file, where `load_memory` has found one."""
        return None

    @cached_property
    def priors(self) -> Tensor:
        """`prior` of every part, float32 [24, D]; zeros where there is none."""
        natural, priors = self.natural, torch.zeros(NUM_PARTS, self.dim)
        for part in range(NUM_PARTS):
            rows = self.rows_of(part)
            counted = natural[rows].nonzero()[:, 0] + rows.start
            chosen = counted if len(counted) else torch.arange(rows.start, rows.stop)
            if len(chosen):
                total = torch.stack([self.vectors[some].sum(0, dtype=torch.float64) for some in chosen.split(BLOCK)])
                priors[part] = F.normalize(total.sum(0), dim=0).float()
        return priors

    @cached_property
    def natural(self) -> Tensor:
        """Which rows are not recoloured, bool [N]."""
        of_sources = [RECOLOURED not in source for source in self.sources.table]
        return torch.tensor(of_sources, dtype=torch.bool)[self.sources.numbers()]

    @cached_property
    def groups(self) -> Tensor:
        """The group of every row as a number, int32 [N]."""
        of_sources = [self._numbers_of_groups[group_of(source)] for source in self.sources.table]
        return torch.tensor(of_sources, dtype=torch.int32)[self.sources.numbers()]

    def group_numbers(self, groups: Sequence[str | None]) -> Tensor:
        """Names of groups as the numbers of `groups`, int32 [M]; -1 for None and for a group that has no rows."""
        numbers = [-1 if group is None else self._numbers_of_groups.get(group, -1) for group in groups]
        return torch.tensor(numbers, dtype=torch.int32)

    @cached_property
    def _numbers_of_groups(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for source in self.sources.table:
            numbers.setdefault(group_of(source), len(numbers))
        return numbers

    def check_encoder(self, encoder_id: str) -> None:
        """Raise InputError unless the memory was made by this encoder: vectors of two encoders are not comparable."""
        if self.encoder_id != encoder_id:
            raise InputError(
                f"style memory: its vectors are by encoder {self.encoder_id!r}, the part encoder is {encoder_id!r}; "
                "use the encoder it was made with, or build the memory anew with this one"
            )


def item_id(crop: Tensor, mask: Tensor) -> str:
    """First 16 hex digits of sha256 over a crop uint8 [3, S, S] and its mask uint8 [1, S, S]."""
    digest = hashlib.sha256(crop.contiguous().numpy().tobytes() + mask.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def group_of(source: str) -> str:
    """The group of a source: the photo that it or its recoloured copy comes from."""
    return source.split(RECOLOURED, 1)[0]


def blocks(rows: Tensor | Rows) -> Iterator[Tensor]:
    """All rows, some at a time."""
    return (rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK))


def initialise(items: Sequence[MemoryItem], *, encoder_id: str, mean_text: Tensor) -> StyleMemory:
    """SMR (1): a memory of these items. `mean_text` [D] is the mean of the encoder's vectors over typical phrases."""
    none = torch.zeros(0, dtype=torch.int64)
    empty = StyleMemory(
        Ids.of(()), torch.zeros(0, len(mean_text), dtype=torch.float16), torch.zeros(0, dtype=torch.uint8),
        Texts.of(()), Interned.of(()), Interned.of(()), None, torch.zeros(len(mean_text)), mean_text.float(),
        encoder_id, none,
    )  # fmt: skip
    return update(empty, items)


def update(memory: StyleMemory, items: Sequence[MemoryItem]) -> StyleMemory:
    """SMR (2): the memory with further items; an id that is there already is kept as it was. The image mean follows."""
    joined = join([memory, _of_items(items, memory)])
    return memory if len(joined) == len(memory) else with_image_means(joined)


def join(memories: Sequence[StyleMemory]) -> StyleMemory:
    """The rows of all memories, each id once: the first with it stays. Means and encoder are those of the first.

    Rows of one part keep their order. Large tensors are not copied (`Rows`).
    """
    return _joined(memories)[0]


def overlay(memory: StyleMemory, further: Sequence[StyleMemory]) -> StyleMemory:
    """As `join`, for few rows beside many: what was computed of `memory` stays, so that nothing reads all its rows."""
    joined, order = _joined([memory, *further])
    few = join([replace(one, mean_image=memory.mean_image) for one in further])
    norms = [replace(one, mean_image=memory.mean_image).inverse_norms for one in further]
    held = (memory.part_bounds.diff() > 0)[:, None]
    joined.__dict__["inverse_norms"] = torch.cat([memory.inverse_norms, *norms])[order]
    joined.__dict__["priors"] = torch.where(held, memory.priors, few.priors)
    return joined


def _joined(memories: Sequence[StyleMemory]) -> tuple[StyleMemory, Tensor]:
    """The memory of `join`, and which row of all laid end to end each of its rows was."""
    ids = Ids.join([memory.ids for memory in memories])
    part = torch.cat([memory.part for memory in memories])
    kept = ids.first_of_each().nonzero()[:, 0]
    order = kept[torch.argsort(part[kept], stable=True)]
    added = [torch.zeros(len(m), dtype=torch.int64) if m.added is None else m.added for m in memories]
    joined = replace(
        memories[0],
        ids=ids,
        vectors=stack([memory.vectors for memory in memories]),
        part=part,
        captions=Texts.join([memory.captions for memory in memories]),
        sources=Interned.join([memory.sources for memory in memories]),
        licences=Interned.join([memory.licences for memory in memories]),
        thumbnails=join_thumbnails([memory.thumbnails for memory in memories], [len(m) for m in memories]),
        added=torch.cat(added),
    )
    return select(joined, order), order


def select(memory: StyleMemory, rows: Tensor) -> StyleMemory:
    """The memory of some rows (long [M]) in this order, which must keep those of a part together; the means stay."""
    return replace(
        memory,
        ids=memory.ids.take(rows),
        vectors=take(memory.vectors, rows),
        part=memory.part[rows],
        captions=memory.captions.take(rows),
        sources=memory.sources.take(rows),
        licences=memory.licences.take(rows),
        thumbnails=None if memory.thumbnails is None else take(memory.thumbnails, rows),
        added=None if memory.added is None else memory.added[rows],
    )


def with_image_means(memory: StyleMemory) -> StyleMemory:
    """The memory with image means as its rows have them now; a part without rows has the mean of all."""
    if not len(memory):
        return replace(memory, part_mean_image=memory.mean_image.repeat(NUM_PARTS, 1))
    sums = torch.zeros(NUM_PARTS, memory.dim, dtype=torch.float64)
    for part in range(NUM_PARTS):
        rows = memory.rows_of(part)
        for start in range(rows.start, rows.stop, BLOCK):
            sums[part] += memory.vectors[start : min(start + BLOCK, rows.stop)].sum(0, dtype=torch.float64)
    mean, counts = sums.sum(0) / len(memory), memory.part_bounds.diff()
    by_part = torch.where((counts > 0)[:, None], sums / counts.clamp_min(1)[:, None], mean)
    return replace(memory, mean_image=mean.float(), part_mean_image=by_part.float())


def _of_items(items: Sequence[MemoryItem], memory: StyleMemory) -> StyleMemory:
    """The items as a memory beside `memory`."""
    for item in items:
        if item.vector.shape != (memory.dim,):
            got = tuple(item.vector.shape)
            raise InputError(
                f"memory item {item.id}: got a vector of shape {got}, wanted ({memory.dim},); encode it anew"
            )
        if not 0 <= item.part < NUM_PARTS:
            raise InputError(f"memory item {item.id}: got part {item.part}, wanted 0 to {NUM_PARTS - 1}")
        if not bool(item.vector.isfinite().all()):
            raise InputError(
                f"memory item {item.id} of {item.source}: its vector is not all finite numbers; leave it out, or "
                "encode it anew"
            )
    rows = [F.normalize(item.vector.float(), dim=0) for item in items]
    return replace(
        memory,
        ids=Ids.of(item.id for item in items),
        vectors=(torch.stack(rows) if rows else torch.zeros(0, memory.dim)).to(memory.vectors.dtype),
        part=torch.tensor([item.part for item in items], dtype=torch.uint8),
        captions=Texts.of(item.caption for item in items),
        sources=Interned.of(item.source for item in items),
        licences=Interned.of(item.licence for item in items),
        thumbnails=pictures([item.thumbnail for item in items]),
        added=torch.tensor([item.added for item in items], dtype=torch.int64),
    )
