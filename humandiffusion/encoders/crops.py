"""From a photo and its map to one crop per part: the part's pixels kept, the rest white (as the paper's figure draws
it), a square around them with a margin, at the size that the encoder looks at.

The one way in which a picture comes to an encoder: memories are built by it, encoders trained, references asked. What
changes here changes every vector, so `identity.CROPS` says it in the ids of encoders.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
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
    height, width = bottom - top, right - left
    side = round(max(height, width) * (1 + 2 * MARGIN)) + 2
    # White is nothing here, so that only what lies inside the mask's box is read.
    ink = image.new_empty(4, height, width)
    ink[3] = mask[top:bottom, left:right]
    torch.sub(1, image[:, top:bottom, left:right], out=ink[:3]).mul_(ink[3])
    shrink = _shrinking(side, size).to(image)
    rows = shrink[:, (side - height) // 2 :][:, :height]
    columns = shrink[:, (side - width) // 2 :][:, :width]
    small = (torch.matmul(rows, ink) @ columns.T).clamp_(0, 1)
    return 1 - small[:3], small[3:]


def _shrinking(side: int, size: int) -> Tensor:
    """What turns `side` pixels into `size`, [size, side]: bilinear with antialiasing, as `F.interpolate` has it."""
    reach = max(side / size, 1.0)
    centres = (torch.arange(size) + 0.5) * (side / size)
    weights = (1 - (torch.arange(side) + 0.5 - centres[:, None]).abs() / reach).clamp_min_(0)
    return weights / weights.sum(1, keepdim=True)


def _span(filled: Tensor) -> tuple[int, int]:
    where = np.flatnonzero(filled.cpu().numpy())
    return int(where[0]), int(where[-1]) + 1
