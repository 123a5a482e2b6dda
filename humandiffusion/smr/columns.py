"""What a memory knows of each row in words, packed into tensors; a row is decoded when it is asked for.

A million captions as Python strings take seconds to read and hundreds of megabytes to hold; as bytes in a mapped file
they take neither.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

import torch
from torch import Tensor

from ..errors import InputError

_BLOCK = 65536
_ID_BYTES = 8
_LONG_RUN = 16  # rows, on average
_LARGE_TABLE = 65536


class Column(Sequence[str], ABC):
    """N strings. Equal to any sequence of the same strings."""

    @abstractmethod
    def read(self, rows: Sequence[int]) -> list[str]:
        """The strings of some rows, each from 0 to N - 1. Raises InputError where the packed form is damaged."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self.read(range(*index.indices(len(self)))))
        return self.read([range(len(self))[index]])[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self.read(range(start, min(start + _BLOCK, len(self))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Texts(Column):
    """Texts as UTF-8: `data` uint8 [bytes], and where each begins and ends: `offsets` int64 [N + 1]."""

    def __init__(self, data: Tensor, offsets: Tensor) -> None:
        self.data, self.offsets = data, offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """Pack some texts."""
        packed = [text.encode("utf-8", "replace") for text in texts]
        lengths = torch.tensor([0, *map(len, packed)], dtype=torch.int64)
        return cls(_bytes(b"".join(packed)), lengths.cumsum(0))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def read(self, rows: Sequence[int]) -> list[str]:
        """See `Column`."""
        if not len(rows):
            return []
        if isinstance(rows, range) and rows.step == 1:
            ends = self.offsets[rows.start : rows.stop + 1].tolist()
            spans = list(zip(ends, ends[1:], strict=False))
        else:
            asked = torch.as_tensor(rows, dtype=torch.int64)
            spans = list(zip(self.offsets[asked].tolist(), self.offsets[asked + 1].tolist(), strict=True))
        return [self._text(start, stop) for start, stop in spans]

    def take(self, rows: Tensor) -> "Texts":
        """Those of some rows (long [M]), in that order."""
        if not len(rows):
            return Texts(self.data[:0], torch.zeros(1, dtype=torch.int64))
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        offsets = torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)))
        if int(lengths.min()) < 0 or int(starts.min()) < 0 or int(offsets[-1]) > 2**40:
            raise _damaged("texts")
        begins = torch.cat((torch.zeros(1, dtype=torch.int64), (rows.diff() != 1).nonzero()[:, 0] + 1))
        if len(begins) <= len(rows) // _LONG_RUN:  # rows that follow one another lie in one piece
            ends = torch.cat((begins[1:], torch.tensor([len(rows)])))
            runs = zip(starts[begins].tolist(), (starts + lengths)[ends - 1].tolist(), strict=True)
            pieces = [self._run(start, stop) for start, stop in runs]
        else:
            blocks = range(0, len(rows), _BLOCK)
            pieces = [self._bytes_of(starts[i : i + _BLOCK], lengths[i : i + _BLOCK]) for i in blocks]
        return Texts(torch.cat(pieces), offsets)

    @staticmethod
    def join(columns: Sequence["Texts"]) -> "Texts":
        """One after the other."""
        offsets, reached = [torch.zeros(1, dtype=torch.int64)], 0
        for column in columns:
            offsets.append(column.offsets[1:] + reached)
            reached += len(column.data)
        return Texts(torch.cat([column.data for column in columns]), torch.cat(offsets))

    def _run(self, start: int, stop: int) -> Tensor:
        if not 0 <= start <= stop <= len(self.data):
            raise _damaged("texts")
        return self.data[start:stop]

    def _text(self, start: int, stop: int) -> str:
        return self._run(start, stop).numpy().tobytes().decode("utf-8", "replace")

    def _bytes_of(self, starts: Tensor, lengths: Tensor) -> Tensor:
        total = int(lengths.sum())
        if total > len(self.data) * max(1, len(lengths)):
            raise _damaged("texts")
        within = torch.arange(total) - (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
        where = starts.repeat_interleave(lengths) + within
        if total and int(where.max()) >= len(self.data):
            raise _damaged("texts")
        return self.data[where]


class Interned(Column):
    """Texts of which many are the same: a `table` of them, and the number of each row's in it, `which` int32 [N]."""

    def __init__(self, table: Texts, which: Tensor) -> None:
        self.table, self.which = table, which

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Interned":
        """Pack some texts."""
        numbers: dict[str, int] = {}
        index = [numbers.setdefault(text, len(numbers)) for text in texts]
        return cls(Texts.of(numbers), torch.tensor(index, dtype=torch.int32))

    def __len__(self) -> int:
        return len(self.which)

    def read(self, rows: Sequence[int]) -> list[str]:
        """See `Column`."""
        numbers = self.which[torch.as_tensor(rows, dtype=torch.int64)].tolist()
        if any(not 0 <= number < len(self.table) for number in numbers):
            raise _damaged("sources or licences")
        table = dict(zip(distinct := sorted(set(numbers)), self.table.read(distinct), strict=True))
        return [table[number] for number in numbers]

    def numbers(self) -> Tensor:
        """`which` as int64, every number of which is known to be in the table."""
        numbers = self.which.long()
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(self.table):
            raise _damaged("sources or licences")
        return numbers

    def take(self, rows: Tensor) -> "Interned":
        """Those of some rows (long [M]), in that order; the table keeps what they use."""
        numbers = Interned(self.table, self.which[rows]).numbers()
        used = numbers.bincount(minlength=len(self.table)) > 0
        if bool(used.all()):
            return Interned(self.table, numbers.int())
        return Interned(self.table.take(used.nonzero()[:, 0]), (used.cumsum(0) - 1)[numbers].int())

    @staticmethod
    def join(columns: Sequence["Interned"]) -> "Interned":
        """One after the other. A text that several have is kept once, unless finding that out would read very many."""
        if sum(len(column.table) for column in columns) > _LARGE_TABLE:
            before = torch.tensor([0, *(len(column.table) for column in columns)]).cumsum(0).tolist()
            which = [(column.numbers() + start).int() for column, start in zip(columns, before, strict=False)]
            return Interned(Texts.join([column.table for column in columns]), torch.cat(which))
        numbers: dict[str, int] = {}
        indices = []
        for column in columns:
            renumbered = [numbers.setdefault(text, len(numbers)) for text in column.table]
            indices.append(torch.tensor(renumbered, dtype=torch.int32)[column.numbers()])
        return Interned(Texts.of(numbers), torch.cat(indices))


class Ids(Column):
    """Ids of 16 hex digits as `data` uint8 [N, 8]."""

    def __init__(self, data: Tensor) -> None:
        self.data = data

    @classmethod
    def of(cls, ids: Iterable[str]) -> "Ids":
        """Pack some ids. Raises InputError for one that is not 16 lower-case hex digits."""
        packed = bytearray()
        for one in ids:
            number = _id_bytes(one)
            if number is None:
                raise InputError(f"memory item: got the id {one!r}, wanted 16 hex digits; use `item_id`")
            packed += number
        return cls(_bytes(bytes(packed)).reshape(-1, _ID_BYTES))

    def __len__(self) -> int:
        return len(self.data)

    def read(self, rows: Sequence[int]) -> list[str]:
        """See `Column`."""
        digits = self.data[torch.as_tensor(rows, dtype=torch.int64)].numpy().tobytes().hex()
        return [digits[i : i + 2 * _ID_BYTES] for i in range(0, len(digits), 2 * _ID_BYTES)]

    def find(self, ids: Sequence[str]) -> Tensor:
        """The row of each id, long [M]; -1 where there is none."""
        known = [_id_bytes(one) for one in ids]
        wanted = _keys(_bytes(b"".join(one or bytes(_ID_BYTES) for one in known)).reshape(-1, _ID_BYTES))
        keys, order = self._sorted
        if not len(keys):
            return torch.full((len(ids),), -1)
        place = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
        there = (keys[place] == wanted) & torch.tensor([one is not None for one in known], dtype=torch.bool)
        return torch.where(there, order[place], -1)

    def first_of_each(self) -> Tensor:
        """Whether a row is the first with its id, bool [N]."""
        keys, order = self._sorted
        first = torch.ones(len(keys), dtype=torch.bool)
        first[order[1:]] = keys[1:] != keys[:-1]
        return first

    def take(self, rows: Tensor) -> "Ids":
        """Those of some rows (long [M]), in that order."""
        return Ids(self.data[rows])

    @staticmethod
    def join(columns: Sequence["Ids"]) -> "Ids":
        """One after the other."""
        return Ids(torch.cat([column.data for column in columns]))

    @cached_property
    def _sorted(self) -> tuple[Tensor, Tensor]:
        """The ids as numbers in rising order, and the rows that they are of."""
        keys, order = _keys(self.data).sort(stable=True)
        return keys, order


def _id_bytes(one: str) -> bytes | None:
    if len(one) != 2 * _ID_BYTES or not all(digit in "0123456789abcdef" for digit in one):
        return None
    return bytes.fromhex(one)


def _keys(data: Tensor) -> Tensor:
    """Ids [M, 8] as one int64 each. A copy, because bytes in a file need not lie where a number may."""
    return data.clone(memory_format=torch.contiguous_format).view(torch.int64)[:, 0]


def _bytes(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.zeros(0, dtype=torch.uint8)


def _damaged(what: str) -> InputError:
    return InputError(
        f"style memory: its {what} are damaged; see what `humandiffusion memory verify` says, and get the file anew"
    )
