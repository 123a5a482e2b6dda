"""The parts of a person: DeepFashion-MultiModal's 24 classes, indices unchanged (Jiang et al., Text2Human, 2022)."""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import InputError


@dataclass(frozen=True)
class Part:
    """One class of the label set.

    `group` is `scene`, `body`, `garment` (covers the body) or `accessory`. `colour` is the sRGB triple of our palette,
    chosen so that a person can tell all 24 apart. `synonyms` are further names that a user may give instead of `name`.
    """

    index: int
    name: str
    group: str
    colour: tuple[int, int, int]
    synonyms: tuple[str, ...] = ()


PARTS: tuple[Part, ...] = (
    Part(0, "background", "scene", (0, 0, 0), ("scene",)),
    Part(1, "top", "garment", (230, 25, 75), ("shirt", "blouse", "t-shirt", "sweater")),
    Part(2, "outer", "garment", (60, 110, 220), ("outerwear", "jacket", "coat")),
    Part(3, "skirt", "garment", (245, 130, 48)),
    Part(4, "dress", "garment", (145, 30, 180), ("gown",)),
    Part(5, "pants", "garment", (0, 130, 128), ("trousers", "jeans", "shorts")),
    Part(6, "leggings", "garment", (70, 240, 240), ("tights", "stockings")),
    Part(7, "headwear", "accessory", (255, 225, 25), ("hat", "cap")),
    Part(8, "eyeglass", "accessory", (0, 70, 0), ("glasses", "sunglasses", "eyewear")),
    Part(9, "neckwear", "accessory", (60, 180, 75), ("scarf",)),
    Part(10, "belt", "accessory", (255, 250, 200)),
    Part(11, "footwear", "garment", (170, 110, 40), ("shoes", "boots")),
    Part(12, "bag", "accessory", (128, 128, 0), ("handbag", "backpack")),
    Part(13, "hair", "body", (128, 0, 0)),
    Part(14, "face", "body", (255, 205, 175), ("head",)),
    Part(15, "skin", "body", (225, 150, 110), ("body",)),
    Part(16, "ring", "accessory", (255, 255, 255)),
    Part(17, "wrist wearing", "accessory", (240, 50, 230), ("watch", "bracelet", "wrist")),
    Part(18, "socks", "garment", (0, 0, 128), ("sock",)),
    Part(19, "gloves", "accessory", (170, 255, 195)),
    Part(20, "necklace", "accessory", (210, 245, 60)),
    Part(21, "rompers", "garment", (220, 190, 255), ("romper", "jumpsuit")),
    Part(22, "earrings", "accessory", (128, 128, 128), ("earring",)),
    Part(23, "tie", "accessory", (100, 60, 80), ("necktie",)),
)

NUM_PARTS = len(PARTS)
BACKGROUND, TOP, OUTER, SKIRT, DRESS, PANTS, LEGGINGS, HEADWEAR, EYEGLASS, NECKWEAR, BELT, FOOTWEAR = range(12)
BAG, HAIR, FACE, SKIN, RING, WRIST, SOCKS, GLOVES, NECKLACE, ROMPERS, EARRINGS, TIE = range(12, 24)

PART_NAMES: tuple[str, ...] = tuple(part.name for part in PARTS)
GARMENTS: tuple[int, ...] = tuple(part.index for part in PARTS if part.group in ("garment", "accessory"))
BODY: tuple[int, ...] = tuple(part.index for part in PARTS if part.group == "body")

_BY_NAME = {name: part.index for part in PARTS for name in (part.name, *part.synonyms)}


def part_index(name: str) -> int:
    """The index of a part from its name or one of its synonyms, in any case; `wrist_wearing` counts as `wrist wearing`.

    Raises InputError that lists the names if there is no such part.
    """
    key = name.strip().lower().replace("_", " ")
    if key not in _BY_NAME:
        raise InputError(f"part: got {name!r}, wanted one of {', '.join(PART_NAMES)}")
    return _BY_NAME[key]


def part_names(indices: Iterable[int]) -> list[str]:
    """Names of several parts, in the order given."""
    return [PART_NAMES[index] for index in indices]
