"""Which colour a phrase asks for, and how well a seen colour answers it."""

import re

import torch
from torch import Tensor

from ..colour import CLOTHES_COLOURS, HAIR_COLOURS, SKIN_TONES, srgb_to_lab
from ..parts import HAIR, SKIN
from .colours import PROTOTYPES, name_colour

Shades = tuple[tuple[int, int, int], ...]

# A shade further off than the nearest prototype by this many Lab units answers half.
_HALF = 12.0
# Names that people use for shades that we know by another.
_ALIASES = {
    "gray": "grey", "silver": "grey", "slate": "grey", "ash": "grey", "anthracite": "charcoal", "jet-black": "black",
    "ivory": "cream", "ecru": "cream", "off-white": "cream", "champagne": "cream", "sand": "beige", "nude": "beige",
    "stone": "beige", "oatmeal": "beige", "camel": "tan", "caramel": "tan", "khaki": "tan", "cognac": "brown",
    "chocolate": "brown", "chestnut": "brown", "coffee": "brown", "mocha": "brown", "maroon": "burgundy",
    "wine": "burgundy", "oxblood": "burgundy", "scarlet": "red", "crimson": "red", "ruby": "red", "cherry": "red",
    "salmon": "coral", "rust": "orange", "terracotta": "orange", "tangerine": "orange", "gold": "mustard",
    "golden": "mustard", "ochre": "mustard", "lemon": "yellow", "emerald": "green", "jade": "green", "sage": "green",
    "forest green": "dark green", "bottle green": "dark green", "teal": "turquoise", "aqua": "turquoise",
    "cyan": "turquoise", "sky blue": "light blue", "baby blue": "light blue", "pale blue": "light blue",
    "dark blue": "navy", "midnight blue": "navy", "indigo": "navy", "cobalt": "blue", "sapphire": "blue",
    "azure": "blue", "lavender": "lilac", "violet": "purple", "plum": "purple", "fuchsia": "magenta",
    "hot pink": "magenta", "rose": "pink", "blush": "pink", "blond": "blonde",
}  # fmt: skip
_KNOWN: dict[str, Shades] = {**{name: (shade,) for name, shade in CLOTHES_COLOURS.items()}, **PROTOTYPES}
_OF_BODY = {part: {n: (s,) for n, s in names.items()} for part, names in ((HAIR, HAIR_COLOURS), (SKIN, SKIN_TONES))}
_PROTOTYPES: Shades = tuple(shade for shades in PROTOTYPES.values() for shade in shades)
_LONGEST = 3


def colours_asked(phrase: str, part: int) -> dict[str, Shades]:
    """The colours that a phrase names, with the shades (sRGB 0..255) that answer them, in the phrase's order.

    The longest name counts: "dark green" is not green. Hair and skin have colours of their own. A colour word whose
    shade is not known is left out, so that nothing is judged by a guess.
    """
    known = {**_KNOWN, **_OF_BODY.get(part, {})}
    words = re.findall(r"[a-z]+(?:-[a-z]+)*", phrase.lower())
    found: dict[str, Shades] = {}
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            name = " ".join(words[at : at + length])
            if shades := known.get(name) or known.get(_ALIASES.get(name, "")):
                found[name] = shades
                break
        at += length
    return found


def colour_match(lab: Tensor, shades: Shades) -> float:
    """How well a seen colour [3] in Lab answers one of the asked shades: 1 if no basic colour's prototype is nearer.

    From there it falls with the distance by which another is nearer, as half ^ (distance / 12)^2.
    """
    nearest, asked = _distance(lab, _PROTOTYPES), _distance(lab, shades)
    return float(0.5 ** (max(asked - nearest, 0.0) / _HALF) ** 2)


def basic_name(shades: Shades) -> str:
    """The basic colour term that shades go by."""
    return name_colour(srgb_to_lab(torch.tensor(shades[0]) / 255))


def _distance(lab: Tensor, shades: Shades) -> float:
    return float((srgb_to_lab(torch.tensor(shades) / 255) - lab.float()).norm(dim=1).min())
