"""What is random in a step of training depends on the seed, the step and the process alone, so that a run that was
stopped goes on as if it had not been.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Sampler

from .data.crew import Crew


def seed_of(*words: object) -> int:
    """A seed of 63 bits for what these words name."""
    text = " ".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class Turn:
    """One forward and backward of one process: part `part` of the optimiser's step `step`."""

    step: int
    part: int
    seed: int

    def generator(self) -> torch.Generator:
        """On the CPU, seeded for this turn."""
        return torch.Generator().manual_seed(self.seed)

    def seed_everything(self) -> None:
        """The global generators of this process, of whatever library."""
        torch.manual_seed(self.seed)
        random.seed(self.seed)
        np.random.seed(self.seed % 2**32)


class EndlessBatches(Sampler[list[int]]):
    """Numbers of items for a DataLoader's `batch_sampler`: 0, 1, 2 ... in batches, each process its own, from `turn`
    on.

    A dataset makes its item i from its seed and i alone (`EndlessOrder` for which row it shows).
    """

    def __init__(self, batch: int, turn: int = 0, crew: Crew | None = None) -> None:
        self.batch, self.turn, self.crew = batch, turn, crew or Crew()

    def __iter__(self) -> Iterator[list[int]]:
        turn = self.turn
        while True:
            first = (turn * self.crew.count + self.crew.index) * self.batch
            yield list(range(first, first + self.batch))
            turn += 1


class EndlessOrder:
    """Rows 0 to count - 1 over and over, shuffled anew each time."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._epoch, self._rows = -1, torch.empty(0)

    def __getitem__(self, number: int) -> int:
        epoch, place = divmod(number, self.count)
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(seed_of("order", self.seed, epoch))
            self._epoch, self._rows = epoch, torch.randperm(self.count, generator=generator)
        return int(self._rows[place])
