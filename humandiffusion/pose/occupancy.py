"""Occupancy: the share of each part in each cell of a coarser grid, so that thin parts live at every scale.

Nearest-neighbour shrinking, which region packs use, loses a belt at 1/32; area shares do not, but they get too small
to matter. So a part that is in the map is raised, where it is thin, until its best-covered cell holds `MINIMUM`; then
every cell is divided by its sum.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..parts import NUM_PARTS
from .semantic_pose import SemanticPose

# A tenth of a cell costs a part log(10) = 2.3 in its attention logits, which a query that wants it outweighs; and a
# cell with many thin parts (face, hair, hat, glasses, earrings and necklace share one at 1/32) still belongs to what
# covers it: four of them take 0.4 of 1.4. With k thin parts in its cell a part keeps MINIMUM / (1 + k MINIMUM) or more.
MINIMUM = 0.1


def occupancy(pose: SemanticPose | Tensor, size: tuple[int, int], minimum: float = MINIMUM) -> Tensor:
    """A pose, or labels [B, H, W] uint8 -> shares [B, P, h, w] float32 at `size` = (h, w), any size.

    Area-true, except that each part present in a map is raised by one factor, if it is thin, until its best-covered
    cell holds `minimum`; renormalised to sum 1 over the parts in every cell. Soft shares are used where there are any.
    """
    if isinstance(pose, SemanticPose):
        if pose.soft is not None:
            return _keep_thin(resize_area(pose.soft.float(), size), minimum)
        labels, parts = pose.labels, len(pose.classes)
    else:
        labels, parts = pose, NUM_PARTS
    return _keep_thin(_label_shares(labels, parts, size), minimum)


def coarsen(shares: Tensor, size: tuple[int, int] | torch.Size, minimum: float = MINIMUM) -> Tensor:
    """The same from a finer occupancy [B, P, H, W]; unchanged if it has that size already.

    Applying it twice keeps the minimum: the best-covered cell of a part is raised again at each scale.
    """
    if tuple(shares.shape[-2:]) == tuple(size):
        return shares
    return _keep_thin(resize_area(shares, size), minimum)


def resize_area(values: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Float [B, C, H, W] -> the mean over the area of each cell of `size` = (h, w), any ratio, upwards too."""
    height, width = values.shape[-2:]
    if height % size[0] == 0 and width % size[1] == 0:
        return F.avg_pool2d(values, (height // size[0], width // size[1]))
    rows = _overlaps(height, size[0], values)
    columns = _overlaps(width, size[1], values)
    return rows @ values @ columns.mT


def _label_shares(labels: Tensor, parts: int, size: tuple[int, int]) -> Tensor:
    batch, height, width = labels.shape
    if height % size[0] or width % size[1]:
        one_hot = torch.zeros(batch, parts, height, width, device=labels.device)
        return resize_area(one_hot.scatter_(1, labels.long()[:, None], 1.0), size)
    # Each pixel lies in one cell: counting is an order of magnitude cheaper than pooling 24 planes.
    per_cell = (height // size[0]) * (width // size[1])
    blocks = labels.view(batch, size[0], height // size[0], size[1], width // size[1]).permute(0, 1, 3, 2, 4)
    blocks = blocks.reshape(batch, size[0] * size[1], per_cell).long()
    counts = torch.zeros(batch, size[0] * size[1], parts, device=labels.device)
    counts.scatter_add_(2, blocks, torch.ones_like(blocks, dtype=torch.float32))
    return (counts / per_cell).mT.reshape(batch, parts, *size).contiguous()


def _keep_thin(area: Tensor, minimum: float) -> Tensor:
    best = area.amax((2, 3), keepdim=True)
    # One factor for the whole part, so that its shape stays.
    factor = torch.where(best > 0, minimum / best.clamp_min(1e-30), 1.0).clamp_min(1.0)
    raised = area * factor
    return raised / raised.sum(1, keepdim=True)


def _overlaps(fine: int, coarse: int, like: Tensor) -> Tensor:
    """[coarse, fine]: the share of each coarse cell that each fine one covers."""
    # In units of 1/(fine * coarse) of the whole all edges are integers, so no rounding leaves a crumb in a neighbour.
    start = torch.arange(coarse)[:, None] * fine
    other = torch.arange(fine)[None] * coarse
    overlap = torch.minimum(start + fine, other + coarse) - torch.maximum(start, other)
    return (overlap.clamp_min(0) / fine).to(like)
