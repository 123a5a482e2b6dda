"""SMR (4): the query, replaced or mixed with what the memory holds."""

import torch.nn.functional as F
from torch import Tensor

from .memory import StyleMemory
from .query import Hits


def refresh(memory: StyleMemory, q: Tensor, hits: Hits, g: float | Tensor = 1.0) -> Tensor:
    """norm(g r + (1 - g) q) [M, D], r = norm(sum_A w_j m_j) on the raw vectors; g = 0 returns q itself, untouched.

    What comes out with g = 1 is always a combination of stored image features, whatever modality asked (paper, figure;
    the convex projection is DeCap's, Li et al. 2023). A query that found nothing stays as it is. `g` may be one for
    each query [M].
    """
    if (isinstance(g, (int, float)) and g == 0) or not len(memory):
        return q
    m = memory.vectors[hits.rows.clamp_min(0)].to(q.dtype)
    r = F.normalize((hits.weights[..., None].to(q.dtype) * m).sum(1), dim=-1)
    share = g[:, None] if isinstance(g, Tensor) else g
    mixed = F.normalize(share * r + (1 - share) * q, dim=-1)
    found = (hits.rows >= 0).any(1, keepdim=True)
    keep = ~found if isinstance(g, (int, float)) else ~found | (g[:, None] == 0)
    return q.where(keep, mixed)
