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
_RESCORED_AT_ONCE, _CHUNK = 16384, 64


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
    reached = torch.full((len(q), 1), float("-inf"))  # what the k-th best of each query reaches for certain
    pieces = [(torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long), torch.zeros(0), torch.zeros(0))]
    for block in [slice(at, min(at + size, span.stop)) for span in spans for at in range(span.start, span.stop, size)]:
        inverse = memory.inverse_norms[block]
        raw = stored @ memory.vectors[block].T
        if banned is not None:
            raw.masked_fill_(memory.groups[block] == banned[:, None], float("-inf"))
        if bool((reached > 0).all()):
            who, column = _promising(raw, reached / inverse.max() + offset - slack)
            s = (raw[who, column].float() - offset[who, 0]) * inverse[column]
        else:
            dense = raw.float().sub_(offset).mul_(inverse)
            if dense.shape[1] >= k:
                lowest = (dense - slack * inverse).topk(k).values[:, -1:]
                reached = torch.maximum(reached, lowest)
            who, column = ((dense + slack * inverse >= reached) & (dense > float("-inf"))).nonzero(as_tuple=True)
            s = dense[who, column]
        margin = slack * inverse[column]
        pieces.append((who, column + block.start, s - margin, s + margin))
    who, rows, lower, upper = (torch.cat(column) for column in zip(*pieces, strict=True))
    order, rank = _ranked(who, lower, rows)
    last = order[rank == k - 1]
    reached[who[last], 0] = torch.maximum(reached[who[last], 0], lower[last])
    kept = upper >= reached[who, 0]
    return who[kept], rows[kept]


def _promising(raw: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Cells of `raw` [M, n] (queries, columns) that reach `least` [M, 1]; whole chunks that do not are passed over."""
    whole = raw.shape[1] // _CHUNK * _CHUNK
    highest = raw[:, :whole].reshape(len(raw), -1, _CHUNK).amax(2)
    who, chunk = (highest.float() >= least).nonzero(as_tuple=True)
    queries = torch.arange(len(raw))
    rest = torch.arange(whole, raw.shape[1])
    columns = torch.cat(((chunk[:, None] * _CHUNK + torch.arange(_CHUNK)).flatten(), rest.repeat(len(raw))))
    who = torch.cat((who.repeat_interleave(_CHUNK), queries.repeat_interleave(len(rest))))
    reaching = raw[who, columns].float() >= least[who, 0]
    return who[reaching], columns[reaching]


def _ranked(who: Tensor, score: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The order of pairs by query, then falling score, then row; and each one's place among those of its query."""
    order = rows.argsort(stable=True)
    order = order[score[order].argsort(descending=True, stable=True)]
    order = order[who[order].argsort(stable=True)]
    sorted_who = who[order]
    return order, torch.arange(len(who)) - torch.searchsorted(sorted_who, sorted_who)


def _best(memory: StyleMemory, q: Tensor, k: int, who: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """The k best of the candidate pairs of each query: rows [M, k] and scores [M, k]."""
    pairs = zip(torch.split(who, _RESCORED_AT_ONCE), torch.split(candidates, _RESCORED_AT_ONCE), strict=True)
    score = torch.cat([_score(memory, q[i], j) for i, j in pairs])
    order, rank = _ranked(who, score, candidates)
    order, rank = order[rank < k], rank[rank < k]
    rows = torch.full((len(q), k), -1, dtype=torch.long)
    scores = torch.full((len(q), k), float("-inf"))
    rows[who[order], rank] = candidates[order]
    scores[who[order], rank] = score[order]
    return rows, scores


def _score(memory: StyleMemory, q: Tensor, rows: Tensor) -> Tensor:
    """s_j of pairs: q' [C, D] with the rows [C]."""
    centred = F.normalize(memory.vectors[rows].double() - memory.mean_image.double(), dim=-1)
    return (q.double() * centred).sum(1).float()
