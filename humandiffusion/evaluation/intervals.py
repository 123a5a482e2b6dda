"""How sure a mean over pictures is: bootstrap over the pictures, because what is in one picture hangs together."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds that it lies between with a confidence of 95%."""

    mean: float
    low: float
    high: float


def interval(sums: Tensor, counts: Tensor, *, draws: int = 4000, seed: int = 0) -> Interval:
    """The mean sum(sums) / sum(counts) over N pictures, and its percentile bootstrap interval (Efron, 1979).

    sums [N] and counts [N], as right colours and asked ones of each picture. Pictures are drawn with replacement;
    those that count 0 say nothing. For a difference of two variants give the difference of their sums: the same
    pictures are drawn for both, so what makes a picture hard for both does not widen the interval.
    """
    sums, counts = sums.double(), counts.double()
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(0, len(sums), (draws, len(sums)), generator=generator)
    means = sums[chosen].sum(1) / counts[chosen].sum(1)
    low, high = torch.nanquantile(means, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Interval(float(sums.sum() / counts.sum()), low, high)
