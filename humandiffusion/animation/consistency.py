"""How much the same part differs between the frames of a film."""

import torch
from torch import Tensor

from ..colour import median_lab
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..errors import InputError
from ..parts import BACKGROUND


def part_distances(
    encoder: PartEncoder, images: Tensor, labels: Tensor, least: float = 0.005
) -> dict[int, tuple[float, float]]:
    """For each part that at least two frames show on `least` of the picture: (feature distance, colour distance).

    images [B, 3, H, W] sRGB 0..1, labels [B, H, W] of the same size. Feature distance: 1 - cosine of the part's
    vectors; colour distance: of its median Lab; both the mean over all pairs of frames. Raises InputError for sizes
    that do not fit.
    """
    if len(images) != len(labels) or images.shape[2:] != labels.shape[1:]:
        raise InputError(f"labels: got shape {list(labels.shape)} for pictures of shape {list(images.shape)}")
    vectors: dict[int, list[Tensor]] = {}
    colours: dict[int, list[Tensor]] = {}
    for image, here in zip(images, labels, strict=True):
        counts = torch.bincount(here.flatten().long())
        large = [p for p, n in enumerate(counts.tolist()) if p != BACKGROUND and n >= least * here.numel()]
        crops = cut_parts(image, here, encoder.crop_size, large)
        for part, vector in zip(crops.parts.tolist(), encoder.encode_image(crops.images, crops.masks), strict=True):
            vectors.setdefault(part, []).append(vector)
            colours.setdefault(part, []).append(median_lab(image, here == part))
    return {
        part: (_between(torch.stack(some), cosine=True), _between(torch.stack(colours[part]), cosine=False))
        for part, some in vectors.items()
        if len(some) > 1
    }


def _between(rows: Tensor, cosine: bool) -> float:
    first, second = torch.triu_indices(len(rows), len(rows), 1)
    if cosine:
        return float((1 - (rows[first] * rows[second]).sum(1)).mean())
    return float((rows[first] - rows[second]).norm(dim=1).mean())
