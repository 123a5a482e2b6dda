"""What a sentence says of each thing: a mention collects the words of one garment or body part while it is read."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..lexicon import singular
from .groups import words_of
from .items import Item


@dataclass
class Tail:
    """What follows the noun: "with long sleeves" (link "with"), "over her shoulder"."""

    link: str
    modifiers: list[Item]
    noun: list[Item]

    @property
    def text(self) -> str:
        return words_of([*self.modifiers, *self.noun])


@dataclass
class Mention:
    """One thing that the sentence describes.

    `part` is None until the encoder places it. `pieces` are the parts of a set ("suit"). `noun` may be empty:
    "blonde" alone is a mention of hair.
    """

    part: int | None
    noun: list[Item] = field(default_factory=list)
    front: list[Item] = field(default_factory=list)
    tails: list[Tail] = field(default_factory=list)
    negatives: list[Item] = field(default_factory=list)
    pieces: dict[int, str] | None = None
    lead: tuple[str, ...] = ()  # the function words before it
    link: str = "and"  # how it hangs on the mention before it: "and", "over" or "under"
    worn: bool = False  # "wearing" or "in a" led to it: of the parts it can only be a garment
    everything: bool = False  # "all in black": shoes too

    @property
    def items(self) -> list[Item]:
        found = [*self.front, *self.noun]
        for tail in self.tails:
            found += [*tail.modifiers, *tail.noun]
        return found

    def is_same_as(self, head: Item) -> bool:
        return bool(self.noun) and singular(self.noun[-1].text) == singular(head.text)

    def describe(self, items: Sequence[Item]) -> None:
        """Adds describing words before the noun; those said later stand first: "red" of "a long dress in red"."""
        self.front = [*items, *self.front]

    def colours(self) -> list[Item]:
        """The run of colour and pattern words before the noun, with the "and" between them."""
        at = [index for index, item in enumerate(self.front) if item.kind in ("colour", "pattern")]
        return self.front[at[0] : at[-1] + 1] if at else []

    def phrase(self, noun: str | None = None) -> str:
        """All that is said of it as one phrase, `noun` in place of its own noun."""
        words = [words_of(self.front), words_of(self.noun) if noun is None else noun]
        for index, tail in enumerate(self.tails):
            again = index and tail.link == self.tails[index - 1].link == "with"
            words += ["and" if again else tail.link, tail.text]
        return " ".join(word for word in words if word)


def weight_of(items: Iterable[Item]) -> tuple[float, bool]:
    """The weight farthest from 1 (by factor) among the words, and whether the words differ in weight."""
    weights = [item.weight for item in items if item.is_content]
    if not weights:
        return 1.0, False
    return max(weights, key=lambda weight: math.inf if weight <= 0 else abs(math.log(weight))), len(set(weights)) > 1
