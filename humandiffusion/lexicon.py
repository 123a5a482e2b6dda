"""The words we know: which part a garment word means, and what colours, patterns, fabrics and so on are called.

The words are in lexicon.json, grouped by kind and sorted by nothing; multi-word entries are written with spaces or
hyphens, and are found either way ("t-shirt", "t shirt", "tshirt"). Plurals of regular nouns need no entry of their own.
Which part a garment belongs to follows the label maps of the photo set: a waistcoat is `outer`, stockings `leggings`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .parts import FACE, HAIR, PARTS, SKIN, part_index

_DATA: dict[str, Any] = json.loads(Path(__file__).with_name("lexicon.json").read_text(encoding="utf-8"))

COLOUR_WORDS: tuple[str, ...] = tuple(_DATA["colours"])
PATTERN_WORDS: tuple[str, ...] = tuple(_DATA["patterns"])
FABRIC_WORDS: tuple[str, ...] = tuple(_DATA["fabrics"])
LENGTH_WORDS: tuple[str, ...] = tuple(_DATA["lengths"])

GARMENT_WORDS: dict[str, int] = {word: part_index(name) for name, words in _DATA["garments"].items() for word in words}

# One word that dresses several parts ("suit"): part -> what the piece there is called, {} being the word itself.
GARMENT_SETS: dict[str, dict[int, str]] = {
    word: {part_index(name): piece for name, piece in pieces.items()} for word, pieces in _DATA["sets"].items()
}

# Words that say of themselves that something is not there ("barefoot").
ABSENCE_WORDS: dict[str, tuple[int, ...]] = {
    word: tuple(part_index(name) for name in names) for word, names in _DATA["absent"].items()
}

# Where a thing is worn -> what it is, for things that we have no word for ("a jewelled thing on her finger").
LOCATION_PARTS: dict[str, int] = {
    word: part_index(name) for name, words in _DATA["locations"].items() for word in words
}

# Words that carry no content of their own: articles, pronouns, prepositions, conjunctions, "is", "wearing", "carrying".
FUNCTION_WORDS: frozenset[str] = frozenset((*_DATA["function"], *_DATA["verbs"]["wear"], *_DATA["verbs"]["carry"]))
WEAR_WORDS: frozenset[str] = frozenset(_DATA["verbs"]["wear"])
CARRY_WORDS: frozenset[str] = frozenset(_DATA["verbs"]["carry"])
SCENE_PREPOSITIONS: frozenset[str] = frozenset(_DATA["scene_prepositions"])

UNSPECIFIC_PEOPLE: frozenset[str] = frozenset(_DATA["unspecific_people"])
MANY_PEOPLE: frozenset[str] = frozenset(_DATA["many_people"])

# Kinds of words that describe, and kinds that name a thing.
DESCRIBING = ("colour", "pattern", "fabric", "length", "modifier", "hair modifier", "face modifier", "skin modifier",
              "person modifier")  # fmt: skip
NAMING = ("garment", "set", "clothes", "detail", "hair", "face", "skin", "person", "scene", "style", "prop", "pose",
          "absence", "nothing")  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What a word or a run of words may be: its kinds, the likeliest first, and its part if it names one."""

    word: str
    kinds: tuple[str, ...]
    part: int | None = None

    @property
    def kind(self) -> str:
        return self.kinds[0]


def synonyms_of(part: int) -> list[str]:
    """Names for a part, its own name first: "top", "shirt", "blouse" ... Body parts and background have few."""
    names = [PARTS[part].name, *PARTS[part].synonyms]
    names += [word for word, index in GARMENT_WORDS.items() if index == part]
    return list(dict.fromkeys(names))


def look_up(words: Sequence[str]) -> Entry | None:
    """The entry for a run of words as a whole, None if there is none; case, hyphens and plurals do not matter."""
    words = [word.lower() for word in words]
    if len(words) > 1 and " ".join(words) not in _SPACED and any(word in FUNCTION_WORDS for word in words):
        return None  # "a top" is not "atop"
    joined = _key("".join(words))
    return next((_ENTRIES[key] for key in (joined, *_singulars(joined)) if key in _ENTRIES), None)


def singular(word: str) -> str:
    """A form that singular and plural share, to compare nouns: "dresses" and "dress" both give "dress"."""
    key = _key(word)
    return next((form for form in _singulars(key) if form in _ENTRIES), key)


def _key(word: str) -> str:
    word = word.lower()
    word = re.sub(r"'s$|s'$", "", word) if word != "'s" else word
    return re.sub(r"[\s'-]", "", word)


def _singulars(key: str) -> list[str]:
    forms = []
    if key.endswith("ies"):
        forms.append(key[:-3] + "y")
    if key.endswith("ves"):
        forms += [key[:-3] + "f", key[:-3] + "fe"]
    if key.endswith("es"):
        forms.append(key[:-2])
    if key.endswith("s") and not key.endswith("ss"):
        forms.append(key[:-1])
    return forms


def _all_entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {}

    def add(kind: str, words: Iterable[str], part: int | None = None) -> None:
        for word in words:
            old = found.get(_key(word), Entry(word, (), None))
            kinds = old.kinds if kind in old.kinds else (*old.kinds, kind)
            found[_key(word)] = Entry(old.word, kinds, part if old.part is None else old.part)

    # The order settles what a word means first if it is in several lists: "tan" is a colour, "pearl" a fabric.
    add("absence", ABSENCE_WORDS)
    add("nothing", _DATA["nude"])
    for word, part in GARMENT_WORDS.items():
        add("garment", [word], part)
    add("set", GARMENT_SETS)
    add("clothes", _DATA["clothes"])
    for kind in ("colours", "patterns", "fabrics", "lengths", "modifiers"):
        add(kind.removesuffix("s"), _DATA[kind])
    add("hair modifier", _DATA["hair_modifiers"], HAIR)
    add("face modifier", _DATA["face_modifiers"], FACE)
    add("skin modifier", _DATA["skin_modifiers"], SKIN)
    add("person modifier", _DATA["person_modifiers"])
    add("hair", _DATA["hair"], HAIR)
    add("face", _DATA["face"], FACE)
    add("skin", _DATA["skin"], SKIN)
    for name, words in _DATA["details"].items():
        add("detail", words, part_index(name) if name else None)
    add("person", _DATA["people"])
    add("pose", _DATA["pose"])
    add("style", _DATA["style"])
    add("scene", _DATA["scene"])
    add("prop", _DATA["props"])
    return found


_ENTRIES = _all_entries()
_SPACED = frozenset(
    re.sub(r"[-]", " ", entry.word) for entry in _ENTRIES.values() if " " in entry.word or "-" in entry.word
)
MAX_WORDS = max(len(word.split()) for word in _SPACED)
