"""Part features as a trained adapter (`adapters.mca_adapter`) reads them: of a region, and as rows of a forward.

Unlike words and published adapters' image tokens, which belong to the parts that somebody spoke of, these go with the
whole map: every part in it has a token, with a feature or without.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND, NUM_PARTS
from ..pose.geometry import fit
from ..pose.occupancy import coarsen, occupancy, resize_area
from ..pose.semantic_pose import SemanticPose
from .coverage import PICTURE_SCALE

_ALIGNMENT = 8  # CUDA's fused attention wants rows of a mask to begin at a multiple of this


@dataclass(frozen=True, eq=False)
class RegionFeatures:
    """Features [B, P, D] of a region's parts, how far each counts [B, P] in 0..1, and between which shares of the run
    (of each part). `context_width` is that of the prompt's tokens beside which they go.
    """

    features: Tensor
    counts: Tensor
    context_width: int
    spans: tuple[tuple[float, float], ...] = ((0.0, 1.0),) * NUM_PARTS

    def at(self, active: Callable[[float, float], bool]) -> Tensor:
        """How far each part counts now, [B, P]."""
        return self.counts * torch.tensor([float(active(start, end)) for start, end in self.spans])


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """What the U-Net of one forward needs to know, one row for each picture: `features` [B, P, D], `present` [B, P] in
    0..1, `occupancy` [B, P, h, w] at the latent's resolution, `territory` [B, 1, h, w] how far each cell is this map's
    (1: wholly; less where another map with features holds as well), `gain` [B, 3] at the coarse, middle and fine scale
    (0: off, 1: as trained). `adapter` is whoever holds the weights.
    """

    adapter: object
    features: Tensor
    present: Tensor
    occupancy: Tensor
    territory: Tensor
    gain: Tensor

    def __len__(self) -> int:
        return len(self.features)

    def weight(self, size: tuple[int, int] | torch.Size, scale: int) -> Tensor:
        """[B, 1, h, w] at `size` = (h, w): how far what is added counts there."""
        return resize_area(self.territory, size) * self.gain[:, scale, None, None, None]

    def select(self, rows: slice) -> "FeatureRows":
        """Some of the rows."""
        tensors = {name: values[rows] for name, values in vars(self).items() if isinstance(values, Tensor)}
        return replace(self, **tensors)


def map_occupancy(pose: SemanticPose, size: tuple[int, int]) -> Tensor:
    """Occupancy [B, P, h, w] of a map fitted into a latent of `size` = (h, w), as an adapter was trained with it."""
    height, width = size
    return occupancy(fit(pose, (height * PICTURE_SCALE, width * PICTURE_SCALE)), size)


def territories(occupancies: Sequence[Tensor]) -> list[Tensor]:
    """Of maps [B, P, h, w] that hold together, which share of each cell is whose: [B, 1, h, w] each, their sum is 1.

    What a map's person covers is its own, shared where several claim it, and what nobody covers is everybody's.
    """
    claims = [1 - occupancy[:, BACKGROUND : BACKGROUND + 1] for occupancy in occupancies]
    claimed = torch.stack(claims).sum(0)
    rest = (1 - claimed).clamp_min(0) / len(claims)
    return [claim / claimed.clamp_min(1) + rest for claim in claims]


def feature_bias(shares: Tensor, size: tuple[int, int], dtype: torch.dtype = torch.float32) -> Tensor:
    """Occupancy [B, P, h, w] -> bias [B, 1, N, P + 1] of an attention that sees `size`: log(share), -inf where a part
    is not, and 0 for the null token, which is last. So every cell has an open token.
    """
    cells = coarsen(shares, size).flatten(2).mT.log().to(dtype)
    keys = cells.shape[2] + 1
    return F.pad(cells, (0, -(-keys // _ALIGNMENT) * _ALIGNMENT - keys + 1))[..., :keys][:, None]


def check_features(features: Tensor, feature_dim: int) -> None:
    """Raises InputError unless they are [B, P, `feature_dim`]."""
    if features.ndim != 3 or features.shape[1:] != (NUM_PARTS, feature_dim):
        raise InputError(
            f"features: got shape {list(features.shape)}, wanted [B, {NUM_PARTS}, {feature_dim}] of the part encoder "
            "with which the adapter was trained"
        )
