"""Exact search of a memory, block by block, on a CPU or a GPU.

A first pass scores all rows in the precision they are stored in, which costs one product with the memory as it lies
there and no copy of it. Its rounding error is bounded, so the rows that may be among the best are known; only these are
scored again, in double precision. What comes out depends neither on the block size, nor on the device, nor on the other
queries. What is held at a time is a block and its scores, however large the memory: a mapped file is read as it goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..parts import GARMENTS
from .memory import StyleMemory

Scope = Literal["part", "all", "garments"]
# Rows of a block; CELLS = queries x rows of the scores held at a time. Up to 32,768 scores torch works in one thread:
# for one query all but the product does, so no threads wait for each other between small steps.
MOST_ROWS, LEAST_ROWS, CELLS = 32768, 1024, 2**20
_RESCORED_AT_ONCE, _CHUNK = 16384, 64


@dataclass(frozen=True, eq=False)
class ExactSearch:
    """The search engine that is always there (see `SearchEngine`).

    s_j = q' . m'_j with m' = norm(m - mean_image), or with m' = m where not `centred`. `favour` [N] is added to the
    scores; a row of -inf is never found. Blocks of the memory are moved to `device`, the first pass is made there.
    """

    memory: StyleMemory
    device: torch.device | str = "cpu"
    centred: bool = True
    favour: Tensor | None = None

    name = "exact"

    def search(
        self, q: Tensor, parts: Tensor, k: int, scope: Scope = "part", banned: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The k best rows of q' [M, D]: rows long [M, k], -1 where there was no more, and scores float32 [M, k].

        Ties go to the lower row. `banned` int32 [M] is a group for each query that it must not find.
        """
        rows = torch.full((len(q), k), -1, dtype=torch.long)
        scores = torch.full((len(q), k), float("-inf"))
        for asked, spans in _searches(self.memory, parts, scope):
            groups = None if banned is None else banned[asked]
            found = self._candidates(q[asked], spans, k, groups)
            rows[asked], scores[asked] = self.best(q[asked], k, *found)
        return rows, scores

    def scores(self, q: Tensor, rows: Tensor) -> Tensor:
        """s_j of pairs, in double precision: q' [C, D] with the rows [C]."""
        m = self.memory.vectors[rows].double()
        s = (q.double() * F.normalize(m - self._mean.double(), dim=-1)).sum(1).float()
        return s if self.favour is None else s + self.favour[rows]

    def best(self, q: Tensor, k: int, who: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """The k best for each of q' [M, D] of candidate pairs (query, row), both long [C]: as `search` gives them."""
        pairs = zip(torch.split(who, _RESCORED_AT_ONCE), torch.split(candidates, _RESCORED_AT_ONCE), strict=True)
        score = torch.cat([self.scores(q[i], j) for i, j in pairs])
        order, rank = _ranked(who, score, candidates)
        order, rank = order[rank < k], rank[rank < k]
        rows = torch.full((len(q), k), -1, dtype=torch.long)
        scores = torch.full((len(q), k), float("-inf"))
        rows[who[order], rank] = candidates[order]
        scores[who[order], rank] = score[order]
        return rows, scores

    @property
    def _mean(self) -> Tensor:
        return self.memory.mean_image if self.centred else torch.zeros_like(self.memory.mean_image)

    def _candidates(self, q: Tensor, spans: list[slice], k: int, banned: Tensor | None) -> tuple[Tensor, Tensor]:
        """Pairs (query, row) that hold the k best of each query for certain, and few others."""
        memory, on_cpu = self.memory, torch.device(self.device).type == "cpu"
        # Elsewhere in float32, because halves may be summed up in halves there.
        precision = memory.vectors.dtype if on_cpu else torch.float32
        stored = q.to(self.device, precision)
        offset = (q @ self._mean)[:, None].to(self.device)
        # Rounding of q', of the product (each half a unit in the last place of numbers up to 1), and of its sum in
        # float32; where norms are not divided by, that of the rows' as well.
        slack = 2 * torch.finfo(memory.vectors.dtype).eps + memory.dim * 2**-24
        slack = max(slack, 2 * torch.finfo(torch.float16).eps) if not on_cpu else slack
        slack += 0 if self.centred else torch.finfo(memory.vectors.dtype).eps
        size = min(max(CELLS // max(len(q), 1), LEAST_ROWS), MOST_ROWS)
        reached = torch.full((len(q), 1), float("-inf"), device=self.device)  # by the k-th best of each, for certain
        found = [(torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long), torch.zeros(0), torch.zeros(0))]
        for block in [slice(i, min(i + size, span.stop)) for span in spans for i in range(span.start, span.stop, size)]:
            inverse = self._inverse(block)
            favour = None if self.favour is None else self.favour[block].to(self.device)
            raw = stored @ memory.vectors[block].to(self.device, precision).T
            if banned is not None:
                raw.masked_fill_((memory.groups[block] == banned[:, None]).to(self.device), float("-inf"))
            s = raw.float().sub_(offset).mul_(inverse)
            s = s if favour is None else s.add_(favour)
            reached, who, column = _promising(s, k, reached, slack * float(inverse.max()))
            s, margin = s[who, column], slack * inverse[column]
            there = (s > float("-inf")) & (s + margin >= reached[who, 0])
            piece = (who, column + block.start, s - margin, s + margin)
            found.append(tuple(values[there].cpu() for values in piece))  # type: ignore[arg-type]
        who, rows, lower, upper = (torch.cat(column) for column in zip(*found, strict=True))
        reached = reached.cpu()
        order, rank = _ranked(who, lower, rows)
        last = order[rank == k - 1]
        reached[who[last], 0] = torch.maximum(reached[who[last], 0], lower[last])
        kept = upper >= reached[who, 0]
        return who[kept], rows[kept]

    def _inverse(self, block: slice) -> Tensor:
        if not self.centred:
            return torch.ones(block.stop - block.start, device=self.device)
        return self.memory.inverse_norms[block].to(self.device)


def _searches(memory: StyleMemory, parts: Tensor, scope: Scope) -> Iterator[tuple[Tensor, list[slice]]]:
    """Which queries look in which rows."""
    if scope == "part":
        for part in torch.unique(parts).tolist():
            yield (parts == part).nonzero()[:, 0], [memory.rows_of(part)]
    else:
        spans = [slice(0, len(memory))] if scope == "all" else [memory.rows_of(part) for part in GARMENTS]
        yield torch.arange(len(parts)), spans


def _promising(s: Tensor, k: int, reached: Tensor, margin: float) -> tuple[Tensor, Tensor, Tensor]:
    """What the k-th best reaches for certain, [M, 1], with these scores [M, n] seen too; and (query, column) of those
    chunks of scores that hold one which may be above that, all being right to `margin`.
    """
    missing = -s.shape[1] % _CHUNK
    padded = F.pad(s, (0, missing), value=float("-inf")) if missing else s
    highest = padded.reshape(len(s), -1, _CHUNK).amax(2)
    # Chunks have no row in common: the k-th highest of their maxima is reached by k rows.
    heights = highest if highest.shape[1] >= k else s
    if heights.shape[1] >= k:
        reached = torch.maximum(reached, heights.topk(k).values[:, -1:] - margin)
    who, chunk = (highest + margin >= reached).nonzero(as_tuple=True)
    columns = (chunk[:, None] * _CHUNK + torch.arange(_CHUNK, device=s.device)).flatten()
    inside = columns < s.shape[1]
    return reached, who.repeat_interleave(_CHUNK)[inside], columns[inside]


def _ranked(who: Tensor, score: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The order of pairs by query, then falling score, then row; and each one's place among those of its query."""
    order = rows.argsort(stable=True)
    order = order[score[order].argsort(descending=True, stable=True)]
    order = order[who[order].argsort(stable=True)]
    sorted_who = who[order]
    return order, torch.arange(len(who)) - torch.searchsorted(sorted_who, sorted_who)
