"""What a model is asked when its colours are judged: a sentence for each map, its garments in evenly dealt colours."""

import random
from dataclasses import dataclass

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
    """One picture to make: the photo whose map it takes, the sentence, and the colour asked of each part."""

    photo_id: str
    text: str
    asked: dict[int, str]


def large_garments(labels: Tensor, minimum: float = 0.01) -> list[int]:
    """The garment parts that cover at least `minimum` of the map [H, W], by index."""
    counts = torch.bincount(labels.flatten().long(), minlength=max(GARMENTS) + 1)
    return [part for part in GARMENTS if int(counts[part]) >= minimum * labels.numel()]


def ask_all(photos: list[tuple[str, dict[int, str]]], seed: int) -> list[Ask]:
    """Sentences for (photo id, {part: noun}): every basic colour is dealt equally often, give or take one."""
    count = sum(len(nouns) for _, nouns in photos)
    deck = [BASIC_NAMES[i % len(BASIC_NAMES)] for i in range(count)]
    random.Random(seed).shuffle(deck)
    dealt = iter(deck)
    asks = []
    for photo_id, nouns in photos:
        asked = {part: next(dealt) for part in nouns}
        asks.append(Ask(photo_id, sentence([f"{asked[part]} {noun}" for part, noun in nouns.items()]), asked))
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
