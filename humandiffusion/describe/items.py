"""Words become items: a garment, a colour, a person, a function word ... The longest entry of the lexicon wins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..lexicon import DESCRIBING, FUNCTION_WORDS, MAX_WORDS, NAMING, Entry, look_up
from ..parts import FACE, HAIR, SKIN
from .words import Word

# What the end of an unknown word tells: "a curly-fringed woman", "a fur-collared coat", "casually".
_ENDINGS: tuple[tuple[tuple[str, ...], str, int | None], ...] = (
    (("-haired", "-locked", "-tressed"), "hair modifier", HAIR),
    (("-eyed", "-faced", "-lipped", "-cheeked", "-nosed", "-bearded", "-browed"), "face modifier", FACE),
    (("-skinned", "-complexioned", "-fingered"), "skin modifier", SKIN),
    (("-shouldered", "-built", "-bodied", "-chested", "-legged", "-armed", "-year-old"), "person modifier", None),
    (("-coloured", "-colored"), "colour", None),
)


@dataclass(frozen=True)
class Item:
    """One or more words that belong together. `kind` is one of the lexicon's kinds, "unknown", "function" or "mark"."""

    text: str
    kind: str
    part: int | None = None
    weight: float = 1.0
    kinds: tuple[str, ...] = ()
    word: str = ""  # the lexicon's spelling

    @property
    def low(self) -> str:
        return self.text.lower()

    @property
    def names(self) -> bool:
        return self.kind in NAMING

    @property
    def describes(self) -> bool:
        return self.kind in DESCRIBING

    @property
    def is_content(self) -> bool:
        return self.kind not in ("function", "mark")


def read_items(words: Sequence[Word]) -> list[Item]:
    """The items of a sentence, in order; every word is in exactly one of them."""
    items: list[Item] = []
    start = 0
    while start < len(words):
        item, length = _longest(words, start)
        items.append(item)
        start += length
    return [_settle(items, index) for index in range(len(items))]


def _longest(words: Sequence[Word], start: int) -> tuple[Item, int]:
    for length in range(min(MAX_WORDS, len(words) - start), 0, -1):
        run = words[start : start + length]
        if any(word.is_mark for word in run):
            if length == 1:
                return Item(run[0].text, "mark"), 1
            continue
        text = " ".join(word.text for word in run)
        if text.lower() in FUNCTION_WORDS:
            return Item(text, "function"), length
        entry = look_up([word.text for word in run])
        if entry:
            weight = max((word.weight for word in run), key=lambda value: abs(value - 1))
            return Item(text, entry.kind, entry.part, weight, entry.kinds, entry.word), length
    return _guess(words[start]), 1


def _guess(word: Word) -> Item:
    """An item for a word that the lexicon lacks, from its last piece ("wine-red") or its ending."""
    low = word.text.lower()
    if "'" in low and low.split("'")[0] in FUNCTION_WORDS:
        return Item(word.text, "function")
    for endings, kind, part in _ENDINGS:
        if low.endswith(endings):
            return Item(word.text, kind, part, word.weight, (kind,))
    bare = look_up([low.removesuffix("less").rstrip("-")]) if low.endswith("less") else None
    if bare and bare.kind == "garment":
        return Item(word.text, "absence", bare.part, word.weight)  # "a tie-less man"
    entry = _last_piece(low)
    if entry:
        return Item(word.text, entry.kind, entry.part, word.weight, entry.kinds, entry.word)
    if low[0].isdigit() or low.endswith("ly") or ("-" in low and low.endswith("ed")) or low.endswith("ish"):
        return Item(word.text, "modifier", None, word.weight, ("modifier",))
    return Item(word.text, "unknown", None, word.weight)


def _last_piece(low: str) -> Entry | None:
    pieces = low.split("-")
    for first in range(1, len(pieces)):
        entry = look_up(pieces[first:])
        if entry and entry.kind in (*DESCRIBING, "garment", "person"):
            return entry
    return None


def _settle(items: Sequence[Item], index: int) -> Item:
    """Chooses among the kinds of a word by what stands next to it."""
    item = items[index]
    before = items[index - 1] if index else None
    after = items[index + 1] if index + 1 < len(items) else None
    goes_on = after is not None and after.is_content
    if item.kind == "unknown" and item.low.endswith("ing") and len(item.text) > 5:
        if before is None or not goes_on or before.kind == "person":
            return replace(item, kind="pose" if before else "unknown")
    if item.kind == "person" and goes_on and item.low.endswith(("s'", "men's", "children's")):
        return replace(item, kind="modifier")  # "men's black shoes"
    names = [kind for kind in item.kinds if kind in NAMING]
    describes = [kind for kind in item.kinds if kind in DESCRIBING]
    if names and describes and "nothing" not in names and "colour" not in describes:
        kind = describes[0] if goes_on and after and after.kind not in ("pose", "person modifier") else names[0]
        return replace(item, kind=kind)
    if "nothing" in names and describes and goes_on and after and after.kind != "person":
        return replace(item, kind=describes[0])
    return item
