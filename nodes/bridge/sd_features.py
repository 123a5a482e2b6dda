"""Trained MCA adapters in one forward of ComfyUI's U-Net: what they add to cross-attentions and on the way down."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ...humandiffusion.adapters.mca_adapter import Worn
from ...humandiffusion.mca.feature_rows import FeatureRows, feature_bias
from ...humandiffusion.mca.sites import Architecture
from ...humandiffusion.pose.occupancy import resize_area
from .sd_model import level_ends


class FeatureForward:
    """`reading` has rows of the batch and what adapters are told of them, one entry for each map.

    Nothing of it outlives the forward.
    """

    def __init__(
        self, base: Any, architecture: Architecture, reading: Sequence[tuple[slice, Sequence[FeatureRows]]]
    ) -> None:
        self.architecture = architecture
        self.levels = level_ends(base.diffusion_model)
        self.reading = {span.start: (span, rows) for span, rows in reading}
        self._worn: dict[tuple[int, int], Worn] = {}
        self._places: dict[Any, tuple[Tensor, Tensor]] = {}

    def attend(
        self, span: slice, q: Tensor, heads: int, masked: Callable[..., Tensor], site: int, size: Any, scale: int
    ) -> Tensor:
        """What a cross-attention of number `site`, which sees `size` = (h, w), gets for the queries `q` [B, N, C] of
        these rows.
        """
        added = torch.zeros_like(q)
        for j, rows in enumerate(self.reading[span.start][1]):
            place = (span.start, j, size, scale, q.dtype)
            if place not in self._places:
                weight = rows.weight(size, scale).to(q).flatten(2).mT
                self._places[place] = feature_bias(rows.occupancy, size, q.dtype), weight
            bias, weight = self._places[place]
            tokens = self._wear(span.start, j).tokens.to(q)
            k, v = rows.adapter.patcher.model.keys_values(site, tokens)
            added = added + masked(q, k, v, heads, mask=bias) * weight
        return added

    def add_map(self, h: Tensor, options: dict[str, Any]) -> Tensor:
        """input_block_patch: the maps, at the end of each level on the way down."""
        section, block = options["block"]
        level = self.levels.get(block) if section == "input" else None
        if level is None:
            return h
        added, scale = torch.zeros_like(h), self.architecture.scale("input", 2**level)
        for start, (span, every) in self.reading.items():
            for j, rows in enumerate(every):
                residual = self._wear(start, j).residuals[level]
                residual = residual * rows.weight(residual.shape[-2:], scale)
                if residual.shape[-2:] != h.shape[-2:]:  # another node works on smaller feature maps
                    residual = resize_area(residual, h.shape[-2:])
                added[span] += residual.to(h)
        return h + added

    def _wear(self, start: int, j: int) -> Worn:
        if (start, j) not in self._worn:
            rows = self.reading[start][1][j]
            module = rows.adapter.patcher.model
            self._worn[start, j] = module(rows.occupancy.float(), rows.features.float(), rows.present.float())
        return self._worn[start, j]
