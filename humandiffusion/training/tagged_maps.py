"""Maps for photos that have tags alone: what a parser sees, among the parts that the tags allow."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..parsing.base import SharesParser
from ..parts import BACKGROUND

DOUBT = 0.5
DOUBTFUL_AT_MOST = 0.45


@torch.no_grad()
def tagged_maps(parser: SharesParser, images: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """Maps uint8 [B, H, W] of images [B, 3, H, W] (sRGB 0..1) and how doubtful each is, [B] in 0..1.

    Each pixel is the likeliest of the `allowed` [B, P] parts. Doubtful is the share of the person's pixels of which
    the parser gave even that part less than `DOUBT`: its own first choice is forbidden by the tags, or is barely a
    choice. A map with more than `DOUBTFUL_AT_MOST` teaches wrong shapes and is better left out.
    """
    size = (images.shape[2], images.shape[3])
    shares = F.interpolate(parser.shares(images), size, mode="bilinear", align_corners=False).cpu()
    best, labels = (shares * allowed[..., None, None]).max(1)
    person = labels != BACKGROUND
    doubtful = ((best < DOUBT) & person).sum((1, 2)) / person.sum((1, 2)).clamp_min(1)
    return labels.to(torch.uint8), doubtful
