"""Groups are read in order: each goes to a garment, a body part, the person, the scene, the absent, or the notes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..lexicon import ABSENCE_WORDS, GARMENT_SETS, LOCATION_PARTS, MANY_PEOPLE, UNSPECIFIC_PEOPLE, singular
from ..parts import BAG, BODY, DRESS, EYEGLASS, FACE, FOOTWEAR, GARMENTS, HAIR, HEADWEAR, OUTER, PART_NAMES, PARTS, SKIN, TOP
from .groups import Group, words_of
from .items import Item
from .mentions import Mention, Tail

_PLACES = frozenset("on over around round across in from off under at about onto to behind inside into".split())
_LIMBS = frozenset("hand hands arm arms leg legs head foot feet knee knees elbow elbows finger fingers".split())
_OWN_COLOUR = frozenset(("jean", "jeans", "denim", "chino", "chinos", "khakis"))  # not dyed by "white shirt and jeans"
_ALSO_DETAILS = frozenset(
    "hood hoods studs beads chain chains waistband crewneck polo-neck turtleneck roll-neck halterneck".split()
)
_WITHOUT = {"sleeve": "sleeveless", "collar": "collarless", "strap": "strapless"}
_LAYERS = ("over", "under", "underneath", "beneath")
_PLAIN_PEOPLE = UNSPECIFIC_PEOPLE | {"male", "female"}
_EXCEPT = frozenset(("but", "except", "besides", "other than", "apart from", "save for"))
_COUNTS = frozenset("two three four five six several many few 2 3 4 5 both 2girls 2boys 3girls".split())
_HOME_PARTS = (FOOTWEAR, BAG, HEADWEAR, EYEGLASS)  # whose details ("laces", "brim") belong to no other garment


@dataclass
class Reading:
    """What was understood. `clothes` describe clothes that are not named ("a woman in red"), `unplaced` things that no
    word of the lexicon names; `denied` are the garments that a negation names."""

    mentions: list[Mention] = field(default_factory=list)
    clothes: list[Mention] = field(default_factory=list)
    unplaced: list[Mention] = field(default_factory=list)
    denied: list[tuple[tuple[int, ...], list[Item], str]] = field(default_factory=list)
    person: list[Item] = field(default_factory=list)
    person_modifiers: list[Item] = field(default_factory=list)
    scene: list[str] = field(default_factory=list)
    scene_items: list[Item] = field(default_factory=list)
    only: str = ""
    pose: list[str] = field(default_factory=list)
    style: list[str] = field(default_factory=list)
    props: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(groups: Sequence[Group]) -> Reading:
    """Reads all groups of a sentence."""
    reader = _Reader(groups)
    while reader.index < len(groups):
        reader.read_next()
    reader.finish()
    return reader.result


_READERS = {"hair": "body", "face": "body", "skin": "body"}


class _Reader:
    """Walks over the groups. `last` is the thing described last, `event` the kind of what was read last."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.index = 0
        self.result = Reading()
        self.last: Mention | None = None
        self.detail: Tail | None = None
        self.denied: Item | None = None
        self.event = ""
        self.waiting: list[Item] = []  # describing words for the next thing
        self.place: tuple[int, Tail] | None = None  # "on her head" before the thing that is there
        self.tails: list[Tail] = []

    def read_next(self) -> None:
        group = self.groups[self.index]
        self.index += 1
        head = group.head
        kind = head.kind if head else "describing"
        if group.negated:
            self.event = self.deny(group, head, kind)
            return
        if {"only", "just"} & set(group.lead) and (group.wears or "in" in group.lead):
            self.result.only = f"only {group.text}"
        if head is None:
            self.event = self.read_describing(group)
        else:
            self.event = getattr(self, f"read_{_READERS.get(kind, kind)}")(group, head) or kind

    def following(self) -> Group | None:
        return self.groups[self.index] if self.index < len(self.groups) else None

    def add(self, mention: Mention) -> None:
        """Takes a new mention, with what has waited for it."""
        mention.front = [*self.waiting, *mention.front]
        mention.tails += self.tails
        if self.place is not None:
            mention.tails.append(self.place[1])
        self.waiting, self.tails, self.place = [], [], None
        if mention.part is None and mention.pieces is None:
            self.result.unplaced.append(mention)
        else:
            self.result.mentions.append(mention)
        self.last, self.detail = mention, None

    # Garments

    def read_garment(self, group: Group, head: Item) -> str | None:
        mods = group.modifiers
        is_clothing = self.last is not None and self.last.part in GARMENTS
        has_hood = head.low == "hood" and self.last is not None and self.last.part in (TOP, OUTER, DRESS)
        if has_hood or (head.word in _ALSO_DETAILS and is_clothing and "with" in group.lead and not group.has_verb):
            return self.read_detail(group, head)
        same = next((m for m in self.result.mentions if m.part == head.part and m.is_same_as(head)), None)
        if same is not None and group.is_definite and not group.wears:
            same.describe(mods)
            self.last, self.detail = same, None
            return None
        mention = Mention(head.part, [head], mods, worn=True)
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
            return None
        self.dress([*self.waiting, *group.modifiers], [head], group)
        self.waiting = []
        return None

    def dress(self, mods: list[Item], noun: list[Item], group: Group) -> None:
        """Describes clothes that the sentence does not name."""
        mention = Mention(None, noun, mods, everything=_is_everything(group), worn=True)
        self.result.clothes.append(mention)
        self.last, self.detail = mention, None

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
        elif any(later.head is not None and later.head.kind == "garment" for later in self.groups[self.index :]):
            self.tails.append(tail)
        else:
            part = TOP if head.part is None else head.part
            self.add(Mention(part, [head], group.modifiers))
            self.result.notes.append(f"'{group.text}' names no garment, it is taken for {PART_NAMES[part]}")
        self.detail = tail
        return "detail"

    # Describing words alone

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
        """ "shirt and pants in navy blue"."""
        mentions = self.result.mentions
        if "in" not in group.lead or len(mentions) < 2 or not any(item.kind == "colour" for item in items):
            return
        before, last = mentions[-2], mentions[-1]
        lead = next((g.lead for g in self.groups if g.head is not None and g.head is last.noun[-1:][0]), ())
        if last is self.last and lead == ("and",) and before.part in GARMENTS and not before.colours():
            before.describe(items)
            self.result.notes.append(f"'{words_of(items)}' is also taken for '{words_of(before.noun)}'")

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

    # The person

    def read_body(self, group: Group, head: Item) -> str | None:
        part = head.part if head.part in BODY else SKIN
        link = next((word for word in group.lead if word in _PLACES), "")
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
        link = next((word for word in after.lead if word in _PLACES), "")
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

    # Scene, pose and the rest

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
            if set(after.lead) & _PLACES:
                self.index += 1
                self.result.denied.append(((LOCATION_PARTS[after.head.low],), [], f"{text} on {after.text}"))
                return None
        nothing_but = after is not None and set(after.lead) & _EXCEPT
        self.result.only = f"{text} but {after.text}" if after is not None and nothing_but else text
        return None

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

    # What is not there

    def deny(self, group: Group, head: Item | None, kind: str) -> str:
        text = f"no {group.text}"
        content = [item for item in group.items if item.is_content]
        self.denied = head if kind == "garment" else None
        if head is not None and kind == "garment" and head.part is not None:
            self.result.denied.append(((head.part,), content if len(content) > 1 else [], text))
        elif head is not None and kind == "set":
            self.result.denied.append((tuple(GARMENT_SETS[head.word]), [], text))
        elif kind == "clothes":
            self.result.only = text
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




def _is_everything(group: Group) -> bool:
    words = (*group.lead, *(item.low for item in group.items))
    return any(word in ("all", "entirely") or word.startswith(("all-", "head to toe", "head-to-toe")) for word in words)
