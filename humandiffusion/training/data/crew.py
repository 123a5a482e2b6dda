"""The processes of one run, as the preparation of data sees them: each does its share, all wait for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


def _nobody() -> None:
    pass


@dataclass(frozen=True)
class Crew:
    """Process `index` of `count`; `wait` returns when all have come to it."""

    index: int = 0
    count: int = 1
    wait: Callable[[], None] = _nobody

    @property
    def leads(self) -> bool:
        """Whether this process tells what happens."""
        return self.index == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """Every `count`-th of `items`, this process's own."""
        return items[self.index :: self.count]
