"""Items become groups: what stands between two function words, cut so that each group names at most one thing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..lexicon import CARRY_WORDS, SCENE_PREPOSITIONS, UNSPECIFIC_PEOPLE, WEAR_WORDS
from .items import Item

NEGATIONS = frozenset(
    "no not without sans minus lacking never neither nor none zero isn't aren't doesn't don't didn't wasn't hasn't "
    "haven't cannot can't weren't".split()
)
_ARTICLES = frozenset("a an".split())
_DEFINITE = frozenset("the his her their its this that these those my your our".split())
_COPULAS = frozenset("is are was were be being been it's that's he's she's they're isn't aren't wasn't weren't".split())
_PLACES = frozenset("shop shops store stores boutique market factory room house school museum".split())
_PLAIN_PEOPLE = UNSPECIFIC_PEOPLE | frozenset(
    "woman women man men lady ladies gentleman gentlemen girl girls boy boys guy guys male female couple".split()
)


@dataclass
class Group:
    """A run of content words and the function words and marks before it (`lead`, in lower case)."""

    lead: tuple[str, ...]
    items: list[Item]
    negated: bool = False
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = words_of(self.items)

    @property
    def head(self) -> Item | None:
        """The thing that the group names: its last naming item, or a last word that we do not know."""
        named = [item for item in self.items if item.names]
        if named:
            return named[-1]
        return self.items[-1] if self.items[-1].kind == "unknown" else None

    @property
    def modifiers(self) -> list[Item]:
        """All but the head; what follows the head ("shirt unbuttoned") comes first."""
        head = self.head
        at = len(self.items) if head is None else next(i for i, item in enumerate(self.items) if item is head)
        return [*self.items[at + 1 :], *self.items[:at]]

    @property
    def has_article(self) -> bool:
        return bool(_ARTICLES & set(self.lead))

    @property
    def is_definite(self) -> bool:
        return bool(_DEFINITE & set(self.lead))

    @property
    def is_predicate(self) -> bool:
        """Said of the thing before it, as "red" in "her shirt is red"."""
        words = set(self.lead)
        return bool(_COPULAS & words) and not self.has_verb and not {"in", "there"} & words

    @property
    def has_verb(self) -> bool:
        return self.wears or self.carries

    @property
    def wears(self) -> bool:
        return bool(WEAR_WORDS & set(self.lead))

    @property
    def carries(self) -> bool:
        return bool(CARRY_WORDS & set(self.lead))

    @property
    def in_scene(self) -> bool:
        return bool(SCENE_PREPOSITIONS & set(self.lead))

    @property
    def starts_sentence(self) -> bool:
        return not self.lead or "." in self.lead


def read_groups(items: Sequence[Item]) -> list[Group]:
    """The groups of a sentence in order, lists of describing words joined and negations settled."""
    groups: list[Group] = []
    for lead, run in _runs(items):
        for index, part in enumerate(_split(run)):
            groups.append(Group(lead if index == 0 else (), part))
    groups = _join_lists(groups)
    _settle_negations(groups)
    return groups


def words_of(items: Sequence[Item]) -> str:
    """The items as text."""
    return " ".join(item.text for item in items).replace(" ,", ",")


def _runs(items: Sequence[Item]) -> Iterator[tuple[tuple[str, ...], list[Item]]]:
    lead: list[str] = []
    run: list[Item] = []
    for item in items:
        if item.is_content:
            run.append(item)
            continue
        if run:
            yield tuple(lead), run
            lead, run = [], []
        # "is wearing" also counts as its words, "in front of" does not: its "in" leads to no clothes.
        lead += [item.low, *(item.low.split() if " " in item.low and item.low not in SCENE_PREPOSITIONS else ())]
    if run:
        yield tuple(lead), run


def _split(run: list[Item]) -> list[list[Item]]:
    """ "black shirt black pants" names two things, "denim shirt dress" one."""
    parts: list[list[Item]] = []
    current: list[Item] = []
    head: Item | None = None
    for index, item in enumerate(run):
        more_follow = any(later.names for later in run[index:])
        if head is not None and (not _is_compound(head, item) if item.names else more_follow):
            parts.append(current)
            current, head = [], None
        current.append(item)
        head = item if item.names else head
    parts.append(current)
    return parts


def _is_compound(first: Item, second: Item) -> bool:
    """Whether two names side by side name one thing ("beach hat", "arm tattoo"), not two ("white shirt jeans")."""
    a, b = first.kind, second.kind
    possessive = first.low.endswith(("'s", "s'"))
    if a == "absence" or b in ("absence", "nothing"):
        return False
    if a == "person":
        plain = first.low in _PLAIN_PEOPLE and not possessive
        return b == "person" or (b in ("garment", "set", "clothes", "prop", "style") and not plain)
    if b == "garment":
        return a in ("scene", "prop", "detail", "skin", "face", "style") or (a == b and first.part == second.part)
    if b in ("set", "clothes"):
        return a in ("scene", "prop", "style")
    if b == "person":
        return a in ("pose", "scene", "style")
    if b == "scene":
        return a in ("scene", "prop", "style", "detail") or (a == "garment" and second.low in _PLACES)
    if b == "detail":
        return a in ("garment", "set", "detail", "skin", "scene", "prop")
    if b == "pose":
        return a in ("pose", "skin", "face")
    return a == b or (b == "skin" and a == "face") or (b == "style" and a == "scene") or (b == "prop" and a == "scene")


def _join_lists(groups: list[Group]) -> list[Group]:
    """Joins "red and" with "white striped dress", and "a long," with "flowing skirt"."""
    joined: list[Group] = []
    for group in groups:
        before = joined[-1] if joined else None
        if before is not None and _goes_on(before, group):
            link = [Item(word, "function") for word in group.lead if word != ","]
            joined[-1] = Group(before.lead, [*before.items, *link, *group.items])
        else:
            joined.append(group)
    return joined


def _goes_on(before: Group, group: Group) -> bool:
    if before.head is not None or before.is_predicate or not group.items[0].describes:
        return False
    if not all(item.describes or item.kind == "function" for item in before.items):
        return False
    if group.lead == (",",):
        return before.has_article or bool({"with", "has", "have", "having"} & set(before.lead))
    if group.lead not in (("and",), (",", "and"), ("but",), ("or",)):
        return False
    same = before.items[-1].kind == group.items[0].kind or before.has_article or before.wears
    return same or group.head is not None and not group.head.kind.endswith("modifier")


def _settle_negations(groups: list[Group]) -> None:
    for index, group in enumerate(groups):
        before = groups[index - 1] if index else None
        lead = set(group.lead)
        if NEGATIONS & lead:
            group.negated = True
        elif before is not None and before.negated and lead <= {",", "or", "and", "a", "an", "any"}:
            lone = group.head is not None and len(group.items) == 1
            group.negated = bool(
                "or" in lead
                or ("and" in lead and lone and not group.has_article)
                or (lead == {","} and _or_follows(groups[index + 1 :]))
            )


def _or_follows(groups: Sequence[Group]) -> bool:
    for group in groups:
        if {"or", "nor"} & set(group.lead):
            return True
        if group.lead != (",",):
            return False
    return False
