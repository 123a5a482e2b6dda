"""From shares of parts in coarse cells to a map of the photo's size with soft edges."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from ..pose.semantic_pose import SemanticPose

REACH = 2  # cells over which an edge may be soft


def check_images(images: Tensor) -> None:
    """Raise InputError unless `images` are [B, 3, H, W] floats with at least one pixel."""
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point() or 0 in images.shape:
        got = f"{images.dtype} of shape {list(images.shape)}"
        raise InputError(f"image: got {got}, wanted photos as floats of shape [B, 3, height, width] in 0..1")


def settle(shares: Tensor, size: tuple[int, int], *, soft: bool = True) -> SemanticPose:
    """Shares [B, P, h, w] -> maps of `size` (height, width); without `soft` shares, which are 24 floats a pixel, only
    labels, made one map after the other.

    A doubt is kept only at edges: a cell may be shared by parts that win somewhere within `REACH` cells, so that what
    is inside a garment is that garment alone.
    """
    winners = F.one_hot(shares.argmax(1), NUM_PARTS).movedim(-1, 1).to(shares.dtype)
    near = F.max_pool2d(winners, 2 * REACH + 1, 1, REACH)
    shares = shares * near
    shares = shares / shares.sum(1, keepdim=True)
    if not soft:
        return SemanticPose(torch.cat([_enlarged(one, size).argmax(1).to(torch.uint8) for one in shares.split(1)]))
    whole = _enlarged(shares, size)
    return SemanticPose(whole.argmax(1).to(torch.uint8), whole)


def _enlarged(shares: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(shares, size, mode="bilinear", align_corners=False)
