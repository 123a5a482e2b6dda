"""How much the same part differs between the frames of a film."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..colour import median_lab
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..errors import InputError
from ..parts import BACKGROUND


@dataclass(frozen=True)
class PartChange:
    """Means over all pairs of frames: `feature`, 1 - cosine of the part's vectors; `colour`, the distance of its median
    Lab; `cloth`, the mean absolute difference of sRGB 0..1 where the part's crops, laid over each other, both have it.
    """

    feature: float
    colour: float
    cloth: float


def part_changes(encoder: PartEncoder, images: Tensor, labels: Tensor, least: float = 0.005) -> dict[int, PartChange]:
    """The change of each part that at least two frames show on `least` of the picture.

    images [B, 3, H, W] sRGB 0..1, labels [B, H, W] of the same size. Raises InputError for sizes that do not fit.
    """
    if len(images) != len(labels) or images.shape[2:] != labels.shape[1:]:
        raise InputError(f"labels: got shape {list(labels.shape)} for pictures of shape {list(images.shape)}")
    shown: dict[int, list[tuple[Tensor, ...]]] = {}
    for image, here in zip(images, labels, strict=True):
        counts = torch.bincount(here.flatten().long())
        large = [p for p, n in enumerate(counts.tolist()) if p != BACKGROUND and n >= least * here.numel()]
        crops = cut_parts(image, here, encoder.crop_size, large)
        vectors = encoder.encode_image(crops.images, crops.masks).cpu()
        for i, part in enumerate(crops.parts.tolist()):
            colour = median_lab(image, here == part)
            shown.setdefault(part, []).append((vectors[i], colour, crops.images[i], crops.masks[i]))
    return {part: _change(frames) for part, frames in shown.items() if len(frames) > 1}


def _change(frames: list[tuple[Tensor, ...]]) -> PartChange:
    return PartChange(
        feature=_over_pairs(frames, lambda a, b: 1 - a[0] @ b[0]),
        colour=_over_pairs(frames, lambda a, b: (a[1] - b[1]).norm()),
        cloth=_over_pairs(frames, _cloth),
    )


def _cloth(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> Tensor:
    both = torch.minimum(one[3], other[3])
    return ((one[2] - other[2]).abs().mean(0, keepdim=True) * both).sum() / both.sum().clamp_min(1e-6)


def _over_pairs(frames: list[tuple[Tensor, ...]], distance: Callable[..., Tensor]) -> float:
    pairs = [(a, b) for i, a in enumerate(frames) for b in frames[i + 1 :]]
    return float(torch.stack([distance(a, b) for a, b in pairs]).mean())
