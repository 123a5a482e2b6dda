"""The style memory: vectors of real part crops with what is known of each, in one safetensors file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS

RECOLOURED = " recoloured "
_BLOCK = 65536


@dataclass(frozen=True, eq=False)
class MemoryItem:
    """One crop to remember: its unit vector [D], its part, where it is from, and a swatch uint8 [t, t, 3] to show.

    `source` reads `SET/PHOTO` with ` recoloured COLOUR` behind it for a recoloured crop; what stands before that is its
    group: an item in training never retrieves its own group.
    """

    id: str
    vector: Tensor
    part: int
    caption: str
    source: str
    licence: str
    thumbnail: Tensor | None = None


@dataclass(frozen=True, eq=False)
class StyleMemory:
    """N rows, those of a part contiguous. Immutable: `update` gives a new one. What searching needs is computed once.

    vectors [N, D] fp16 unit rows, part [N] uint8 ascending, thumbnails uint8 [N, t, t, 3] or None, mean_image [D] and
    mean_text [D] float32: the means of each modality, which scores are centred by.
    """

    ids: tuple[str, ...]
    vectors: Tensor
    part: Tensor
    captions: tuple[str, ...]
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    thumbnails: Tensor | None
    mean_image: Tensor
    mean_text: Tensor
    encoder_id: str

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.vectors.shape[1]

    def rows_of(self, part: int) -> slice:
        """The rows of a part."""
        bounds = torch.searchsorted(self.part, torch.tensor([part, part + 1], dtype=self.part.dtype)).tolist()
        return slice(bounds[0], bounds[1])

    def holds(self, part: int) -> bool:
        """Whether there is a row of a part."""
        rows = self.rows_of(part)
        return bool(rows.start < rows.stop)

    def prior(self, part: int) -> Tensor | None:
        """The mean direction [D] of a part's rows, float32; None where the memory holds nothing of it.

        Recoloured rows do not count: nobody's hair is by default a mean of purple and green.
        """
        span = self.rows_of(part)
        natural = [row for row in range(span.start, span.stop) if RECOLOURED not in self.sources[row]]
        rows = self.vectors[natural] if natural else self.vectors[span]
        return F.normalize(rows.float().mean(0), dim=0) if len(rows) else None

    def row_of(self, item_id: str) -> int:
        """The row of an id. Raises InputError if there is none."""
        row = self._rows_by_id.get(item_id)
        if row is None:
            raise InputError(
                f"style memory: it holds no item {item_id!r}; use an id that retrieval from this memory has shown"
            )
        return row

    @cached_property
    def inverse_norms(self) -> Tensor:
        """1 / |m_j - mean_image| of every row, float32 [N]; what turns a product with the raw vectors into a score."""
        norms = [
            torch.linalg.vector_norm(m.float() - self.mean_image, dim=1) for m in torch.split(self.vectors, _BLOCK)
        ]
        return 1 / torch.cat(norms).clamp_min(1e-12) if norms else torch.zeros(0)

    @cached_property
    def groups(self) -> Tensor:
        """The group of every row as a number, int32 [N]."""
        return torch.tensor([self._numbers_of_groups[group_of(s)] for s in self.sources], dtype=torch.int32)

    def group_numbers(self, groups: Sequence[str | None]) -> Tensor:
        """Names of groups as the numbers of `groups`, int32 [M]; -1 for None and for a group that has no rows."""
        numbers = [-1 if group is None else self._numbers_of_groups.get(group, -1) for group in groups]
        return torch.tensor(numbers, dtype=torch.int32)

    @cached_property
    def _numbers_of_groups(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for source in self.sources:
            numbers.setdefault(group_of(source), len(numbers))
        return numbers

    @cached_property
    def _rows_by_id(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.ids)}

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


def initialise(items: Sequence[MemoryItem], *, encoder_id: str, mean_text: Tensor) -> StyleMemory:
    """SMR (1): a memory of these items. `mean_text` [D] is the mean of the encoder's vectors over typical phrases."""
    empty = StyleMemory(
        (), torch.zeros(0, len(mean_text), dtype=torch.float16), torch.zeros(0, dtype=torch.uint8), (), (), (), None,
        torch.zeros(len(mean_text)), mean_text.float(), encoder_id,
    )  # fmt: skip
    return update(empty, items)


def update(memory: StyleMemory, items: Sequence[MemoryItem]) -> StyleMemory:
    """SMR (2): the memory with further items; an id that is there already is kept as it was. The image mean follows."""
    known = set(memory.ids)
    fresh = [item for item in {item.id: item for item in items}.values() if item.id not in known]
    if not fresh:
        return memory
    for item in fresh:
        if item.vector.shape != (memory.dim,):
            got = tuple(item.vector.shape)
            raise InputError(
                f"memory item {item.id}: got a vector of shape {got}, wanted ({memory.dim},); encode it anew"
            )
        if not 0 <= item.part < NUM_PARTS:
            raise InputError(f"memory item {item.id}: got part {item.part}, wanted 0 to {NUM_PARTS - 1}")
    vectors = torch.stack([F.normalize(item.vector.float(), dim=0) for item in fresh]).half()
    part = torch.tensor([item.part for item in fresh], dtype=torch.uint8)
    joined = replace(
        memory,
        ids=memory.ids + tuple(item.id for item in fresh),
        vectors=torch.cat((memory.vectors, vectors)),
        part=torch.cat((memory.part, part)),
        captions=memory.captions + tuple(item.caption for item in fresh),
        sources=memory.sources + tuple(item.source for item in fresh),
        licences=memory.licences + tuple(item.licence for item in fresh),
        thumbnails=_join_thumbnails(memory, fresh),
    )
    ordered = select(joined, torch.argsort(joined.part, stable=True))
    return replace(ordered, mean_image=ordered.vectors.mean(0, dtype=torch.float32))


def select(memory: StyleMemory, rows: Tensor) -> StyleMemory:
    """The memory of some rows (long [M]) in this order, which must keep those of a part together; the means stay."""
    order = rows.tolist()
    return replace(
        memory,
        ids=tuple(memory.ids[i] for i in order),
        vectors=memory.vectors[rows],
        part=memory.part[rows],
        captions=tuple(memory.captions[i] for i in order),
        sources=tuple(memory.sources[i] for i in order),
        licences=tuple(memory.licences[i] for i in order),
        thumbnails=None if memory.thumbnails is None else memory.thumbnails[rows],
    )


def _join_thumbnails(memory: StyleMemory, fresh: Sequence[MemoryItem]) -> Tensor | None:
    """All thumbnails at the size of the first there is; a row without one gets a grey one. None if no row has any."""
    given = [item.thumbnail for item in fresh]
    first = next((t for t in given if t is not None), None)
    if memory.thumbnails is None and first is None:
        return None
    size = memory.thumbnails.shape[1] if memory.thumbnails is not None else len(first) if first is not None else 0
    grey = torch.full((size, size, 3), 128, dtype=torch.uint8)
    before = grey.expand(len(memory), -1, -1, -1) if memory.thumbnails is None else memory.thumbnails
    return torch.cat((before, torch.stack([grey if t is None else _resized(t, size) for t in given])))


def _resized(thumbnail: Tensor, size: int) -> Tensor:
    if tuple(thumbnail.shape) == (size, size, 3):
        return thumbnail
    planes = thumbnail.permute(2, 0, 1)[None].float()
    small = F.interpolate(planes, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return small[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8)
