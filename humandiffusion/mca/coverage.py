"""Coverage: which share of each cell of the latent belongs to each described part, and which to the prompt alone."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pose.geometry import fit
from ..pose.occupancy import occupancy
from ..pose.semantic_pose import SemanticPose

PICTURE_SCALE = 8  # pixels of the picture to one cell of Stable Diffusion's latent


def region_coverage(pose: SemanticPose, parts: Sequence[int], size: tuple[int, int], feather: float = 0.0) -> Tensor:
    """[B, 1 + P, h, w] float32 at the latent's `size` = (h, w), sum 1 in every cell.

    Channel 0 is what no part of `parts` covers, channel 1 + i is `parts[i]`. The map is fitted into the picture without
    squashing it and filled up with background. `feather`: standard deviation, in pixels of the picture, by which
    borders are softened.
    """
    height, width = size
    shares = occupancy(fit(pose, (height * PICTURE_SCALE, width * PICTURE_SCALE)), size)[:, list(parts)]
    rest = (1 - shares.sum(1, keepdim=True)).clamp_min(0)
    return soften(torch.cat((rest, shares), 1), feather / PICTURE_SCALE)


def join_coverages(coverages: Sequence[Tensor]) -> Tensor:
    """Coverages of several maps, [B | 1, 1 + P_i, h, w] each -> one, [B, 1 + sum of P_i, h, w].

    Where maps claim more than a cell together, it is shared out between them.
    """
    if len(coverages) == 1:
        return coverages[0]
    batch = max(len(coverage) for coverage in coverages)
    parts = torch.cat([coverage[:, 1:].expand(batch, -1, -1, -1) for coverage in coverages], 1)
    claimed = parts.sum(1, keepdim=True)
    return torch.cat(((1 - claimed).clamp_min(0), parts / claimed.clamp_min(1)), 1)


def soften(shares: Tensor, deviation: float) -> Tensor:
    """Gaussian blur of [B, C, h, w] by a standard deviation in cells; the sum over C stays, also at the edges."""
    reach = round(3 * deviation)
    if reach < 1:
        return shares
    steps = torch.arange(-reach, reach + 1, dtype=shares.dtype, device=shares.device)
    kernel = torch.exp(-0.5 * (steps / deviation) ** 2)
    kernel = kernel / kernel.sum()
    channels = shares.shape[1]
    rows = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    padded = F.pad(shares, (0, 0, reach, reach), mode="replicate")
    softer = F.conv2d(padded, rows, groups=channels)
    return F.conv2d(F.pad(softer, (reach, reach, 0, 0), mode="replicate"), rows.mT, groups=channels)


def exclusive(shares: Tensor) -> Tensor:
    """[B, P, N] shares -> each cell belongs wholly to the part that covers most of it.

    A part that would win no cell keeps the one that it covers best, shared with whoever else has it.
    """
    hard = torch.zeros_like(shares).scatter_(1, shares.argmax(1, keepdim=True), 1.0)
    best = shares.argmax(2, keepdim=True)
    lost = (hard.amax(2, keepdim=True) == 0) & (shares.amax(2, keepdim=True) > 0)
    hard = torch.maximum(hard, torch.zeros_like(hard).scatter_(2, best, lost.to(hard)))
    return hard / hard.sum(1, keepdim=True)
