"""What a memory shows of a crop: a swatch of its cloth, or a small picture; of nobody's face either."""

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..parts import FACE, GARMENTS
from .captions import median

Thumbnails = Literal["swatch", "picture", "none"]
SWATCH_SIZE, PICTURE_SIZE = 16, 48
_GREY = 128


def thumbnail(kind: Thumbnails, image: Tensor, mask: Tensor, crop: Tensor, part: int) -> Tensor | None:
    """A picture uint8 [t, t, 3] of the `part` in `mask` [H, W] of `image` [3, H, W] (sRGB 0..1); None for `none`.

    A swatch is a square of a garment's cloth; hair, skin and background are one flat colour, a face is grey. A picture
    is the part's `crop` [3, S, S] made small, white around it; a face is grey again.
    """
    if kind == "none":
        return None
    size = SWATCH_SIZE if kind == "swatch" else PICTURE_SIZE
    if part == FACE:
        return torch.full((size, size, 3), _GREY, dtype=torch.uint8)
    if kind == "picture":
        return shrunk(crop, size)
    return _swatch(image, mask) if part in GARMENTS else _flat(image, mask)


def shrunk(picture: Tensor, size: int) -> Tensor:
    """A picture [3, H, W] in 0..1 as uint8 [size, size, 3]."""
    if min(picture.shape[1:]) >= size:
        small = F.adaptive_avg_pool2d(picture, size)
    else:
        small = F.interpolate(picture[None], (size, size), mode="bilinear", align_corners=False)[0]
    return to_bytes(small).permute(1, 2, 0)


def to_bytes(picture: Tensor) -> Tensor:
    """0..1 as uint8."""
    return (picture * 255).round_().clamp_(0, 255).to(torch.uint8)


def _swatch(image: Tensor, mask: Tensor) -> Tensor:
    """The largest of a few squares that lie inside the mask, shrunk to uint8 [t, t, 3]; its colour if none fits."""
    area = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(mask.numpy(), 0, dtype=np.int32), 1, dtype=np.int32, out=area[1:, 1:])
    for size in (64, 48, 32, 24, 16, 10, 6):
        if size > min(mask.shape):
            continue
        count = area[size:, size:] - area[:-size, size:] - area[size:, :-size] + area[:-size, :-size]
        corners = np.flatnonzero(count == size * size)
        if len(corners):
            top, left = divmod(int(corners[len(corners) // 2]), count.shape[1])
            return shrunk(image[:, top : top + size, left : left + size], SWATCH_SIZE)
    return _flat(image, mask)


def _flat(image: Tensor, mask: Tensor) -> Tensor:
    """One median colour, uint8 [t, t, 3]."""
    return to_bytes(median(image, mask)).expand(SWATCH_SIZE, SWATCH_SIZE, 3).contiguous()
