"""Words for a crop, measured on its pixels: colour, tone, pattern."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..colour import BASIC_COLOURS, median_lab, srgb_to_lab
from ..parts import FACE, GARMENTS
from ..training.crop_pool import colour_words

# Read off a sheet of 516 garments of Clothing Co-Parsing, sorted by deviation: folds and shadows end below it.
_PATTERN_DEVIATION = 12.5  # Lab units, median over the cloth of the distance to its surroundings
_STRIPE_DIRECTION = 0.45  # share of the gradient's energy across over along the stripes
_MIN_CLOTH = 600  # pixels well inside the mask


def caption(image: Tensor, mask: Tensor, part: int, label: str) -> str:
    """A caption for the pixels of `image` [3, H, W] (sRGB 0..1) in a non-empty `mask` [H, W] bool.

    Colour word, pattern where one can be measured, label: "red striped dress". Hair and skin get the words that people
    have for theirs. A face is a face.
    """
    if part == FACE:
        return label
    colour = colour_words(part, median_lab(image, mask), BASIC_COLOURS)[0]
    pattern = pattern_word(image, mask) if part in GARMENTS else None
    return " ".join(word for word in (colour, pattern, label) if word)


def pattern_word(image: Tensor, mask: Tensor) -> str | None:
    """`striped`, `vertical striped` or `patterned` if the cloth clearly is; None for a plain or a small one."""
    lab = srgb_to_lab(image.permute(1, 2, 0)).permute(2, 0, 1)
    share = mask.to(lab.dtype)[None]
    inside = F.avg_pool2d(share[None], 7, 1, 3)[0, 0] > 0.999
    if int(inside.sum()) < _MIN_CLOTH:
        return None
    around = F.avg_pool2d(lab * share, 15, 1, 7) / F.avg_pool2d(share, 15, 1, 7).clamp_min(1e-6)
    if float((lab - around)[:, inside].norm(dim=0).median()) < _PATTERN_DEVIATION:
        return None
    across = _energy(lab[:, :, 2:] - lab[:, :, :-2], inside[:, 1:-1])
    down = _energy(lab[:, 2:] - lab[:, :-2], inside[1:-1])
    direction = float((down - across) / (down + across).clamp_min(1e-6))
    if abs(direction) < _STRIPE_DIRECTION:
        return "patterned"
    return "striped" if direction > 0 else "vertical striped"


def _energy(gradient: Tensor, inside: Tensor) -> Tensor:
    return torch.mean(gradient[:, inside].square())
