"""SMR (3): what a memory holds of a phrase or a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from .exact import ExactSearch, Scope
from .memory import StyleMemory

Modality = Literal["text", "image"]


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
    centred: bool = True,
    device: torch.device | str = "cpu",
) -> Hits:
    """The k best rows for each of q [M, D] (unit vectors): of its part, or by `scope` of all parts or all garments.

    s_j = q' . m'_j with m' = norm(m - mean_image), q' = norm(q - mean_text), or norm(q - mean_image) for an image
    query; w = softmax(s_A / tau) over A = top-k. Not `centred` is without this correction of the modality gap:
    s_j = q . m_j. `exclude_groups` gives for each query a group that it must not find: in training an item never
    retrieves itself nor a recoloured copy. Ties go to the lower row. A query whose part has no rows finds nothing. The
    search is exact, on whatever `device`. Raises InputError for a bad k, tau, modality, scope or width of q.
    """
    check_search(k, tau, scope)
    near = centre(memory, q, modality)
    q = near if centred else q.detach().cpu().float()
    banned = None if exclude_groups is None else memory.group_numbers(exclude_groups)
    search = ExactSearch(memory, device, centred)
    rows, scores = search.search(q, torch.as_tensor(parts, dtype=torch.long), k, scope, banned)
    return Hits(rows, scores, softmax_weights(scores, tau))


def centre(memory: StyleMemory, q: Tensor, modality: Modality) -> Tensor:
    """q' of queries [M, D]: the mean of their modality taken away, unit vectors again. Raises InputError."""
    if modality not in ("text", "image"):
        raise InputError(f"retrieval: got modality {modality!r}, wanted 'text' or 'image'")
    if q.ndim != 2 or q.shape[1] != memory.dim:
        raise InputError(
            f"retrieval: got queries of shape {list(q.shape)}, wanted [M, {memory.dim}] as the memory's vectors"
        )
    mean = memory.mean_text if modality == "text" else memory.mean_image
    return F.normalize(q.detach().cpu().float() - mean, dim=-1)


def softmax_weights(scores: Tensor, tau: float) -> Tensor:
    """softmax(scores / tau) [M, k], where a score of -inf (nothing found) weighs 0."""
    return torch.softmax(scores / tau, 1).nan_to_num(0.0)


def check_search(k: int, tau: float, scope: str) -> None:
    """Raises InputError for a setting out of range."""
    if k < 1 or not tau > 0:
        raise InputError(f"retrieval: got k = {k} and tau = {tau}, wanted k of 1 or more and tau above 0")
    if scope not in ("part", "all", "garments"):
        raise InputError(f"retrieval: got scope {scope!r}, wanted 'part', 'all' or 'garments'")
