"""Rows of several tensors as if they were one: a merged, pruned or added-to memory whose rows stay where they are."""

from collections.abc import Sequence

import torch
from torch import Tensor

COPIED_UP_TO = 2**26  # bytes: what is smaller is simply copied together


class Rows:
    """N rows, row i being row `where[i]` (long [N]) of the tensors laid end to end. Indexed as a tensor is, by an int,
    a slice or a long tensor; what is read is copied, save where it lies in one piece already.
    """

    def __init__(self, pieces: Sequence[Tensor], where: Tensor) -> None:
        self.pieces, self.where = tuple(pieces), where
        self._ends = torch.tensor([0, *(len(piece) for piece in pieces)]).cumsum(0)

    @property
    def shape(self) -> torch.Size:
        """As a tensor's."""
        return torch.Size((len(self.where), *self.pieces[0].shape[1:]))

    @property
    def dtype(self) -> torch.dtype:
        """As a tensor's."""
        return self.pieces[0].dtype

    def __len__(self) -> int:
        return len(self.where)

    def __getitem__(self, index: int | slice | Tensor) -> Tensor:
        where = self.where[index]
        flat = where.reshape(-1)
        if not len(flat):
            return self.pieces[0][:0].reshape(*where.shape, *self.shape[1:])
        first, last = int(flat[0]), int(flat[-1])
        piece = int(torch.searchsorted(self._ends, first, right=True)) - 1
        start = int(self._ends[piece])
        if last < int(self._ends[piece + 1]) and last - first == len(flat) - 1 and bool((flat.diff() == 1).all()):
            lying = self.pieces[piece][first - start : last - start + 1]
            return lying.to(self.dtype).reshape(*where.shape, *self.shape[1:])
        out = torch.empty((len(flat), *self.shape[1:]), dtype=self.dtype)
        owner = torch.searchsorted(self._ends, flat, right=True) - 1
        for number in owner.unique().tolist():
            mine = (owner == number).nonzero()[:, 0]
            out[mine] = self.pieces[number][flat[mine] - self._ends[number]]
        return out.reshape(*where.shape, *self.shape[1:])


def stack(columns: Sequence[Tensor | Rows]) -> Tensor | Rows:
    """One after the other."""
    pieces = [piece for column in columns for piece in (column.pieces if isinstance(column, Rows) else (column,))]
    where, reached = [], 0
    for column in columns:
        own = column.where if isinstance(column, Rows) else torch.arange(len(column))
        where.append(own + reached)
        reached += sum(len(piece) for piece in column.pieces) if isinstance(column, Rows) else len(column)
    return _small_copied(Rows(pieces, torch.cat(where)))


def take(column: Tensor | Rows, rows: Tensor) -> Tensor | Rows:
    """Some rows (long [M]), in that order."""
    if isinstance(column, Rows):
        return _small_copied(Rows(column.pieces, column.where[rows]))
    return _small_copied(Rows([column], rows))


def _small_copied(rows: Rows) -> Tensor | Rows:
    return rows[torch.arange(len(rows))] if rows.shape.numel() * rows.dtype.itemsize <= COPIED_UP_TO else rows
