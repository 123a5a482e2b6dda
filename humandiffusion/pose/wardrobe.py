"""What a figure wears, by words: "long coat" becomes a long coat. Cuts, lengths and fits are in wardrobe.json."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ..parts import (
    BACKGROUND,
    DRESS,
    FACE,
    FOOTWEAR,
    HAIR,
    LEGGINGS,
    OUTER,
    PANTS,
    PART_NAMES,
    RING,
    ROMPERS,
    SKIN,
    SKIRT,
    TOP,
    part_index,
)
from ..prompts import PartPrompts
from .garments import Garment, cut

# What has no cut: bodies are not worn, and a ring is smaller than a pixel.
_UNWORN = (BACKGROUND, FACE, SKIN, RING)
_UPPER, _LOWER = (TOP, DRESS, ROMPERS), (SKIRT, DRESS, PANTS, LEGGINGS, ROMPERS)
# Parts that share a table of lengths.
_HEMS = {SKIRT: "skirt", DRESS: "skirt", OUTER: "outer", TOP: "top", PANTS: "pants", ROMPERS: "pants"}
# A flat front has no gap; a gap is worn open.
_GAPS = ("gap", "gap_hem")


def garments_for(prompts: PartPrompts | None) -> tuple[Garment, ...]:
    """The garments and the hair of the part prompts; a T-shirt, trousers and shoes where they leave the body bare,
    unless they say that nothing is there. None: the basics."""
    prompts = prompts or PartPrompts()
    said = [(prompt.part, prompt.phrase) for prompt in prompts.parts if prompt.weight > 0]
    return outfit(said, absent=prompts.absent, person=prompts.person)


def outfit(said: Iterable[tuple[int, str]], absent: Iterable[int] = (), person: str = "") -> tuple[Garment, ...]:
    """The same of (part, phrase) pairs, a part as often as it is worn; `person` are the words about the person."""
    pairs, absent = list(said), set(absent)
    worn = [garment for part, phrase in pairs if (garment := garment_for(part, phrase)) is not None]
    parts = {garment.part for garment in worn} | absent
    if not parts & set(_UPPER) and not any(part == OUTER and _is_open(phrase) for part, phrase in pairs):
        # Of what would show in an open front, somebody would have spoken.
        worn = [replace(garment, gap=0.0, gap_hem=0.0) if garment.part == OUTER else garment for garment in worn]
    if TOP in parts:
        worn = [_under_a_top(garment) if garment.part == DRESS else garment for garment in worn]
    basics = _data()["basics"]
    for name, places in (("upper", _UPPER), ("lower", _LOWER), ("feet", (FOOTWEAR,))):
        if not parts & set(places):
            part, phrase = basics[name]
            worn += [garment for garment in (garment_for(part_index(part), phrase),) if garment is not None]
    if HAIR not in parts:
        hair = _usual_hair(person + " " + " ".join(phrase for part, phrase in pairs if part == HAIR))
        worn += [cut(hair)] if hair else []
    return tuple(worn)


def garment_for(part: int, phrase: str) -> Garment | None:
    """One garment from its phrase, as (2, "long beige coat"); None for what is not worn, as background and face, and
    for hair of which the words do not say how it is cut."""
    if part in _UNWORN:
        return None
    table, words = _data()["parts"][PART_NAMES[part]], _Words(phrase)
    chosen = next((entry[1:] for entry in table["cuts"] if any(words.have(word) for word in entry[0])), table["else"])
    if not chosen:
        return None
    return _fitted(cut(chosen[0], **(chosen[1] if len(chosen) > 1 else {})), words)


def _is_open(phrase: str) -> bool:
    words = _Words(phrase)
    return any(words.have(word) for word in _data()["open"])


def _under_a_top(dress: Garment) -> Garment:
    """Of a dress that is worn with a top, photos mostly show what a skirt would show."""
    below = cut("skirt")
    return replace(below, part=dress.part, hem=dress.hem, ease=dress.ease, flare=max(dress.flare, below.flare))


def word_lengths(part: int, *, sleeves: bool = False) -> dict[str, float]:
    """The words for the length of a part, or of its sleeves, and where it then ends: on the body, or on the arm."""
    data = _data()
    return dict(data["sleeves"] if sleeves else data["hems"].get(_HEMS.get(part, ""), {}))


def _fitted(garment: Garment, words: "_Words") -> Garment:
    data = _data()
    hems = word_lengths(garment.part)
    # "long-sleeved" says nothing of the hem.
    hem_words = words.without(data["sleeves"])
    lengths = [hem for word, hem in hems.items() if hem_words.have(word)]
    sleeves = [sleeve for word, sleeve in data["sleeves"].items() if words.have(word)]
    changes: dict[str, Any] = {}
    if lengths:
        changes["hem"] = lengths[-1]
    if sleeves and garment.shape in ("bodice", "jumpsuit"):
        changes["sleeve"] = sleeves[-1]
    if garment.gap and any(words.have(word) for word in data["closed"]):
        changes |= dict.fromkeys(_GAPS, 0.0)
    garment = replace(garment, **changes)
    for word, added in data["fits"].items():
        if words.have(word) and garment.shape in ("bodice", "jumpsuit", "skirt", "trousers"):
            wider: Any = {name: max(getattr(garment, name) + by, 0.0) for name, by in added.items()}
            garment = replace(garment, **wider)
    return garment


def _usual_hair(text: str) -> str:
    hair, words = _data()["hair"], _Words(text)
    found = [name for name, people in hair["words"].items() if any(words.have(word) for word in people)]
    return str(found[0]) if found else str(hair["else"])


class _Words:
    """A phrase in which whole words, or runs of them, are found; hyphens and a plural's s do not matter."""

    def __init__(self, phrase: str) -> None:
        self._text = f" {_plain(phrase)} "

    def without(self, runs: Iterable[str]) -> "_Words":
        """The phrase without some runs of words."""
        text = self._text
        for run in sorted(map(_plain, runs), key=len, reverse=True):
            text = text.replace(f" {run} ", " ")
        return _Words(text)

    def have(self, word: str) -> bool:
        return re.search(f" {re.escape(_plain(word))}(s|es)? ", self._text) is not None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9']+", " ", text.lower()).split())


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "wardrobe.json").read_text(encoding="utf-8"))
    return data
