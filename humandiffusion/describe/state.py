"""What has been understood so far, and the walk over the groups that fills it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .groups import Group
from .items import Item
from .mentions import Mention, Tail


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


class Walker:
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

    def say_only(self, text: str) -> None:
        """The sentence says that nothing else is worn."""
        self.result.only = ", ".join(said for said in (self.result.only, text) if said)

    def dress(self, mods: list[Item], noun: list[Item], group: Group) -> None:
        """Describes clothes that the sentence does not name."""
        mention = Mention(None, noun, mods, everything=_is_everything(group), worn=True)
        self.result.clothes.append(mention)
        self.last, self.detail = mention, None


def _is_everything(group: Group) -> bool:
    words = (*group.lead, *(item.low for item in group.items))
    return any(word in ("all", "entirely") or word.startswith(("all-", "head to toe", "head-to-toe")) for word in words)
