"""Recall at k between texts and crops, where several crops may answer one text."""

import torch
from torch import Tensor


def recall_at(scores: Tensor, right: Tensor, k: int) -> float:
    """Share of queries with a right answer among their k best.

    scores [Q, N], right [Q, N] bool; queries without any right answer do not count. Ties go to the lower index.
    """
    asked = right.any(1)
    best = scores.argsort(dim=1, descending=True, stable=True)[:, :k]
    found = right.gather(1, best).any(1)
    return float(found[asked].float().mean())


def same_text(texts: list[str], crop_texts: list[str]) -> Tensor:
    """right [T, N]: crop n is an answer to text t if t is that crop's text."""
    index = {text: i for i, text in enumerate(texts)}
    rows = torch.tensor([index[text] for text in crop_texts])
    return rows[None] == torch.arange(len(texts))[:, None]
