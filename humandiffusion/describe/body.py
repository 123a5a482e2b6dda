"""Reads words about the person: the person, hair, face, skin, gestures, and where on the body a thing is."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ..lexicon import LOCATION_PARTS, MANY_PEOPLE, UNSPECIFIC_PEOPLE, singular
from ..parts import BODY, FACE, HAIR, PART_NAMES, SKIN
from .groups import Group, words_of
from .items import Item
from .mentions import Mention, Tail
from .state import Walker

PLACES = frozenset("on over around across in from off under at about onto to behind inside into".split())
_LIMBS = frozenset("hand hands arm arms leg legs head foot feet knee knees elbow elbows finger fingers".split())
_PLAIN_PEOPLE = UNSPECIFIC_PEOPLE | {"male", "female"}
_COUNTS = frozenset("two three four five six several many few 2 3 4 5 both".split())


class BodyReader(Walker):
    """The readers of groups about the person."""

    def read_body(self, group: Group, head: Item) -> str | None:
        part = head.part if head.part in BODY else SKIN
        link = next((word for word in group.lead if word in PLACES), "")
        after = self.following()
        if head.low in _LIMBS and not group.modifiers and self.is_gesture(group, after):
            return "pose"
        if link and part == HAIR and self.last is not None and self.last.part == HAIR:
            self.last.tails.append(Tail(link, group.modifiers, [head]))
            return None
        if link and "with" not in group.lead and not group.has_verb and (self.last or head.low in LOCATION_PARTS):
            return self.read_place(group, head, link, after)
        same = next((m for m in self.result.mentions if m.part == part and m.is_same_as(head)), None)
        if same is not None:
            same.describe(group.modifiers)
            self.last = same
        else:
            self.add(Mention(part, [head], group.modifiers))
        return None

    def is_gesture(self, group: Group, after: Group | None) -> bool:
        """ "hands in her pockets", "one hand on her hat": the map gives the pose, so it is only noted."""
        if after is None or after.head is None or "," in after.lead or "." in after.lead:
            return False
        link = next((word for word in after.lead if word in PLACES), "")
        if after.head.kind == "pose" and not after.lead:
            self.result.pose.append(f"{group.text} {after.text}")
            self.index += 1
            return True
        if not link or after.negated:
            return False
        if after.head.kind in ("skin", "face", "hair", "detail"):
            self.result.pose.append(f"{group.text} {link} {after.text}")
            self.index += 1
        else:
            self.result.pose.append(f"{group.text} {link}")
        return True

    def read_place(self, group: Group, head: Item, link: str, after: Group | None) -> str | None:
        """ "a bag over her shoulder", "on his head a red cap"."""
        tail = Tail(link, group.modifiers, [head])
        starts = "," in group.lead or "." in group.lead or not self.groups[: self.index - 1]
        named_next = after is not None and after.head is not None and after.head.kind in ("garment", "unknown", "set")
        if self.last is not None and not (starts and named_next):
            self.last.tails.append(tail)
            if self.last.part is None and self.last in self.result.unplaced and head.low in LOCATION_PARTS:
                self.settle_unplaced(self.last, LOCATION_PARTS[head.low], f"{link} {group.text}")
        elif named_next:
            self.place = (LOCATION_PARTS.get(head.low, SKIN), tail)
        else:
            self.add(Mention(SKIN if head.part is None else head.part, [head], group.modifiers))
        return self.event

    def settle_unplaced(self, mention: Mention, part: int, where: str) -> None:
        mention.part = part
        self.result.unplaced.remove(mention)
        self.result.mentions.append(mention)
        self.result.notes.append(f"'{words_of(mention.noun)}' is taken for {PART_NAMES[part]}, because it is {where}")

    def read_person(self, group: Group, head: Item) -> str | None:
        if {"as", "like"} & set(group.lead) and group.wears:
            self.dress([*group.modifiers, head], [], group)  # "dressed as a pirate"
            return "clothes"
        mods = [item for item in self.read_person_words(group.modifiers) if item.is_content]
        head = replace(head, text=re.sub(r"'s?$", "", head.text))
        known = [singular(item.text) for item in self.result.person]
        if known and head.low in _PLAIN_PEOPLE and singular(head.text) not in known:
            self.result.person_modifiers += [*mods, head]  # "a girl ... the model"
            return None
        self.result.person_modifiers += [*(self.waiting if not known else []), *mods]
        self.waiting = self.waiting if known else []
        if head.low in MANY_PEOPLE or any(item.low in _COUNTS for item in mods) or (
            known and singular(head.text) not in known and not group.is_definite
        ):
            self.result.notes.append(f"'{group.text}': the map holds one person; every phrase is taken for that one")
        if singular(head.text) not in known:
            self.result.person.append(head)
        return None

    def read_person_words(self, items: Sequence[Item]) -> list[Item]:
        """Sends words for hair, face and person where they belong, with the words before them ("very tall"); returns
        the others."""
        rest: list[Item] = []
        for item in items:
            if item.kind in ("hair modifier", "face modifier"):
                self.describe_body(HAIR if item.kind == "hair modifier" else FACE, [*rest, item])
                rest = []
            elif item.kind in ("person modifier", "skin modifier"):
                self.result.person_modifiers += [*rest, item]
                rest = []
            else:
                rest.append(item)
        return rest

    def describe_body(self, part: int, items: list[Item]) -> None:
        words = [item for item in items if item.is_content]
        if self.last is not None and self.last.part == part:
            self.last.describe(words)
        else:
            self.result.mentions.append(Mention(part, [], words))
