"""From a photo and its map to one crop per part: the part's pixels kept, the rest white (as the paper's figure draws
it), a square around them with a margin, at the size that the encoder looks at.

The one way in which a picture comes to an encoder: memories are built by it, encoders trained, references asked. What
changes here changes every vector, so `identity.CROPS` says it in the ids of encoders.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

MARGIN = 0.06


@dataclass(frozen=True)
class PartCrops:
    """Crops of N parts: `parts` [N] long, `images` [N, 3, S, S] sRGB 0..1, `masks` [N, 1, S, S] 0..1."""

    parts: Tensor
    images: Tensor
    masks: Tensor


def cut_parts(image: Tensor, labels: Tensor, size: int = 64, parts: Iterable[int] | None = None) -> PartCrops:
    """Crop every part of `labels` [H, W] (or those of `parts` that are there) out of `image` [3, H, W], sRGB 0..1."""
    wanted = torch.unique(labels).tolist() if parts is None else [p for p in parts if bool((labels == p).any())]
    crops = [cut_mask(image, labels == part, size) for part in wanted]
    if not crops:
        return PartCrops(
            torch.zeros(0, dtype=torch.long), image.new_zeros(0, 3, size, size), image.new_zeros(0, 1, size, size)
        )
    images, masks = zip(*crops, strict=True)
    return PartCrops(torch.tensor(wanted, dtype=torch.long), torch.stack(images), torch.stack(masks))


def cut_mask(image: Tensor, mask: Tensor, size: int = 64) -> tuple[Tensor, Tensor]:
    """The square crop [3, S, S] around a non-empty `mask` [H, W], white outside it, and the mask's share [1, S, S]."""
    top, bottom = _span(mask.any(1))
    left, right = _span(mask.any(0))
    side = round(max(bottom - top, right - left) * (1 + 2 * MARGIN)) + 2
    inside = mask[top:bottom, left:right].to(image.dtype)[None]
    cloth = image[:, top:bottom, left:right] * inside + (1 - inside)
    before_y, before_x = (side - (bottom - top)) // 2, (side - (right - left)) // 2
    pad = (before_x, side - (right - left) - before_x, before_y, side - (bottom - top) - before_y)
    square = torch.cat((F.pad(cloth, pad, value=1.0), F.pad(inside, pad)))[None]
    small = F.interpolate(square, (size, size), mode="bilinear", antialias=True, align_corners=False)[0].clamp(0, 1)
    return small[:3], small[3:]


def _span(filled: Tensor) -> tuple[int, int]:
    where = filled.nonzero()
    return int(where[0]), int(where[-1]) + 1
