"""Where Stable Diffusion's U-Nets look at the text: their cross-attentions, one entry each, as data."""

import math
from dataclasses import dataclass

COARSE, MIDDLE, FINE = 0, 1, 2
SCALE_NAMES = ("coarse", "middle", "fine")


@dataclass(frozen=True)
class Site:
    """One cross-attention: the section of the U-Net (`input`, `output` or `middle`), its block there in the names of
    the published checkpoints, which transformer of that block, and how many times smaller than the latent it sees it.
    """

    section: str
    block: int
    transformer: int
    smaller: int


# Section, block, transformers in it, times smaller. In the order in which IP-Adapter files number their layers: all of
# the way down, all of the way up, then the middle.
_SD15 = (
    *(("input", 1, 1, 1), ("input", 2, 1, 1), ("input", 4, 1, 2), ("input", 5, 1, 2), ("input", 7, 1, 4)),
    *(("input", 8, 1, 4), ("output", 3, 1, 4), ("output", 4, 1, 4), ("output", 5, 1, 4), ("output", 6, 1, 2)),
    *(("output", 7, 1, 2), ("output", 8, 1, 2), ("output", 9, 1, 1), ("output", 10, 1, 1), ("output", 11, 1, 1)),
    ("middle", 0, 1, 8),
)
_SDXL = (
    *(("input", 4, 2, 2), ("input", 5, 2, 2), ("input", 7, 10, 4), ("input", 8, 10, 4)),
    *(("output", 0, 10, 4), ("output", 1, 10, 4), ("output", 2, 10, 4)),
    *(("output", 3, 2, 2), ("output", 4, 2, 2), ("output", 5, 2, 2)),
    ("middle", 0, 10, 4),
)


@dataclass(frozen=True)
class Architecture:
    """A family of U-Nets: its name, the width of its text tokens, its cross-attentions, and the resolutions that count
    as fine and as middle (times smaller than the latent; anything smaller still, and the U-Net's middle, is coarse).
    """

    name: str
    context_width: int
    sites: tuple[Site, ...]
    fine: int
    middle: int

    def scale_at(self, section: str, latent: tuple[int, int], cells: int) -> int:
        """COARSE, MIDDLE or FINE for a cross-attention that sees a latent of (h, w) as so many cells."""
        return self.scale(section, math.sqrt(math.prod(latent) / cells))

    def scale(self, section: str, smaller: float) -> int:
        """The same for one that sees the latent so many times smaller."""
        if section == "middle":
            return COARSE
        nearest = round(smaller)
        return FINE if nearest <= self.fine else MIDDLE if nearest <= self.middle else COARSE


def _each(rows: tuple[tuple[str, int, int, int], ...]) -> tuple[Site, ...]:
    return tuple(Site(section, block, i, smaller) for section, block, depth, smaller in rows for i in range(depth))


SD15 = Architecture("SD 1.5", 768, _each(_SD15), fine=1, middle=2)
SDXL = Architecture("SDXL", 2048, _each(_SDXL), fine=2, middle=4)
ARCHITECTURES = (SD15, SDXL)
