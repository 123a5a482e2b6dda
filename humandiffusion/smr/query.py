"""SMR (3): exact search of the memory, block by block."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from .memory import StyleMemory, group_of

Modality = Literal["text", "image"]
Scope = Literal["part", "all"]
BLOCK = 65536


@dataclass(frozen=True)
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
    """The k best rows for each of q [M, D] (unit vectors) among its part's rows, or (`scope="all"`) among all.

    s_j = q' . m'_j with m' = norm(m - mean_image), q' = norm(q - mean_text), or norm(q - mean_image) for an image query;
    w = softmax(s_A / tau) over A = top-k. `exclude_groups` gives for each query a group that it must not find: in training
    an item never retrieves itself nor a recoloured copy. Ties go to the lower row. Raises InputError for a bad k or tau.
    """
    if k < 1 or not tau > 0:
        raise InputError(f"retrieval: got k = {k} and tau = {tau}, wanted k of 1 or more and tau above 0")
    centre = memory.mean_text if modality == "text" else memory.mean_image
    q = F.normalize(q.float() - centre, dim=-1)
    parts = torch.as_tensor(parts, dtype=torch.long)
    rows = torch.full((len(q), k), -1, dtype=torch.long)
    scores = torch.full((len(q), k), float("-inf"))
    groups = _group_numbers(memory, exclude_groups)
    for part in [-1] if scope == "all" else parts.unique().tolist():
        asked = torch.arange(len(q)) if part == -1 else (parts == part).nonzero()[:, 0]
        span = slice(0, len(memory)) if part == -1 else memory.rows_of(part)
        found = _best(memory, q[asked], span, k, None if groups is None else (groups[0], groups[1][asked]))
        rows[asked, : found[0].shape[1]], scores[asked, : found[1].shape[1]] = found
    rows[scores == float("-inf")] = -1
    weights = torch.softmax(scores / tau, 1).nan_to_num(0.0)
    return Hits(rows, scores, weights)


def _best(
    memory: StyleMemory, q: Tensor, span: slice, k: int, groups: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor]:
    rows = torch.zeros(len(q), 0, dtype=torch.long)
    scores = torch.zeros(len(q), 0)
    for start in range(span.start, span.stop, BLOCK):
        stop = min(start + BLOCK, span.stop)
        m = F.normalize(memory.vectors[start:stop].float() - memory.mean_image, dim=-1)
        s = q @ m.T
        if groups is not None:
            s = s.masked_fill(groups[0][start:stop][None] == groups[1][:, None], float("-inf"))
        scores = torch.cat((scores, s), 1)
        rows = torch.cat((rows, torch.arange(start, stop).expand(len(q), -1)), 1)
        order = scores.argsort(dim=1, descending=True, stable=True)[:, :k]
        scores, rows = scores.gather(1, order), rows.gather(1, order)
    return rows, scores


def _group_numbers(memory: StyleMemory, exclude: Sequence[str | None] | None) -> tuple[Tensor, Tensor] | None:
    """Groups as numbers: of every row [N], and of what each query excludes [M] (-1: nothing)."""
    if exclude is None:
        return None
    numbers: dict[str, int] = {}
    of_rows = [numbers.setdefault(group_of(source), len(numbers)) for source in memory.sources]
    of_queries = [-1 if group is None else numbers.get(group, -1) for group in exclude]
    return torch.tensor(of_rows, dtype=torch.long), torch.tensor(of_queries, dtype=torch.long)
