"""Does a part look like its phrase? By a part encoder, calibrated by what other phrases of the same part would score.

The cosine of a phrase and a crop means something else with every encoder and every part, so it is never shown alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..colour import BASIC_COLOURS, HAIR_COLOURS, SKIN_TONES
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..lexicon import synonyms_of
from ..parts import BACKGROUND, BODY, FACE, HAIR, PART_NAMES, SKIN

_NOUNS = 6
_OWN_COLOURS = {HAIR: HAIR_COLOURS, SKIN: SKIN_TONES}
_SAME = 1e-6  # scores that differ by rounding alone


@dataclass(frozen=True)
class TextFit:
    """How a phrase fits its part: `cosine` of the two, and `fit`, the share of `others` other phrases that fit worse.

    `fit` is 0.5 by chance and 1 where none fits better, whatever the encoder.
    """

    cosine: float
    fit: float
    others: int


class TextJudge:
    """Judges pictures by the phrases of their parts; the phrases are encoded once, for all pictures of a batch."""

    def __init__(self, encoder: PartEncoder, phrases: Mapping[int, str]) -> None:
        self._encoder = encoder
        told = {part: phrase for part, phrase in phrases.items() if can_be_judged(part, phrase)}
        self._asked = {part: encoder.encode_text([phrase]).float().cpu()[0] for part, phrase in told.items()}
        self._others = {part: encoder.encode_text(other_phrases(part)).float().cpu() for part in told}

    def __call__(self, image: Tensor, labels: Tensor) -> dict[int, TextFit]:
        """The fit of every part of `labels` [H, W] whose phrase tells how it looks; image [3, H, W], sRGB 0..1."""
        crops = cut_parts(image, labels, self._encoder.crop_size, self._asked)
        vectors = self._encoder.encode_image(crops.images, crops.masks).float().cpu()
        return {part: self._fit(part, one) for part, one in zip(crops.parts.tolist(), vectors, strict=True)}

    def _fit(self, part: int, picture: Tensor) -> TextFit:
        asked, others = self._asked[part], self._others[part]
        # Centred, so that a phrase which every picture likes gains nothing by that.
        own = F.normalize(asked - others.mean(0), dim=0) @ picture
        rest = F.normalize(others - others.mean(0), dim=1) @ picture
        worse = torch.where((rest - own).abs() <= _SAME, 0.5, (rest < own).float())
        return TextFit(float(asked @ picture), float(worse.mean()), len(rest))


def can_be_judged(part: int, phrase: str) -> bool:
    """Whether a crop can answer a phrase: not a face or a scene, nor "skin of a man", which tells no look."""
    if part in (FACE, BACKGROUND) or not phrase.strip():
        return False
    return part not in BODY or any(name in phrase.lower() for name in _OWN_COLOURS[part])


def other_phrases(part: int) -> list[str]:
    """The phrases that a phrase is compared with: the part's usual nouns in every basic colour."""
    nouns = [PART_NAMES[part]] if part in BODY else synonyms_of(part)[:_NOUNS]
    return [f"{colour} {noun}" for noun in nouns for colour in _OWN_COLOURS.get(part, BASIC_COLOURS)]
