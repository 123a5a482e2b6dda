"""What a model is asked when its colours are judged: a sentence for each map, its garments in evenly dealt colours."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..colour import BASIC_COLOURS
from ..parts import (
    EYEGLASS,
    FACE,
    FOOTWEAR,
    GARMENTS,
    HAIR,
    HEADWEAR,
    NECKWEAR,
    OUTER,
    PANTS,
    PART_NAMES,
    ROMPERS,
    SKIN,
    WRIST,
)
from .colours import BASIC_NAMES

# How people call a part of which nothing finer is known.
NOUNS = {part: PART_NAMES[part] for part in GARMENTS} | {
    OUTER: "jacket",
    PANTS: "trousers",
    HEADWEAR: "hat",
    EYEGLASS: "glasses",
    NECKWEAR: "scarf",
    FOOTWEAR: "shoes",
    WRIST: "bracelet",
    ROMPERS: "romper",
}
_NOT_ASKED = {HAIR: (60, 45, 36), FACE: (224, 180, 156), SKIN: (220, 170, 145)}
_PLAIN = (191, 191, 191)


@dataclass(frozen=True)
class Ask:
    """One picture to make: the photo whose map it takes, the sentence, and the basic colour asked of each part.

    `words`: what the sentence says of each of these parts, `crimson` or `striped red`. `patterns`: those asked, if any.
    """

    photo_id: str
    text: str
    asked: dict[int, str]
    words: dict[int, str] = field(default_factory=dict)
    patterns: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """What one garment is asked: the words for it, the basic colour that they mean, the pattern that they name."""

    words: str
    colour: str
    pattern: str | None = None


PLAIN_CARDS: tuple[Card, ...] = tuple(Card(name, name) for name in BASIC_NAMES)


def large_garments(labels: Tensor, minimum: float = 0.01) -> list[int]:
    """The garment parts that cover at least `minimum` of the map [H, W], by index."""
    counts = torch.bincount(labels.flatten().long(), minlength=max(GARMENTS) + 1)
    return [part for part in GARMENTS if int(counts[part]) >= minimum * labels.numel()]


def ask_all(photos: list[tuple[str, dict[int, str]]], seed: int, cards: Sequence[Card] = PLAIN_CARDS) -> list[Ask]:
    """Sentences for (photo id, {part: noun}): every card, as each basic colour, is dealt equally often, give or take
    one.
    """
    count = sum(len(nouns) for _, nouns in photos)
    deck = [cards[i % len(cards)] for i in range(count)]
    random.Random(seed).shuffle(deck)
    dealt = iter(deck)
    asks = []
    for photo_id, nouns in photos:
        hand = {part: next(dealt) for part in nouns}
        text = sentence([f"{hand[part].words} {noun}" for part, noun in nouns.items()])
        colours, words = ({part: getattr(card, name) for part, card in hand.items()} for name in ("colour", "words"))
        patterns = {part: card.pattern for part, card in hand.items() if card.pattern is not None}
        asks.append(Ask(photo_id, text, colours, words, patterns))
    return asks


def sentence(garments: list[str]) -> str:
    """Garments with their colours -> `A person in a red blouse, blue jeans and brown boots`."""
    if not garments:
        return "A person"
    told = [garment if _is_plural(garment) else f"{_article(garment)} {garment}" for garment in garments]
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"A person in {listed}"


def flat_picture(labels: Tensor, asked: dict[int, str]) -> Tensor:
    """The map [H, W] filled with the asked colours, sRGB [3, H, W] in 0..1: what a model must be far better than.

    Hair, face and skin take one fixed colour each; the background and what was not asked a light grey.
    """
    table = torch.tensor([_PLAIN] * 256, dtype=torch.float32)
    for part, colour in (_NOT_ASKED | {part: BASIC_COLOURS[name] for part, name in asked.items()}).items():
        table[part] = torch.tensor(colour, dtype=torch.float32)
    return (table / 255)[labels.long()].permute(2, 0, 1).contiguous()


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _is_plural(garment: str) -> bool:
    return garment.endswith("s") and not garment.endswith("ss")
