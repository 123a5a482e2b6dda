"""The training pictures' own features, and what SMR makes of them."""

import torch
from torch import Tensor

from ..smr.memory import StyleMemory
from ..smr.query import query
from ..smr.refresh import refresh
from .photos import Photos
from .variants import Variants


def refreshed(variants: Variants, memory: StyleMemory, photos: Photos, *, k: int = 4, tau: float = 0.05) -> Tensor:
    """Image queries and their refreshed twins, fp16 [N, 2, P, D]. A picture finds neither itself nor a recoloured
    copy.
    """
    found = torch.zeros_like(variants.queries)
    there = variants.queries.float().square().sum(-1) > 0
    for part in range(variants.queries.shape[1]):
        rows = there[:, part].nonzero()[:, 0]
        q = variants.queries[rows, part].float()
        groups = [photos.source(photos.ids[i]) for i in variants.photo[rows].tolist()]
        for start in range(0, len(rows), 1024):
            span = slice(start, start + 1024)
            parts = torch.full((len(q[span]),), part)
            hits = query(memory, q[span], parts, modality="image", k=k, tau=tau, exclude_groups=groups[span])
            found[rows[span], part] = refresh(memory, q[span], hits).half()
    return torch.stack((variants.queries, found), 1)
