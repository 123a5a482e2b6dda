"""What people said of a photo's parts: phrases out of its caption and its annotations, for crops to be known by."""

import re
from collections.abc import Collection, Mapping

from ..describe import describe
from ..parts import DRESS, LEGGINGS, OUTER, PANTS, PARTS, ROMPERS, SKIRT, TOP
from .xkcd import held_out_colours

# Which part each of DeepFashion-MultiModal's three garments is: the first of these that the map shows.
_GARMENTS = {"upper": (TOP, DRESS, ROMPERS), "lower": (PANTS, SKIRT, LEGGINGS), "outer": (OUTER,)}
_PATTERNS = {"pure colour": "plain", "lattice": "plaid"}
_SLEEVES = {"sleeveless": "sleeveless", "short": "short-sleeved", "long": "long-sleeved"}
_SAYS_NOTHING = ("other",)


def told_phrases(caption: str, facts: Mapping[str, str], parts: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Phrases for those of `parts` of which something is said: the caption's own words as `describe` deals them to
    parts, and `facts` by their names in DeepFashion-MultiModal (`upper fabric`: `denim`), as `long-sleeved denim top`.

    A phrase with a colour name that is kept out of training is left out.
    """
    found: dict[int, list[str]] = {}
    for prompt in describe(caption).parts if caption else ():
        if prompt.part in parts:
            found.setdefault(prompt.part, []).append(prompt.phrase)
    for garment, places in _GARMENTS.items():
        part = next((part for part in places if part in parts), None)
        words = _words(garment, facts)
        if part is not None and words:
            found.setdefault(part, []).append(" ".join((*words, PARTS[part].name)))
    kept = {part: tuple(phrase for phrase in phrases if not _kept_out(phrase)) for part, phrases in found.items()}
    return {part: phrases for part, phrases in kept.items() if phrases}


def _words(garment: str, facts: Mapping[str, str]) -> list[str]:
    sleeves = _SLEEVES.get(facts.get("sleeves", ""), "") if garment == "upper" else ""
    pattern, fabric = (facts.get(f"{garment} {kind}", "") for kind in ("pattern", "fabric"))
    words = (sleeves, _PATTERNS.get(pattern, pattern), fabric)
    return [word for word in words if word and word not in _SAYS_NOTHING]


def _kept_out(phrase: str) -> bool:
    """Whether a kept-out name is among the words, however they are joined: `teal-coloured`, `teal/white`, `teal's`."""
    said = _plain(phrase)
    return any(_plain(name) in said for name in held_out_colours())


def _plain(words: str) -> str:
    return " ".join(("", *re.findall(r"[^\W_]+", words.lower()), ""))
