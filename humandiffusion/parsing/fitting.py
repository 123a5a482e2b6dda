"""Photos at the size that a network wants, their shape kept."""

import math

import torch.nn.functional as F
from torch import Tensor

LONGEST = 4  # times the side of the square of that area; no person fills a strip that is longer


def fit_photos(images: Tensor, area: int, multiple: int) -> tuple[Tensor, tuple[int, int]]:
    """Photos [B, 3, H, W] at about `area` pixels, padded to multiples of `multiple`; and the size without padding."""
    height, width = inner_size(images.shape[2], images.shape[3], area)
    seen = F.interpolate(images.float(), (height, width), mode="bilinear", antialias=True, align_corners=False)
    seen = F.pad(seen.clamp(0, 1), (0, -width % multiple, 0, -height % multiple), mode="replicate")
    return seen, (height, width)


def inner_size(height: int, width: int, area: int) -> tuple[int, int]:
    """Sides (h, w) of the same shape with about `area` pixels, both multiples of 4 from 32 on; strips are shortened."""
    scale = math.sqrt(area / (height * width))
    h, w = (4 * round(min(max(scale * side, 32.0), LONGEST * math.sqrt(area)) / 4) for side in (height, width))
    return h, w
