"""What was read becomes part prompts: one phrase, one weight and one negative for each part."""

from collections.abc import Iterable

from ..lexicon import UNSPECIFIC_PEOPLE
from ..parts import (
    BACKGROUND,
    BODY,
    DRESS,
    FACE,
    FOOTWEAR,
    GARMENTS,
    HAIR,
    LEGGINGS,
    OUTER,
    PANTS,
    PART_NAMES,
    ROMPERS,
    SKIN,
    SKIRT,
    SOCKS,
    TOP,
)
from ..prompts import PartPrompt, PartPrompts
from .groups import words_of
from .items import Item
from .mentions import Mention, weight_of
from .state import Reading

# Clothes that are not named ("a woman in red"): the map decides which of these there are.
_CLOTHES = (TOP, OUTER, SKIRT, DRESS, PANTS, ROMPERS)
_ALL_CLOTHES = (*_CLOTHES, LEGGINGS, FOOTWEAR, SOCKS)
_PLAIN_CLOTHES = frozenset(
    "outfit outfits clothes clothing look attire ensemble garments garment apparel getup garb wardrobe wear".split()
)
_CLOTHES_NOUNS = {OUTER: "jacket"}
_BODY_NOUNS = {HAIR: ("hair",), FACE: ("face", "head"), SKIN: ("skin", "complexion", "body", "skin tone")}
_OPEN = frozenset(("open", "unbuttoned", "unzipped", "undone"))


def write(reading: Reading, sentence: str) -> PartPrompts:
    """Part prompts of a reading in which every mention has its part."""
    notes = list(reading.notes)
    mentions = [piece for mention in reading.mentions for piece in _pieces(mention)]
    _move_open_shirt(mentions, reading, notes)
    covered = {mention.part for mention in mentions}
    mentions += _unnamed_clothes(reading, covered, notes)
    absent = _absent(reading, mentions, notes)

    person, person_items = _person(reading)
    prompts = []
    for part in GARMENTS:
        own = [mention for mention in mentions if mention.part == part]
        if own:
            prompts.append(_prompt(part, _join(part, own, notes), own, (), notes))
    for part in BODY:
        own = [mention for mention in mentions if mention.part == part]
        if (own or person_items) and part not in absent:
            prompts.append(_prompt(part, _body_phrase(part, own, reading, person_items), own, person_items, notes))
    scene = ", ".join(reading.scene)
    if scene:
        weight, _ = weight_of(reading.scene_items)
        prompts.append(PartPrompt(BACKGROUND, scene, weight))

    if reading.pose:
        notes.append(f"the map gives the pose, not the words: {_quoted(reading.pose)}")
    if reading.props:
        notes.append(f"no part of the map shows this: {_quoted(reading.props)}")
    if reading.style:
        notes.append(f"about the picture as a whole, no part of it: {_quoted(reading.style)}")
    return PartPrompts(tuple(prompts), sentence, person, scene, tuple(absent), tuple(dict.fromkeys(notes)))


def _pieces(mention: Mention) -> list[Mention]:
    if mention.pieces is None:
        return [mention]
    items = [*mention.front]
    return [
        Mention(
            part,
            [Item(piece.format(words_of(mention.noun)), "garment", part, mention.noun[-1].weight)],
            items,
            mention.tails,
            mention.negatives,
        )
        for part, piece in mention.pieces.items()
    ]


def _move_open_shirt(mentions: list[Mention], reading: Reading, notes: list[str]) -> None:
    """Of two tops, the open shirt over the other is the outer layer, if nothing else is."""
    tops = [mention for mention in mentions if mention.part == TOP]
    denied = any(OUTER in parts for parts, _, _ in reading.denied)
    if len(tops) < 2 or denied or any(mention.part == OUTER for mention in mentions):
        return
    for index, mention in enumerate(tops):
        is_open = any(item.low in _OPEN for item in mention.front)
        over = index + 1 < len(tops) and tops[index + 1].link == "over" or mention.link in ("under", "beneath")
        shirt = bool(mention.noun) and mention.noun[-1].low.split()[-1] in ("shirt", "hoodie", "overshirt")
        if is_open or (over and index + 1 < len(tops) and tops[index + 1].link == "over" and shirt):
            mention.part = OUTER
            notes.append(f"'{mention.phrase()}' is worn over another top, so it is taken for outer")
            return


def _unnamed_clothes(reading: Reading, covered: Iterable[int | None], notes: list[str]) -> list[Mention]:
    found = []
    for mention in reading.clothes:
        wanted: tuple[int, ...] = _ALL_CLOTHES if mention.everything else _CLOTHES
        denied = {part for parts_denied, _, _ in reading.denied for part in parts_denied}
        plain = not mention.noun or mention.noun[-1].low in _PLAIN_CLOTHES
        says_something = mention.front or mention.tails or not plain
        parts = tuple(part for part in wanted if says_something and part not in covered and part not in denied)
        names = ", ".join(PART_NAMES[part] for part in parts) or "no part"
        without = f", without {words_of(mention.negatives)}," if mention.negatives else ""
        notes.append(
            f"'{mention.phrase()}'{without} names no garment: taken for {names}; the map decides which there are"
        )
        for part in parts:
            noun = _CLOTHES_NOUNS.get(part, PART_NAMES[part])
            kept = mention.noun if not plain else [Item(noun, "garment", part)]
            found.append(Mention(part, kept, list(mention.front), mention.tails, mention.negatives))
    return found


