"""Figures of a set of pictures with how sure they are: every one is counted map by map, because the pictures of one map
hang together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .intervals import Interval, interval

DRAWS = 1000


@dataclass(frozen=True)
class Figure:
    """A value with the bounds of its 95% interval, if it has one, and on how many it rests."""

    value: float
    low: float | None = None
    high: float | None = None
    count: int = 0

    @staticmethod
    def of(found: Interval, count: int) -> "Figure":
        """From a bootstrap's interval."""
        return Figure(found.mean, found.low, found.high, count)


class Tallies:
    """Sums and counts of named figures over N maps."""

    def __init__(self, maps: int) -> None:
        self.maps = maps
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, Tensor] = {}

    def add(self, name: str, index: int, value: float, count: float = 1) -> None:
        """Map `index` has `value` more of `count` more: right answers of those asked, a sum of overlaps of pictures."""
        for table in (self._sums, self._counts):
            table.setdefault(name, torch.zeros(self.maps, dtype=torch.float64))
        self._sums[name][index] += value
        self._counts[name][index] += count

    @property
    def names(self) -> list[str]:
        """Those that count anything."""
        return [name for name, counts in self._counts.items() if float(counts.sum()) > 0]

    def of(self, name: str) -> tuple[Tensor, Tensor]:
        """Sums and counts [N]."""
        return self._sums[name], self._counts[name]

    def figure(self, name: str) -> Figure:
        """The mean and its interval."""
        sums, counts = self.of(name)
        return Figure.of(interval(sums, counts, draws=DRAWS), round(float(counts.sum())))

    def mean_of_ratios(self, prefix: str) -> Figure | None:
        """The mean over all figures called `prefix`... of each one's mean, as mIoU is over classes; None without any.

        Maps are drawn with replacement for its interval; a class that a draw has not does not count in it.
        """
        names = [name for name in self.names if name.startswith(prefix)]
        if not names:
            return None
        sums, counts = (torch.stack([table[name] for name in names], 1) for table in (self._sums, self._counts))
        chosen = torch.randint(0, self.maps, (DRAWS, self.maps), generator=torch.Generator().manual_seed(0))
        means = (sums[chosen].sum(1) / counts[chosen].sum(1)).nanmean(1)
        low, high = torch.quantile(means, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
        return Figure(float((sums.sum(0) / counts.sum(0)).mean()), low, high, len(names))


def difference(one: Tallies, other: Tallies, name: str) -> Figure | None:
    """How much more of `name` one has than the other, over the same maps; None where one of them has it not."""
    if name not in one.names or name not in other.names or one.maps != other.maps:
        return None
    (sums, counts), (others, other_counts) = one.of(name), other.of(name)
    generator = torch.Generator().manual_seed(0)
    chosen = torch.randint(0, one.maps, (DRAWS, one.maps), generator=generator)
    apart = sums[chosen].sum(1) / counts[chosen].sum(1) - others[chosen].sum(1) / other_counts[chosen].sum(1)
    low, high = torch.nanquantile(apart, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    value = float(sums.sum() / counts.sum() - others.sum() / other_counts.sum())
    return Figure(value, low, high, one.maps)


def quotient(one: Tallies, other: Tallies, name: str) -> Figure | None:
    """One's `name` over the other's, which is as unsure; None where one of them has it not, or the other's is 0.

    Over as many maps, the same are drawn for both: what makes a map hard for both does not widen the interval.
    """
    if name not in one.names or name not in other.names or float(other.of(name)[0].sum()) == 0:
        return None
    draw = torch.Generator().manual_seed(0)
    chosen = torch.randint(0, one.maps, (DRAWS, one.maps), generator=draw)
    theirs = chosen if one.maps == other.maps else torch.randint(0, other.maps, (DRAWS, other.maps), generator=draw)
    means = [sums[rows].sum(1) / counts[rows].sum(1) for (sums, counts), rows in
             ((one.of(name), chosen), (other.of(name), theirs))]  # fmt: skip
    drawn = means[0] / means[1]
    low, high = torch.quantile(drawn[drawn.isfinite()], torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Figure(one.figure(name).value / other.figure(name).value, low, high, round(float(one.of(name)[1].sum())))


def flat(figures: Mapping[str, Figure]) -> dict[str, float | int | None]:
    """For one JSON object: each value under its name, its bounds with `_low` and `_high`."""
    plain: dict[str, float | int | None] = {}
    for name, one in figures.items():
        plain[name] = one.value
        if one.low is not None:
            plain |= {f"{name}_low": one.low, f"{name}_high": one.high}
    return plain
