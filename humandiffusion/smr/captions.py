"""Words for a crop, measured on its pixels: colour, tone, pattern."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..colour import BASIC_COLOURS
from ..parts import FACE, GARMENTS
from ..training.crop_pool import colour_words

# Read off a sheet of 516 garments of Clothing Co-Parsing, sorted by deviation: folds and shadows end below it.
_PATTERN_DEVIATION = 12.5  # Lab units, median over the cloth of the distance to its surroundings
_STRIPE_DIRECTION = 0.45  # share of the gradient's energy across over along the stripes
_MIN_CLOTH = 600  # pixels well inside the mask
_MOST_SAMPLES = 1024


def caption(lab: Tensor, mask: Tensor, part: int, label: str) -> str:
    """A caption for the pixels of `lab` [3, H, W] (Lab) in a non-empty `mask` [H, W] bool.

    Colour word, pattern where one can be measured, label: "red striped dress". Hair and skin get the words that people
    have for theirs. A face is a face.
    """
    if part == FACE:
        return label
    colour = colour_words(part, median(lab, mask), BASIC_COLOURS)[0]
    pattern = pattern_word(lab, mask) if part in GARMENTS else None
    return " ".join(word for word in (colour, pattern, label) if word)


def median(values: Tensor, mask: Tensor) -> Tensor:
    """The median [C] of `values` [C, H, W] over the mask; of a large one over some 1,000 pixels of it, evenly dealt."""
    inside = np.flatnonzero(mask.numpy())
    rows, columns = np.unravel_index(inside[:: -(-len(inside) // _MOST_SAMPLES)], tuple(mask.shape))
    some = values.numpy()[:, rows, columns]
    middle = (some.shape[1] - 1) // 2
    return torch.from_numpy(np.partition(some, middle, axis=1)[:, middle])


def pattern_word(lab: Tensor, mask: Tensor) -> str | None:
    """`striped`, `vertical striped` or `patterned` if the cloth clearly is; None for a plain or a small one."""
    share = mask.to(lab.dtype)[None]
    inside = _box_sums(share, 3)[0] > 48.5  # of 7 x 7
    if int(inside.sum()) < _MIN_CLOTH:
        return None
    around = _box_sums(torch.cat((lab * share, share)), 7)
    apart = around[:3].div_(around[3:].clamp_min(1)).sub_(lab).square_().sum(0)
    if float(apart[inside].median()) < _PATTERN_DEVIATION**2:
        return None
    across = _energy(lab[:, :, 2:] - lab[:, :, :-2], inside[:, 1:-1])
    down = _energy(lab[:, 2:] - lab[:, :-2], inside[1:-1])
    direction = (down - across) / max(down + across, 1e-6)
    if abs(direction) < _STRIPE_DIRECTION:
        return "patterned"
    return "striped" if direction > 0 else "vertical striped"


def _box_sums(planes: Tensor, reach: int) -> Tensor:
    """Sums over the square of 2 reach + 1 pixels around each, [C, H, W], 0 beyond the edges; by differences of running
    sums, so the cost does not grow with the square.
    """
    side = 2 * reach + 1
    for dim, pad in ((2, (reach + 1, reach)), (1, (0, 0, reach + 1, reach))):
        running = F.pad(planes, pad).cumsum(dim)
        length = running.shape[dim] - side
        planes = running.narrow(dim, side, length) - running.narrow(dim, 0, length)
    return planes


def _energy(gradient: Tensor, inside: Tensor) -> float:
    """The mean of its square over three channels and the pixels inside."""
    return float((gradient.square_().sum(0) * inside).sum() / inside.sum().clamp_min(1))
