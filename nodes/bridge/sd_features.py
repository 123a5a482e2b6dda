"""A trained MCA adapter in one forward of ComfyUI's U-Net: what it adds to cross-attentions and on the way down."""

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
    """`reading` has rows of the batch and what the adapter is told of them. Nothing of it outlives the forward."""

    def __init__(self, base: Any, architecture: Architecture, reading: Sequence[tuple[slice, FeatureRows]]) -> None:
        self.architecture = architecture
        self.levels = level_ends(base.diffusion_model)
        self.rows = {span.start: (span, rows) for span, rows in reading}
        self.module = reading[0][1].adapter.patcher.model
        self._worn: dict[int, Worn] = {}
        self._biases: dict[Any, Tensor] = {}

    def attend(
        self, span: slice, q: Tensor, heads: int, masked: Callable[..., Tensor], site: int, size: Any, scale: int
    ) -> Tensor:
        """What a cross-attention of number `site`, which sees `size` = (h, w), gets for the queries `q` [B, N, C] of
        these rows.
        """
        _, rows = self.rows[span.start]
        key = (span.start, size, q.dtype)
        if key not in self._biases:
            self._biases[key] = feature_bias(rows.occupancy, size, q.dtype)
        k, v = self.module.keys_values(site, self._wear(span.start).tokens.to(q))
        return masked(q, k, v, heads, mask=self._biases[key]) * rows.gain[:, scale, None, None].to(q)

    def add_map(self, h: Tensor, options: dict[str, Any]) -> Tensor:
        """input_block_patch: the map, at the end of each level on the way down."""
        section, block = options["block"]
        level = self.levels.get(block) if section == "input" else None
        if level is None:
            return h
        added = torch.zeros_like(h)
        for start, (span, rows) in self.rows.items():
            residual = self._wear(start).residuals[level]
            if residual.shape[-2:] != h.shape[-2:]:  # another node works on smaller feature maps
                residual = resize_area(residual, h.shape[-2:])
            gain = rows.gain[:, self.architecture.scale("input", 2**level)]
            added[span] = (residual * gain[:, None, None, None]).to(h)
        return h + added

    def _wear(self, start: int) -> Worn:
        if start not in self._worn:
            _, rows = self.rows[start]
            self._worn[start] = self.module(rows.occupancy.float(), rows.features.float(), rows.present.float())
        return self._worn[start]
