"""Hits that differ from each other: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998)."""

import torch
from torch import Tensor


def diverse(scores: Tensor, vectors: Tensor, k: int, diversity: float) -> Tensor:
    """Places of k of n candidates, in the order that they were chosen, long [min(k, n)].

    The best by `scores` [n] comes first; then again and again the one of the highest (1 - diversity) score - diversity
    likeness, likeness being its highest cosine with one chosen before. vectors [n, D] are unit vectors. With diversity
    0 that is the order of the scores; ties go to the lower place.
    """
    left = scores.clone().double()
    like = torch.full_like(left, -1.0)
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        worth = left if not chosen else (1 - diversity) * left - diversity * like
        best = int(worth.argmax())
        chosen.append(best)
        left[best] = float("-inf")
        like = torch.maximum(like, (vectors @ vectors[best]).double())
    return torch.tensor(chosen, dtype=torch.long)
