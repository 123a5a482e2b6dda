"""Reads words about clothes: garments, sets, details, clothes without a name, and describing words alone."""

import re

from ..lexicon import GARMENT_SETS
from ..parts import (
    BAG,
    BODY,
    DRESS,
    EYEGLASS,
    FACE,
    FOOTWEAR,
    GARMENTS,
    HAIR,
    HEADWEAR,
    OUTER,
    PART_NAMES,
    PARTS,
    SKIN,
    TOP,
)
from .body import BodyReader
from .groups import Group, words_of
from .items import Item
from .mentions import Mention, Tail

_OWN_COLOUR = frozenset(("jean", "jeans", "denim", "chino", "chinos", "khakis"))  # not dyed by "white shirt and jeans"
_ALSO_DETAILS = frozenset(
    "hood hoods studs beads chain chains waistband crewneck poloneck turtleneck rollneck halterneck mockneck".split()
)
_LAYERS = ("over", "under", "underneath", "beneath")
_HOME_PARTS = (FOOTWEAR, BAG, HEADWEAR, EYEGLASS)  # whose details ("laces", "brim") belong to no other garment


class GarmentReader(BodyReader):
    """The readers of groups about clothes."""

    def read_garment(self, group: Group, head: Item) -> str | None:
        mods = group.modifiers
        is_clothing = self.last is not None and self.last.part in GARMENTS
        has_hood = head.low == "hood" and self.last is not None and self.last.part in (TOP, OUTER, DRESS)
        may_be_detail = re.sub(r"[ -]", "", head.low) in _ALSO_DETAILS and "with" in group.lead and not group.has_verb
        if has_hood or (is_clothing and may_be_detail):
            return self.read_detail(group, head)
        same = next((m for m in self.result.mentions if m.part == head.part and m.is_same_as(head)), None)
        if same is not None and group.is_definite and not group.wears:
            same.describe(mods)
            self.last, self.detail = same, None
            return None
        mention = Mention(head.part, [head], mods, lead=group.lead, worn=True)
        if self.last is not None and group.lead == (",",) and _is_label(self.last, mention):
            self.result.notes.append(f"'{words_of(self.last.noun)}' is taken as a label of '{mention.phrase()}'")
            self.result.mentions.remove(self.last)
        if self.last is not None and is_clothing and self.event == "garment":
            mention.link = next((word for word in _LAYERS if word in group.lead), "and")
            self.share_colour(self.last, mention, group)
        self.add(mention)
        return None

    def share_colour(self, before: Mention, mention: Mention, group: Group) -> None:
        """ "black shirt and pants", "a red jacket with matching pants"."""
        colours = before.colours()
        matching = any(item.low in ("matching", "matched") for item in mention.front)
        alike = PARTS[before.part or 0].group == PARTS[mention.part or 0].group
        bare = not mention.front and not before.tails and mention.noun[0].word not in _OWN_COLOUR
        together = group.lead == ("and",) and bare and alike
        if colours and (matching or together):
            mention.describe(colours)
            self.result.notes.append(f"'{words_of(colours)}' is also taken for '{words_of(mention.noun)}'")

    def read_set(self, group: Group, head: Item) -> str | None:
        self.add(Mention(None, [head], group.modifiers, pieces=GARMENT_SETS[head.word], worn=True))
        return "garment"

    def read_clothes(self, group: Group, head: Item) -> str | None:
        if self.event == "clothes" and group.is_definite and self.result.clothes:
            self.result.clothes[-1].describe(group.modifiers)
            self.result.clothes[-1].noun = self.result.clothes[-1].noun or [head]
            return None
        self.dress([*self.waiting, *group.modifiers], [head], group)
        self.waiting = []
        return None

    def read_detail(self, group: Group, head: Item) -> str | None:
        links = ("of",) if self.event == "detail" else ("at", "around", "down", "along", "across")
        tail = Tail(next((word for word in links if word in group.lead), "with"), group.modifiers, [head])
        if group.is_predicate and self.event == "detail" and self.detail is not None:
            self.detail.modifiers = [*group.items, *self.detail.modifiers]  # "its neckline is v-shape"
            return "detail"
        target = self.last
        if head.part in _HOME_PARTS or (target is None or target.part in (FACE, SKIN)):
            target = next((m for m in reversed(self.result.mentions) if m.part == head.part), target)
        if target is not None and target.part not in (FACE, SKIN):
            target.tails.append(tail)
        elif head.part == HAIR:
            self.add(Mention(HAIR, [head], group.modifiers))
            return "hair"
        elif any(later.head is not None and later.head.kind == "garment" for later in self.groups[self.index :]):
            self.tails.append(tail)
        else:
            part = TOP if head.part is None else head.part
            self.add(Mention(part, [head], group.modifiers))
            self.result.notes.append(f"'{group.text}' names no garment, it is taken for {PART_NAMES[part]}")
            return "garment"
        self.detail = tail
        return "detail"

    def read_describing(self, group: Group) -> str:
        rest = self.read_person_words(group.items)
        if not any(item.is_content for item in rest):
            return self.event if group.is_predicate else "person words"
        if rest[0].kind == "function":
            rest = rest[1:]
        dyes = any(item.kind in ("colour", "pattern", "fabric") for item in rest)
        mentioned = self.event in ("garment", "hair", "face", "skin", "clothes", "unknown", "detail", "describing")
        about_person = not self.event or self.event.startswith("person")
        if self.event == "denied" and self.denied is not None and group.has_article:
            self.add(Mention(self.denied.part, [self.denied], rest))  # "not a red dress but a blue one"
            return "garment"
        if group.carries:
            self.result.props.append(group.text)
            return "prop"
        if group.is_predicate and self.event == "detail" and self.detail is not None:
            self.detail.modifiers = [*rest, *self.detail.modifiers]
            return "detail"
        if group.wears or ("in" in group.lead and not mentioned) or (about_person and dyes and self.last is None):
            self.dress(rest, [], group) if group.lead or self.event else self.waiting.extend(rest)
            return "clothes"
        tag = group.lead == (",",) and not dyes and self.last is not None and self.last.part in BODY
        if tag or (about_person and (group.is_predicate or self.result.person)):
            self.result.person_modifiers += rest
            return "person"
        if self.last is not None and (mentioned or self.following() is None or not self.event):
            self.share_back(rest, group)
            self.last.describe(rest)
            return "describing"
        self.waiting += rest
        return "describing"

    def share_back(self, items: list[Item], group: Group) -> None:
        """ "shirt and pants in navy blue", "a hat and scarf in matching red", "her shirt and her skirt are white"."""
        last = self.last
        if {"all", "both"} & set(group.lead) and last is not None:
            for mention in self.result.mentions:
                if mention.part in GARMENTS and mention is not last and not mention.front:
                    mention.describe(items)
                    self.result.notes.append(f"'{words_of(items)}' is also taken for '{words_of(mention.noun)}'")
            return
        of_all = "are" in group.lead and last is not None and last.noun and not last.noun[-1].low.endswith("s")
        if last is None or not (of_all or "in" in group.lead) or not any(item.kind == "colour" for item in items):
            return
        mentions = self.result.mentions
        index = next((at for at, mention in enumerate(mentions) if mention is last), 0)
        belongs = {"and", ","} if not of_all else {"and", ",", "his", "her", "their", "the"}
        while index and mentions[index].lead and set(mentions[index].lead) <= belongs:
            index -= 1
            before = mentions[index]
            if before.front or before.tails or before.part not in GARMENTS:
                return
            before.describe(items)
            self.result.notes.append(f"'{words_of(items)}' is also taken for '{words_of(before.noun)}'")


def _is_label(before: Mention, mention: Mention) -> bool:
    """ "shoes: white sandals", "top: blouse": the first word only says which part comes."""
    if before.part is None or before.part != mention.part or before.front or before.tails or not before.noun:
        return False
    part = PARTS[before.part]
    return before.noun[-1].low in (part.name, f"{part.name}s", "shoes", "bottom", "bottoms", "outerwear", "hat")
