"""Photos of any shape made of one size: which part of a photo is shown."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...parts import BACKGROUND

ALIKE = 0.05  # shapes that differ by less are cut a little, and nobody is looked for
_AROUND = 0.06  # of the person's height, left free on every side

Window = tuple[int, int, int, int]
"""Top, left, height and width in the photo's pixels; it may reach beyond the photo."""


def window_of(labels: Tensor, size: tuple[int, int]) -> Window:
    """What to show of a photo with the map `labels` [H, W] in a picture of `size` (h, w).

    All of it but a strip where the shapes are nearly alike; else the person with some room around, not beyond the photo
    if that can be.
    """
    height, width = labels.shape
    aspect = size[1] / size[0]
    if abs(width / height / aspect - 1) <= ALIKE:
        h, w = min(height, round(width / aspect)), min(width, round(height * aspect))
        return (height - h) // 2, (width - w) // 2, h, w
    rows, columns = ((labels != BACKGROUND).any(side).nonzero()[:, 0] for side in (1, 0))
    if len(rows) == 0:
        rows, columns = torch.arange(height), torch.arange(width)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    room = 1 + 2 * _AROUND
    h = round(max((bottom - top) * room, (right - left) * room / aspect))
    w = max(round(h * aspect), 1)
    return _within((top + bottom - h) // 2, h, height), _within((left + right - w) // 2, w, width), h, w


def show(picture: Tensor, window: Window, size: tuple[int, int], *, nearest: bool = False) -> Tensor:
    """`window` of uint8 [C, H, W] at `size`; beyond the photo its edge goes on. `nearest` is for indices."""
    top, left, h, w = window
    rows = torch.arange(top, top + h).clamp(0, picture.shape[1] - 1)
    columns = torch.arange(left, left + w).clamp(0, picture.shape[2] - 1)
    cut = picture[:, rows][:, :, columns]
    if (h, w) == tuple(size):
        return cut.contiguous()
    if nearest:
        return F.interpolate(cut[None].float(), size, mode="nearest-exact")[0].to(torch.uint8)
    scaled = F.interpolate(cut[None].float(), size, mode="bilinear", antialias=True, align_corners=False)[0]
    return scaled.round().clamp(0, 255).to(torch.uint8)


def _within(start: int, length: int, whole: int) -> int:
    """Where a stretch begins so that it lies within the photo, or as far beyond on both sides."""
    if length >= whole:
        return (whole - length) // 2
    return min(max(start, 0), whole - length)
