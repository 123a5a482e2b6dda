"""The map for a frozen U-Net: from an occupancy pyramid to what is added to the feature map at the end of each level on
the way down (as in T2I-Adapter, Mou et al. 2023, arXiv:2302.08453), through zero-initialised projections.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..pose.occupancy import coarsen, resize_area

NARROWER = 4  # times narrower than the U-Net's level: the map is no picture
_LEAST = 8


class MapEncoder(nn.Module):
    """Occupancy [B, P, h, w] at the latent's resolution -> a residual [B, C_i, h_i, w_i] for each level i.

    Each level is half as high and wide as the one before, rounding up. A level sees its own occupancy, in which thin
    parts are kept, and what the finer level made of its.
    """

    levels: Any
    zero_projs: Any

    def __init__(self, *, parts: int, widths: Sequence[int], operations: ModuleType | Any = nn, **factory: Any) -> None:
        super().__init__()
        inner = [max(width // NARROWER, _LEAST) for width in widths]
        self.levels = nn.ModuleList(
            _Level(parts + before, after, operations, factory)
            for before, after in zip([0, *inner[:-1]], inner, strict=True)
        )
        self.zero_projs = nn.ModuleList(
            operations.Conv2d(before, after, 1, **factory) for before, after in zip(inner, widths, strict=True)
        )

    def forward(self, occupancy: Tensor) -> list[Tensor]:
        """The residuals, finest first."""
        residuals: list[Tensor] = []
        h: Tensor | None = None
        for level, zero_proj in zip(self.levels, self.zero_projs, strict=True):
            if h is not None:
                size = (-(-occupancy.shape[-2] // 2), -(-occupancy.shape[-1] // 2))
                occupancy, h = coarsen(occupancy, size), resize_area(h, size)
            h = level(occupancy if h is None else torch.cat((occupancy, h), 1))
            residuals.append(zero_proj(h))
        return residuals


class _Level(nn.Module):
    def __init__(self, before: int, after: int, operations: ModuleType | Any, factory: dict[str, Any]) -> None:
        super().__init__()
        self.conv1 = operations.Conv2d(before, after, 3, padding=1, **factory)
        self.conv2 = operations.Conv2d(after, after, 3, padding=1, **factory)

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.conv1(x))
        out: Tensor = h + F.silu(self.conv2(h))
        return out
