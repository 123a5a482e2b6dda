"""Phrases for part crops: what a person might call the garment, its colour and its pattern."""

import random
from dataclasses import dataclass

from ..parts import BACKGROUND, FACE, HAIR, PARTS, SKIN

# What people also call the things that the photo set labels.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "bag": ("handbag", "shoulder bag", "tote bag", "backpack", "tote"),
    "belt": ("waist belt", "leather belt"),
    "blazer": ("suit jacket", "sports coat", "tailored jacket"),
    "blouse": ("shirt", "tunic", "camisole"),
    "bodysuit": ("leotard", "unitard", "romper"),
    "boots": ("ankle boots", "chelsea boots", "knee high boots", "footwear"),
    "bra": ("bikini top", "crop top", "bralette"),
    "bracelet": ("bangle", "wristband", "cuff"),
    "cape": ("poncho", "cloak", "shawl"),
    "cardigan": ("knitted jacket", "open sweater", "knit cardigan"),
    "clogs": ("mules", "slippers"),
    "coat": ("overcoat", "trench coat", "long coat", "parka", "winter coat", "raincoat"),
    "dress": ("gown", "frock", "sundress", "maxi dress", "evening dress"),
    "earrings": ("ear rings", "ear studs"),
    "flats": ("ballet flats", "ballerinas"),
    "glasses": ("eyeglasses", "spectacles", "reading glasses"),
    "gloves": ("mittens", "leather gloves"),
    "hat": ("cap", "beanie", "fedora", "sun hat", "beret", "headwear"),
    "heels": ("high heels", "stilettos"),
    "hoodie": ("hooded sweatshirt", "hooded top"),
    "jacket": ("bomber jacket", "leather jacket", "denim jacket", "biker jacket", "windbreaker", "outerwear"),
    "jeans": ("denim pants", "denim jeans", "skinny jeans", "ripped jeans"),
    "jumper": ("pullover", "sweater"),
    "leggings": ("tights", "yoga pants"),
    "loafers": ("moccasins", "slip on shoes"),
    "necklace": ("pendant", "chain", "choker"),
    "pants": ("trousers", "slacks", "chinos", "cargo pants", "joggers"),
    "pumps": ("court shoes", "high heels"),
    "purse": ("clutch", "small bag", "pouch"),
    "ring": ("finger ring",),
    "romper": ("jumpsuit", "playsuit", "overalls", "dungarees"),
    "sandals": ("flip flops", "open shoes"),
    "scarf": ("shawl", "neck scarf", "bandana", "neckwear"),
    "shirt": ("button down shirt", "dress shirt", "flannel shirt", "polo shirt"),
    "shoes": ("footwear", "leather shoes", "oxfords", "brogues"),
    "shorts": ("short pants", "hot pants", "bermuda shorts"),
    "skirt": ("mini skirt", "pencil skirt", "pleated skirt", "maxi skirt", "kilt"),
    "sneakers": ("trainers", "running shoes", "tennis shoes"),
    "socks": ("ankle socks", "knee socks"),
    "stockings": ("tights", "pantyhose", "nylons"),
    "suit": ("suit jacket", "tuxedo", "two piece suit"),
    "sunglasses": ("shades", "dark glasses"),
    "sweater": ("pullover", "jumper", "knit sweater", "turtleneck"),
    "sweatshirt": ("sweat top", "pullover"),
    "t-shirt": ("tee", "tshirt", "graphic tee"),
    "tie": ("necktie", "bow tie"),
    "tights": ("leggings", "pantyhose"),
    "top": ("tank top", "crop top", "sleeveless top", "vest top"),
    "vest": ("waistcoat", "gilet", "sleeveless jacket"),
    "wallet": ("purse", "pouch"),
    "watch": ("wristwatch", "wrist watch"),
    "wedges": ("wedge sandals", "platform shoes"),
}

_BODY = {
    HAIR: (
        "{c} hair", "{c} hair", "hair that is {c}", "{c} haired", "long {c} hair", "short {c} hair", "{c} curls",
        "hair", "hair of a woman", "hair of a man",
    ),
    FACE: ("face", "{c} face", "face of a woman", "face of a man", "face of a person"),
    SKIN: ("{c} skin", "{c} skin", "{c} complexion", "skin", "skin of a woman", "skin of a man", "skin of a person"),
    BACKGROUND: ("{c} background", "{c} wall", "{c} scene", "{c} street", "background", "street", "city"),
}  # fmt: skip
_COLOURED = {HAIR: 7, FACE: 2, SKIN: 3, BACKGROUND: 4}
_PLAIN = ("{c} {g}", "{c} {g}", "{c} {g}", "{g} in {c}", "{c} coloured {g}", "plain {c} {g}", "{g} that is {c}")
_PATTERNED = {
    "striped": ("{c} and {d} striped {g}", "{c} {g} with {d} stripes", "striped {c} {g}", "horizontally striped {g}"),
    "vertical striped": (
        "{c} and {d} vertically striped {g}",
        "{c} pinstriped {g}",
        "{c} {g} with vertical {d} stripes",
    ),
    "checked": (
        "{c} and {d} checked {g}",
        "{c} plaid {g}",
        "{c} tartan {g}",
        "checked {c} {g}",
        "{c} and {d} gingham {g}",
    ),
    "polka dot": ("{c} polka dot {g}", "{c} {g} with {d} dots", "dotted {c} {g}", "{c} {g} with {d} polka dots"),
    "floral": ("{c} floral {g}", "{c} {g} with {d} flowers", "flowery {c} {g}", "{c} {g} with a {d} floral print"),
}


TOLD = 0.3


@dataclass(frozen=True)
class Description:
    """What is known of one crop: its part, the label of the photo set, names of its colours, its pattern.

    `natural` crops have the colour that they had in the photo: of those alone a phrase may leave the colour out, so
    that "denim" comes to mean blue and "leather bag" brown or black. And of those alone what people said of the part
    (`told`, see `told.py`) is true.
    """

    part: int
    label: str
    colours: tuple[str, ...]
    pattern: str | None = None
    second: str = ""
    natural: bool = False
    told: tuple[str, ...] = ()


def canonical(of: Description) -> str:
    """The plain phrase, nearest colour name and label: `charcoal grey blazer`. What benchmarks ask with."""
    return f"{of.colours[0]} {of.label}"


def compose(of: Description, rng: random.Random) -> str:
    """One of the many phrases that say it; the first colour name is the likeliest. Three of ten times what people said,
    where they did."""
    if of.told and of.natural and rng.random() < TOLD:
        return rng.choice(of.told)
    colour = of.colours[min(int(rng.expovariate(1.2)), len(of.colours) - 1)]
    if of.part in _BODY:
        return rng.choice(_BODY[of.part][: None if of.natural else _COLOURED[of.part]]).format(c=colour)
    garment = of.label
    if rng.random() < 0.35:
        garment = rng.choice(SYNONYMS.get(of.label, (PARTS[of.part].name,)))
        if "denim" in garment and not any(blue in name for name in of.colours for blue in ("blue", "navy", "denim")):
            garment = of.label  # so that denim alone means blue
    if of.pattern is not None and rng.random() < 0.9:
        return rng.choice(_PATTERNED[of.pattern]).format(c=colour, d=of.second, g=garment)
    if of.natural and rng.random() < (0.5 if "denim" in garment else 0.12):
        return garment
    return rng.choice(_PLAIN).format(c=colour, g=garment)
