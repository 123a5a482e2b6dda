"""Things that the lexicon does not name go to the part whose names the encoder finds nearest."""

import math

import torch

from ..encoders.base import PartEncoder
from ..lexicon import synonyms_of
from ..parts import GARMENTS, NUM_PARTS, PART_NAMES
from .groups import words_of
from .mentions import Mention
from .state import Reading

_NAMES_EACH = 6  # names of a part that are compared; the first are the common ones


def place(reading: Reading, encoder: PartEncoder | None) -> None:
    """Gives every unplaced mention its part: the one with the name of the highest cosine to the phrase.

    A thing that is worn can only be a garment. Notes say phrase, part and score. Without an encoder the phrase is only
    noted.
    """
    if not reading.unplaced:
        return
    if encoder is None:
        for mention in reading.unplaced:
            without = f", without {words_of(mention.negatives)}," if mention.negatives else ""
            reading.notes.append(
                f"'{mention.phrase()}'{without} names no known garment, and no encoder was given to place it"
            )
    else:
        for mention, part, score in _nearest(reading.unplaced, encoder):
            mention.part = part
            reading.notes.append(
                f"'{mention.phrase()}' names no known garment: taken for {PART_NAMES[part]} (cosine {score:.2f})"
            )
            if part == 0:
                reading.scene.append(mention.phrase())
                reading.scene_items += mention.items
            else:
                reading.mentions.append(mention)
    reading.unplaced.clear()


def _nearest(mentions: list[Mention], encoder: PartEncoder) -> list[tuple[Mention, int, float]]:
    names = [(part, name) for part in range(NUM_PARTS) for name in synonyms_of(part)[:_NAMES_EACH]]
    with torch.no_grad():
        known = encoder.encode_text([name for _, name in names]).float()
        asked = encoder.encode_text([mention.phrase() for mention in mentions]).float()
    found = []
    for mention, scores in zip(mentions, asked @ known.T, strict=True):
        allowed = torch.tensor([not mention.worn or part in GARMENTS for part, _ in names], device=scores.device)
        scores = scores.masked_fill(~allowed, -math.inf)
        best = int(scores.argmax())
        found.append((mention, names[best][0], float(scores[best])))
    return found
