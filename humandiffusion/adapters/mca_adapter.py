"""MCA for a frozen Stable Diffusion as trained weights: SAA over the part features, keys and values of an MAA in every
cross-attention, and a map encoder.

    out <- out + g softmax(Q K_F^T / sqrt(d) + B) V_F,   F = norm(SAA(part features)),   B = log(occupancy), 0 for null

Q is the cross-attention's own query. The zero-initialised projection is that of the values: on 25 part tokens it costs
next to nothing, and the frozen output projection of the cross-attention, which comes after it, mixes the heads.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ..mca.saa import SAA
from ..parts import NUM_PARTS
from .map_encoder import MapEncoder
from .mca_layout import McaLayout


@dataclass(frozen=True, eq=False)
class Worn:
    """What a picture's map and part features become, once for all sites of a forward: part tokens [B, P + 1, width],
    the last of which is the null token, and what is added at each level on the way down.
    """

    tokens: Tensor
    residuals: list[Tensor]


class McaAdapter(nn.Module):
    """The weights of one file. `site` numbers the cross-attentions as `mca.sites` does."""

    sites: Any

    def __init__(self, layout: McaLayout, *, operations: ModuleType | Any = nn, **factory: Any) -> None:
        super().__init__()
        self.layout = layout
        self.saa = SAA(
            parts=NUM_PARTS,
            feature_dim=layout.feature_dim,
            width=layout.width,
            heads=layout.heads,
            operations=operations,
            **factory,
        )
        self.norm = operations.LayerNorm(layout.width, **factory)
        self.sites = nn.ModuleList(_Site(layout.width, c, operations, factory) for c in layout.site_widths)
        self.map_encoder = MapEncoder(parts=NUM_PARTS, widths=layout.level_widths, operations=operations, **factory)

    def forward(self, occupancy: Tensor, features: Tensor, present: Tensor) -> Worn:
        """occupancy [B, P, h, w] at the latent's resolution, features [B, P, D], present [B, P] in 0..1; float32."""
        in_map = occupancy.amax((2, 3)) > 0
        return Worn(self.norm(self.saa(features, present, in_map)), self.map_encoder(occupancy))

    def keys_values(self, site: int, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, P + 1, C] of tokens for a cross-attention of C channels."""
        layers = self.sites[site]
        return layers.to_k(tokens), layers.zero_v(tokens)


def begin_at_zero(adapter: McaAdapter) -> None:
    """Make a fresh adapter one that adds nothing: the projections of the values and of the map are 0."""
    zeroed = [site.zero_v for site in adapter.sites] + list(adapter.map_encoder.zero_projs)
    with torch.no_grad():
        for parameter in (parameter for layer in zeroed for parameter in layer.parameters()):
            parameter.zero_()


class _Site(nn.Module):
    def __init__(self, width: int, channels: int, operations: ModuleType | Any, factory: dict[str, Any]) -> None:
        super().__init__()
        self.to_k = operations.Linear(width, channels, bias=False, **factory)
        self.zero_v = operations.Linear(width, channels, bias=False, **factory)
