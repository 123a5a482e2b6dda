"""Crosswalk from the labels of Clothing Co-Parsing (Yang, Luo and Lin, CVPR 2014) to our parts."""

from ..parts import (
    BAG,
    BELT,
    DRESS,
    EARRINGS,
    EYEGLASS,
    FOOTWEAR,
    GLOVES,
    HAIR,
    HEADWEAR,
    LEGGINGS,
    NECKLACE,
    NECKWEAR,
    OUTER,
    PANTS,
    RING,
    ROMPERS,
    SKIRT,
    SOCKS,
    TIE,
    TOP,
    WRIST,
)  # fmt: skip

_BY_PART = {
    TOP: ("blouse", "bra", "hoodie", "intimate", "jumper", "shirt", "sweater", "sweatshirt", "swimwear", "t-shirt",
    "top"), OUTER: ("blazer", "cape", "cardigan", "coat", "jacket", "suit", "vest"),
    SKIRT: ("skirt",),
    DRESS: ("dress",),
    PANTS: ("jeans", "panties", "pants", "shorts"),
    LEGGINGS: ("leggings", "stockings", "tights"),
    HEADWEAR: ("hat",),
    EYEGLASS: ("glasses", "sunglasses"),
    NECKWEAR: ("scarf",),
    BELT: ("belt",),
    FOOTWEAR: (
        "boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers", "wedges",
    ),
    BAG: ("bag", "purse", "wallet"),
    HAIR: ("hair",),
    RING: ("ring",),
    WRIST: ("bracelet", "watch"),
    SOCKS: ("socks",),
    GLOVES: ("gloves",),
    NECKLACE: ("necklace",),
    ROMPERS: ("bodysuit", "romper"),
    EARRINGS: ("earrings",),
    TIE: ("tie",),
}  # fmt: skip

CCP_PARTS: dict[str, int] = {label: part for part, labels in _BY_PART.items() for label in labels}
