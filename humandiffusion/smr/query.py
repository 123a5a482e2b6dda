"""SMR (3): exact search of the memory, block by block.

A first pass scores all rows in the precision they are stored in, which costs one product with the memory as it lies
there and no copy of it. Its rounding error is bounded, so the rows that may be among the best are known; only these are
scored again, in double precision. What comes out depends neither on the block size nor on the other queries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import GARMENTS
from .memory import StyleMemory

Modality = Literal["text", "image"]
Scope = Literal["part", "all", "garments"]
MOST_ROWS, LEAST_ROWS, CELLS = 65536, 1024, 2**20  # of a block; CELLS = queries x rows of the scores held at a time
_RESCORED_AT_ONCE = 16384


@dataclass(frozen=True, eq=False)
class Hits:
    """What M queries found, best first: rows [M, k] long (-1 where there was no more), scores [M, k], weights [M, k].

    Weights are softmax(scores / tau) over what was found and sum to 1, or to 0 where nothing was.
    """

    rows: Tensor
    scores: Tensor
    weights: Tensor


def query(
    memory: StyleMemory,
    q: Tensor,
    parts: Sequence[int] | Tensor,
    *,
    modality: Modality,
    k: int = 4,
    tau: float = 0.05,
    scope: Scope = "part",
    exclude_groups: Sequence[str | None] | None = None,
) -> Hits:
    """The k best rows for each of q [M, D] (unit vectors): of its part, or by `scope` of all parts or all garments.

    s_j = q' . m'_j with m' = norm(m - mean_image), q' = norm(q - mean_text), or norm(q - mean_image) for an image
    query; w = softmax(s_A / tau) over A = top-k. `exclude_groups` gives for each query a group that it must not find:
    in training an item never retrieves itself nor a recoloured copy. Ties go to the lower row. A query whose part has
    no rows finds nothing. Raises InputError for a bad k, tau, modality, scope or width of q.
    """
    _check(memory, q, modality, k, tau, scope)
    centre = memory.mean_text if modality == "text" else memory.mean_image
    q = F.normalize(q.detach().cpu().float() - centre, dim=-1)
    parts = torch.as_tensor(parts, dtype=torch.long)
    excluded = None if exclude_groups is None else memory.group_numbers(exclude_groups)
    rows = torch.full((len(q), k), -1, dtype=torch.long)
    scores = torch.full((len(q), k), float("-inf"))
    for asked, spans in _searches(memory, parts, scope):
        banned = None if excluded is None else excluded[asked]
        rows[asked], scores[asked] = _best(memory, q[asked], k, *_candidates(memory, q[asked], spans, k, banned))
    return Hits(rows, scores, softmax_weights(scores, tau))


def softmax_weights(scores: Tensor, tau: float) -> Tensor:
    """softmax(scores / tau) [M, k], where a score of -inf (nothing found) weighs 0."""
    return torch.softmax(scores / tau, 1).nan_to_num(0.0)


def _check(memory: StyleMemory, q: Tensor, modality: str, k: int, tau: float, scope: str) -> None:
    if k < 1 or not tau > 0:
        raise InputError(f"retrieval: got k = {k} and tau = {tau}, wanted k of 1 or more and tau above 0")
    if modality not in ("text", "image"):
        raise InputError(f"retrieval: got modality {modality!r}, wanted 'text' or 'image'")
    if scope not in ("part", "all", "garments"):
        raise InputError(f"retrieval: got scope {scope!r}, wanted 'part', 'all' or 'garments'")
    if q.ndim != 2 or q.shape[1] != memory.dim:
        raise InputError(
            f"retrieval: got queries of shape {list(q.shape)}, wanted [M, {memory.dim}] as the memory's vectors"
        )


def _searches(memory: StyleMemory, parts: Tensor, scope: Scope) -> Iterator[tuple[Tensor, list[slice]]]:
    """Which queries look in which rows."""
    if scope == "part":
        for part in torch.unique(parts).tolist():
            yield (parts == part).nonzero()[:, 0], [memory.rows_of(part)]
    else:
        spans = [slice(0, len(memory))] if scope == "all" else [memory.rows_of(part) for part in GARMENTS]
        yield torch.arange(len(parts)), spans


def _candidates(
    memory: StyleMemory, q: Tensor, spans: list[slice], k: int, banned: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Pairs (query, row) that hold the k best of each query for certain, and few others."""
    stored = q.to(memory.vectors.dtype)
    offset = (q @ memory.mean_image)[:, None]
    # Rounding of q', of the product (each half a unit in the last place of numbers up to 1), and of its sum in float32.
    slack = 2 * torch.finfo(stored.dtype).eps + memory.dim * 2**-24
    size = min(max(CELLS // max(len(q), 1), LEAST_ROWS), MOST_ROWS)
    surely = torch.zeros(len(q), 0)
    pieces: list[tuple[Tensor, Tensor, Tensor]] = []
    blocks = [slice(at, min(at + size, span.stop)) for span in spans for at in range(span.start, span.stop, size)]
    for block in blocks:
        inverse = memory.inverse_norms[block]
        s = (stored @ memory.vectors[block].T).float().sub_(offset).mul_(inverse)
        if banned is not None:
            s.masked_fill_(memory.groups[block] == banned[:, None], float("-inf"))
        margin = slack * inverse
        lowest = (s - margin).topk(min(k, s.shape[1])).values
        surely = torch.cat((surely, lowest), 1)
        surely = surely.topk(min(k, surely.shape[1])).values
        highest = s.add_(margin)
        who, column = ((highest >= _threshold(surely, k)) & (highest > float("-inf"))).nonzero(as_tuple=True)
        pieces.append((who, column + block.start, highest[who, column]))
    if not pieces:
        return torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long)
    who, rows, upper = (torch.cat(column) for column in zip(*pieces, strict=True))
    kept = upper >= _threshold(surely, k)[who, 0]
    return who[kept], rows[kept]


def _threshold(surely: Tensor, k: int) -> Tensor:
    """What the k-th best of each query surely reaches, [M, 1]."""
    return surely[:, k - 1 : k] if surely.shape[1] >= k else torch.full((len(surely), 1), float("-inf"))


def _best(memory: StyleMemory, q: Tensor, k: int, who: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """The k best of the candidate pairs of each query: rows [M, k] and scores [M, k]."""
    pairs = zip(torch.split(who, _RESCORED_AT_ONCE), torch.split(candidates, _RESCORED_AT_ONCE), strict=True)
    score = torch.cat([_score(memory, q[i], j) for i, j in pairs])
    order = candidates.argsort(stable=True)
    order = order[score[order].argsort(descending=True, stable=True)]
    order = order[who[order].argsort(stable=True)]
    who, candidates, score = who[order], candidates[order], score[order]
    rank = torch.arange(len(who)) - torch.searchsorted(who, who)
    first = rank < k
    rows = torch.full((len(q), k), -1, dtype=torch.long)
    scores = torch.full((len(q), k), float("-inf"))
    rows[who[first], rank[first]] = candidates[first]
    scores[who[first], rank[first]] = score[first]
    return rows, scores


def _score(memory: StyleMemory, q: Tensor, rows: Tensor) -> Tensor:
    """s_j of pairs: q' [C, D] with the rows [C]."""
    centred = F.normalize(memory.vectors[rows].double() - memory.mean_image.double(), dim=-1)
    return (q.double() * centred).sum(1).float()
