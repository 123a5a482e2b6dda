"""Groups are read in order: each goes to a garment, a body part, the person, the scene, the absent, or the notes."""

from collections.abc import Sequence

from ..lexicon import ABSENCE_WORDS, GARMENT_SETS, LOCATION_PARTS, singular
from ..parts import FACE, GARMENTS, HAIR
from .body import PLACES
from .garments import GarmentReader
from .groups import Group, words_of
from .items import Item
from .mentions import Mention, Tail
from .state import Reading

_WITHOUT = {"sleeve": "sleeveless", "collar": "collarless", "strap": "strapless"}
_EXCEPT = frozenset(("but", "except", "besides", "other than", "apart from", "save for"))


def read(groups: Sequence[Group]) -> Reading:
    """Reads all groups of a sentence."""
    reader = _Reader(groups)
    while reader.index < len(groups):
        reader.read_next()
    reader.finish()
    return reader.result


_READERS = {"hair": "body", "face": "body", "skin": "body"}


class _Reader(GarmentReader):
    """Sends each group to its reader, and reads what is about neither clothes nor the person."""

    def read_next(self) -> None:
        group = self.groups[self.index]
        self.index += 1
        head = group.head
        kind = head.kind if head else "describing"
        if group.negated:
            self.event = self.deny(group, head, kind)
            return
        if {"only", "just"} & set(group.lead) and (group.wears or "in" in group.lead):
            self.say_only(f"only {group.text}")
        if head is None:
            self.event = self.read_describing(group)
        else:
            self.event = getattr(self, f"read_{_READERS.get(kind, kind)}")(group, head) or kind

    def read_scene(self, group: Group, head: Item | None) -> str | None:
        text = words_of([*self.waiting, *group.items])
        self.waiting = []
        if self.event == "scene" and "of" in group.lead and self.result.scene:
            self.result.scene[-1] += f" of {text}"
        else:
            self.result.scene.append(text)
        self.result.scene_items += group.items
        return "scene"

    def read_style(self, group: Group, _: Item) -> str | None:
        self.result.style.append(group.text)
        return None

    def read_prop(self, group: Group, _: Item) -> str | None:
        self.result.props.append(group.text)
        return None

    def read_pose(self, group: Group, _: Item) -> str | None:
        self.result.pose.append(group.text)
        return self.event or "pose"

    def read_unknown(self, group: Group, head: Item) -> str | None:
        """A thing or a quality that the lexicon does not know."""
        lead = set(group.lead)
        proper = head.text[:1].isupper() and "in" in lead and not group.has_verb and not group.has_article
        if group.in_scene or proper or (self.event in ("scene", "pose") and lead & {"in", "on", "of", "with"}):
            return self.read_scene(group, head)
        if (group.is_predicate and not group.has_article) or "of" in lead or "from" in lead:
            return self.attach(group)
        if not self.event and not self.result.person and not lead & {"in", "with", "wearing"}:
            after = self.following()
            if after is not None and (after.wears or {"in", "with", "who", "is", "has"} & set(after.lead)):
                self.result.person_modifiers += self.read_person_words(group.modifiers)
                self.result.person.append(head)  # "a zookeeper in a green shirt"
                return "person"
        if {"says", "saying", "reads"} & lead and self.last is not None:
            self.last.tails.append(Tail("saying", [], group.items))
            return "detail"
        plural = head.low.endswith("s") and not group.has_article
        is_detail = lead == {"with"} or (lead == {"and"} and self.event == "detail")
        if self.last is not None and self.last.part in GARMENTS and plural and is_detail:
            self.last.tails.append(Tail("with", group.modifiers, [head]))  # "a shirt with unicorns"
            return "detail"
        place = self.place
        mention = Mention(None, [head], group.modifiers, worn=group.wears or "in" in lead)
        self.add(mention)
        if place is not None:
            self.settle_unplaced(mention, place[0], f"{place[1].link} {place[1].text}")
        return None

    def attach(self, group: Group) -> str | None:
        """Puts unknown words with what they are said of."""
        link = "of" if "of" in group.lead else "from" if "from" in group.lead else ""
        if self.event.startswith("person") or self.last is None:
            self.result.person_modifiers += group.items
        elif link:
            self.last.tails.append(Tail(link, [], group.items))
        else:
            self.last.describe(group.items)
        return self.event

    def read_absence(self, group: Group, head: Item) -> str | None:
        parts = ABSENCE_WORDS.get(head.word) or (() if head.part is None else (head.part,))
        self.result.denied.append((parts, [], group.text))
        if HAIR in parts:
            self.describe_body(FACE, group.items)
        return "person"

    def read_nothing(self, group: Group, head: Item) -> str | None:
        after = self.following()
        text = group.text
        if after is not None and after.head is not None and after.head.low in LOCATION_PARTS:
            if set(after.lead) & PLACES:
                self.index += 1
                self.result.denied.append(((LOCATION_PARTS[after.head.low],), [], f"{text} on {after.text}"))
                return None
        nothing_but = after is not None and set(after.lead) & _EXCEPT
        self.say_only(f"{text} but {after.text}" if after is not None and nothing_but else text)
        return None

    def deny(self, group: Group, head: Item | None, kind: str) -> str:
        text = f"no {group.text}"
        content = [item for item in group.items if item.is_content]
        self.denied = head if kind == "garment" else None
        if head is not None and kind == "garment" and head.part is not None:
            self.result.denied.append(((head.part,), content if len(content) > 1 else [], text))
        elif head is not None and kind == "set":
            self.result.denied.append((tuple(GARMENT_SETS[head.word]), [], text))
        elif kind == "clothes":
            self.say_only(text)
        elif head is not None and kind == "unknown" and head.low in ("accessory", "accessories"):
            self.result.denied.append((tuple(GARMENT_SETS["jewellery"]), [], text))
        elif kind == "hair" and head is not None and head.word == "hair" and len(content) == 1:
            self.result.denied.append(((HAIR,), [], text))
        elif kind in ("hair", "face") or any(item.kind == "face modifier" for item in content):
            part = HAIR if kind == "hair" else FACE
            self.result.mentions.append(Mention(part, negatives=content))
        elif kind in ("detail", "describing", "unknown") and self.last is not None:
            self.last.negatives += content
            bare = _WITHOUT.get(singular(head.text)) if head is not None else None
            if bare and len(content) == 1:
                self.last.describe([Item(bare, "modifier")])
        else:
            self.result.notes.append(f"'{text}' is only noted: it is about none of the parts")
            return self.event
        return self.event if kind in ("detail", "describing") else "denied"

    def finish(self) -> None:
        """Gives what still waits to the last thing described, or to clothes that are not named."""
        rest = [*self.waiting]
        for tail in (*self.tails, *([self.place[1]] if self.place else [])):
            rest += [*tail.modifiers, *tail.noun]
        if rest and self.last is not None:
            self.last.describe(rest)
        elif rest:
            self.result.clothes.append(Mention(None, [], rest, worn=True))
