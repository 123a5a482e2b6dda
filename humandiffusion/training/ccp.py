"""Crosswalk from the labels of Clothing Co-Parsing (Yang, Luo and Lin, CVPR 2014) to garments and hair of our parts.

Skin is left out, since there it is face as well, and so is what stands for no part.
"""

from ..parts import BACKGROUND, SKIN
from ..pose.crosswalks import crosswalk

CCP_PARTS: dict[str, int] = {
    label: part
    for label, part in zip(crosswalk("ccp").labels, crosswalk("ccp").parts, strict=True)
    if part not in (BACKGROUND, SKIN)
}
