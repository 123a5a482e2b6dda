"""The 949 XKCD colour names (public domain, carried by matplotlib); every tenth is never trained on, to measure
openness.
"""

from functools import lru_cache

from ..errors import InputError


def xkcd_colours() -> dict[str, tuple[int, int, int]]:
    """All names in alphabetical order with their sRGB colour, 0..255."""
    return dict(_every())


def held_out_colours() -> dict[str, tuple[int, int, int]]:
    """Every tenth name: the tenth, the twentieth and so on."""
    return dict(list(xkcd_colours().items())[9::10])


def training_colours() -> dict[str, tuple[int, int, int]]:
    """The names that may be trained on."""
    kept = held_out_colours()
    return {name: colour for name, colour in xkcd_colours().items() if name not in kept}


@lru_cache(maxsize=1)
def _every() -> dict[str, tuple[int, int, int]]:
    try:
        from matplotlib.colors import XKCD_COLORS, to_rgb
    except ImportError as error:
        raise InputError(
            "matplotlib: not installed, but holds the XKCD colour names; in this pack's folder: pip install -e .[train]"
        ) from error
    names = sorted(XKCD_COLORS)
    triples = {name.removeprefix("xkcd:"): to_rgb(XKCD_COLORS[name]) for name in names}
    return {name: (round(255 * r), round(255 * g), round(255 * b)) for name, (r, g, b) in triples.items()}