def _absent(reading: Reading, mentions: list[Mention], notes: list[str]) -> list[int]:
    absent: dict[str, list[int]] = {}  # what the sentence says of it -> parts
    for parts, items, text in reading.denied:
        for part in parts:
            own = [mention for mention in mentions if mention.part == part]
            if part in BODY and not any(mention.noun for mention in own):
                said = [mention.phrase() or f"no {words_of(mention.negatives)}" for mention in own]
                if said:
                    notes.append(f"{_quoted(said)} is left out: {PART_NAMES[part]} is absent")
                own = []
            if not own:
                absent.setdefault(text, []).append(part)
            elif items:
                own[-1].negatives += items
                notes.append(f"'{text}': but {PART_NAMES[part]} is described, so this is what it should not be")
            else:
                notes.append(f"'{text}': but {PART_NAMES[part]} is described too; the description counts")
    if reading.only:
        taken = {mention.part for mention in mentions} | {part for missing in absent.values() for part in missing}
        absent.setdefault(reading.only, []).extend(part for part in GARMENTS if part not in taken)
    for text, missing in absent.items():
        notes.append(f"'{text}' is taken to mean: without {', '.join(PART_NAMES[part] for part in missing)}")
    return sorted({part for missing in absent.values() for part in missing})


def _join(part: int, own: list[Mention], notes: list[str]) -> str:
    phrase = own[0].phrase()
    for mention in own[1:]:
        phrase += f" {mention.link} {mention.phrase()}"
    if len(own) > 1:
        names = _quoted([mention.phrase() for mention in own])
        notes.append(f"{names} share one part, {PART_NAMES[part]}: joined to one phrase")
    return phrase


def _prompt(part: int, phrase: str, own: list[Mention], extra: Iterable[Item], notes: list[str]) -> PartPrompt:
    weight, mixed = weight_of([*(item for mention in own for item in mention.items), *extra])
    if mixed:
        notes.append(f"the words for {PART_NAMES[part]} have several weights: {weight:g} is taken for the whole part")
    negative = ", ".join(words_of(mention.negatives) for mention in own if mention.negatives)
    return PartPrompt(part, phrase, weight, negative=negative)


def _person(reading: Reading) -> tuple[str, list[Item]]:
    """The person's words as text, and as items if they say more than that there is a person."""
    text = _person_text(reading.person_modifiers, reading.person)
    says_something = reading.person_modifiers or any(item.low not in UNSPECIFIC_PEOPLE for item in reading.person)
    return text, [*reading.person_modifiers, *reading.person] if says_something else []


def _person_text(modifiers: list[Item], nouns: list[Item]) -> str:
    before = [item for item in modifiers if not item.low.startswith("in ")]  # "in her sixties" stands after
    after = [item for item in modifiers if item.low.startswith("in ")]
    return words_of([*before, *(nouns[:1]), *after, *_and(nouns[1:])])


def _and(nouns: list[Item]) -> list[Item]:
    return [item for noun in nouns for item in (Item("and", "function"), noun)]


def _body_phrase(part: int, own: list[Mention], reading: Reading, person: list[Item]) -> str:
    """ "smiling face of an elderly woman with blue eyes", "long blonde hair of a woman"."""
    base_nouns = _BODY_NOUNS[part]
    has_base = any(words_of(mention.noun).lower() in base_nouns for mention in own)
    front: list[str] = []
    base = ""
    things: list[str] = []
    for mention in own:
        noun = words_of(mention.noun)
        if not noun or noun.lower() in base_nouns or (part == HAIR and not has_base and not base):
            front.append(words_of(mention.front))
            base = base or mention.phrase()[len(words_of(mention.front)) :].strip()
        else:
            things.append(mention.phrase())
    phrase = " ".join(word for word in (*front, base or base_nouns[0]) if word)
    if part == HAIR:
        phrase = phrase.replace("-haired", "")  # "red-haired" has become "red hair"
    if person:
        phrase += f" of {_with_article(reading, part)}"
    if things:
        phrase += f" with {' and '.join(things)}"
    return phrase


def _with_article(reading: Reading, part: int) -> str:
    # "Hair of a white woman" would look for white hair: colours of skin are not for hair.
    said = [item for item in reading.person_modifiers if part != HAIR or item.kind not in ("colour", "skin modifier")]
    text = _person_text(said, reading.person or [Item("person", "person")])
    last = reading.person[0].low if reading.person else "person"
    if last.endswith("s") or last in ("women", "men", "people", "children"):
        return text
    return f"{'an' if text[:1].lower() in 'aeiou' else 'a'} {text}"


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)
