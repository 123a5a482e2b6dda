"""What the tags of a photo say of its parts."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ..parts import BODY, EARRINGS, LEGGINGS, NECKLACE, NUM_PARTS, RING, SOCKS, WRIST
from .ccp import CCP_PARTS

_JEWELLERY = (RING, WRIST, NECKLACE, EARRINGS)
_LEGWEAR = (LEGGINGS, SOCKS)


def parts_of_tags(tags: Iterable[str]) -> Tensor:
    """The parts [P] bool that a photo with these CCP tags may show. Body parts and background may always be there."""
    tags = set(tags)
    parts = {0, *BODY} | {CCP_PARTS[tag] for tag in tags if tag in CCP_PARTS}
    for alike in (_JEWELLERY, _LEGWEAR):  # words that the taggers mixed up
        if parts & set(alike) or (alike is _JEWELLERY and "accessories" in tags):
            parts |= set(alike)
    allowed = torch.zeros(NUM_PARTS, dtype=torch.bool)
    allowed[sorted(parts)] = True
    return allowed
