"""Occupancy: the share of each part in each cell of a coarser grid, so that thin parts live at every scale.

Nearest-neighbour shrinking, which region packs use, loses a belt at 1/32; area shares do not, but they get too small to matter.
So a part that is in the map keeps at least `MINIMUM` in the cells it covers best, and every cell still sums to 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..parts import NUM_PARTS

# A quarter of a cell: log(1/4) costs a part 1.4 in its attention logits, which a trained query outweighs easily.
MINIMUM = 0.25


def occupancy(labels: Tensor, size: tuple[int, int], minimum: float = MINIMUM) -> Tensor:
    """Labels [B, H, W] uint8 -> shares [B, P, h, w] float32 at `size` = (h, w), any size; area-true up to `minimum`."""
    one_hot = F.one_hot(labels.long(), NUM_PARTS).permute(0, 3, 1, 2).float()
    return coarsen(one_hot, size, minimum)


def coarsen(shares: Tensor, size: tuple[int, int] | torch.Size, minimum: float = MINIMUM) -> Tensor:
    """The same from a finer occupancy [B, P, H, W]; unchanged if it has that size already.

    Applying it twice keeps the minimum: the best-covered cell of a part is raised again at each scale.
    """
    if tuple(shares.shape[-2:]) == tuple(size):
        return shares
    area = F.adaptive_avg_pool2d(shares, tuple(size))
    best = area.amax((2, 3), keepdim=True)
    # Raise a thin part where it is at its thickest, by the same factor everywhere, so that its shape stays.
    factor = torch.where(best > 0, (minimum / best.clamp_min(1e-12)).clamp_min(1.0), torch.ones_like(best))
    raised = area * factor
    # What a raised part gains, the other parts of the cell give up in proportion.
    thin = raised * (factor > 1)
    thin_sum = thin.sum(1, keepdim=True)
    thin = thin * (0.9 / thin_sum.clamp_min(0.9))
    rest = raised * (factor <= 1)
    rest_sum = rest.sum(1, keepdim=True)
    room = 1 - thin.sum(1, keepdim=True)
    return thin + rest * (room / rest_sum.clamp_min(1e-12)) + (rest_sum <= 0) * _fill(thin, room)


def _fill(thin: Tensor, room: Tensor) -> Tensor:
    """Cells covered by thin parts alone: hand them the whole cell in proportion."""
    return thin * (room / thin.sum(1, keepdim=True).clamp_min(1e-12))
