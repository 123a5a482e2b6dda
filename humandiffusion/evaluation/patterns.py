"""Does a garment show the pattern asked? By a part encoder's own zero-shot, beside what it tells on real cloth.

Few encoders are sure of patterns, so a share of right answers means little alone: its ceiling is the share told right
on photos' own garments that were given patterns as training gives them (`training/recolour.py`).
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..colour import BASIC_COLOURS
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..training.recolour import Cloth, dress
from .asking import NOUNS, Card, large_garments
from .colours import BASIC_NAMES

# The word that asks for it, and the pattern of `recolour.PATTERNS` that shows it; None: plain cloth.
PATTERNS: dict[str, str | None] = {
    "plain": None,
    "striped": "striped",
    "dotted": "polka dot",
    "floral": "floral",
    "plaid": "checked",
}
PATTERN_NAMES: tuple[str, ...] = tuple(PATTERNS)
PATTERN_CARDS: tuple[Card, ...] = tuple(
    Card(f"{pattern} {colour}", colour, pattern) for colour in BASIC_NAMES for pattern in PATTERN_NAMES
)


@dataclass(frozen=True)
class PartPattern:
    """One part of one picture: the pattern asked and the one that the encoder tells."""

    part: int
    asked: str
    seen: str

    @property
    def right(self) -> bool:
        """The pattern asked is the one told."""
        return self.asked == self.seen


class PatternJudge:
    """Tells patterns by the nearest of five phrases: `striped red blouse` against the same with the other words."""

    def __init__(self, encoder: PartEncoder) -> None:
        self._encoder = encoder
        self._phrases: dict[tuple[int, str], Tensor] = {}

    def __call__(
        self, image: Tensor, labels: Tensor, patterns: dict[int, str], colours: dict[int, str]
    ) -> list[PartPattern]:
        """Judge the parts of `patterns` in `image` [3, H, W], sRGB 0..1, of the map `labels` [H, W]; the colours asked
        stand in the phrases, so that pattern alone is told. A part that the map has not is left out."""
        parts = [part for part in patterns if bool((labels == part).any())]
        crops = [cut_mask(image, labels == part, self._encoder.crop_size) for part in parts]
        if not crops:
            return []
        images, masks = (torch.stack(both) for both in zip(*crops, strict=True))
        vectors = self._encoder.encode_image(images, masks).float().cpu()
        told = [int((self._of(p, colours[p]) @ one).argmax()) for p, one in zip(parts, vectors, strict=True)]
        return [PartPattern(p, patterns[p], PATTERN_NAMES[i]) for p, i in zip(parts, told, strict=True)]

    def _of(self, part: int, colour: str) -> Tensor:
        key = (part, colour)
        if key not in self._phrases:
            phrases = [f"{pattern} {colour} {NOUNS[part]}" for pattern in PATTERN_NAMES]
            self._phrases[key] = self._encoder.encode_text(phrases).float().cpu()
        return self._phrases[key]


def dressed_photo(image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, dict[int, str], dict[int, str]]:
    """A photo [3, H, W] whose large garments have patterns and colours dealt by `seed`, the patterns, the colours."""
    rng, draw = random.Random(seed), torch.Generator().manual_seed(seed)
    patterns: dict[int, str] = {}
    colours: dict[int, str] = {}
    for part in large_garments(labels):
        first, second = rng.sample(BASIC_NAMES, 2)
        patterns[part], colours[part] = rng.choice(PATTERN_NAMES), first
        cloth = Cloth(_shade(first), PATTERNS[patterns[part]], _shade(second))
        image = dress(image, labels == part, cloth, draw)
    return image, patterns, colours


def told_right(rows: Iterable[PartPattern]) -> tuple[int, int]:
    """How many are right, of how many."""
    hits = [row.right for row in rows]
    return sum(hits), len(hits)


def _shade(name: str) -> tuple[float, float, float]:
    red, green, blue = BASIC_COLOURS[name]
    return red / 255, green / 255, blue / 255
