"""Which basic colour a part shows, and whether it has taken its neighbour's: measured by prototypes in Lab."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..colour import median_lab, srgb_to_lab

# The eleven basic colour terms, each with the shades that cloth of that name is seen in (sRGB 0..255).
PROTOTYPES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((20, 20, 22), (45, 45, 48)),
    "white": ((240, 240, 240), (215, 215, 215)),
    "grey": ((128, 128, 128), (90, 90, 92), (170, 170, 170)),
    "red": ((200, 30, 40), (150, 20, 30)),
    "orange": ((235, 130, 40),),
    "yellow": ((235, 210, 60),),
    "green": ((50, 140, 60), (30, 90, 50), (110, 150, 60)),
    "blue": ((40, 90, 190), (30, 45, 110), (110, 160, 215)),
    "purple": ((120, 60, 150), (80, 40, 100)),
    "pink": ((240, 150, 180), (225, 90, 140)),
    "brown": ((110, 70, 45), (150, 110, 75), (190, 155, 115)),
}
BASIC_NAMES: tuple[str, ...] = tuple(PROTOTYPES)


@dataclass(frozen=True)
class PartColour:
    """One part of one picture: the colour asked, the one seen, and those asked of the garments that touch it."""

    part: int
    asked: str
    seen: str
    neighbours: frozenset[str]

    @property
    def right(self) -> bool:
        """The colour asked is the colour seen."""
        return self.asked == self.seen

    @property
    def can_leak(self) -> bool:
        """Some garment that touches it was asked in another colour."""
        return bool(self.neighbours - {self.asked})

    @property
    def leaked(self) -> bool:
        """It shows the colour asked of a garment that touches it, and not its own."""
        return not self.right and self.seen in self.neighbours


def name_colour(lab: Tensor) -> str:
    """The basic colour whose prototype lies nearest in Lab (CIE 1976 distance) to `lab` [3]."""
    names = [name for name, shades in PROTOTYPES.items() for _ in shades]
    table = srgb_to_lab(torch.tensor([shade for shades in PROTOTYPES.values() for shade in shades]) / 255)
    return names[int((table - lab.float()).norm(dim=1).argmin())]


def judge_colours(image: Tensor, labels: Tensor, asked: dict[int, str], reach: int = 2) -> list[PartColour]:
    """Name the median Lab colour of every asked part's pixels in the map; the order is that of `asked`.

    image [3, H, W] sRGB 0..1, labels [H, W] of the same size, `asked` from part to colour name. Two asked parts are
    neighbours if a pixel of one lies within `reach` pixels of the other: maps have thin seams between garments. Every
    part of `asked` must be in the map.
    """
    masks = {part: labels == part for part in asked}
    grown = {part: _grow(mask, reach) for part, mask in masks.items()}
    rows = []
    for part, colour in asked.items():
        touching = frozenset(asked[o] for o in asked if o != part and bool((grown[part] & masks[o]).any()))
        rows.append(PartColour(part, colour, name_colour(median_lab(image, masks[part])), touching))
    return rows


def colour_accuracy(rows: list[PartColour]) -> float:
    """Share of the parts that show the colour asked; chance is 1 in 11."""
    return _share([row.right for row in rows])


def leak_rate(rows: list[PartColour]) -> float:
    """Of the parts that touch one asked in another colour, the share that show that one's colour, not their own."""
    return _share([row.leaked for row in rows if row.can_leak])


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else float("nan")


def _grow(mask: Tensor, by: int) -> Tensor:
    return F.max_pool2d(mask.float()[None], 2 * by + 1, stride=1, padding=by)[0] > 0
