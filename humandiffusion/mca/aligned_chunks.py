"""Rows of regions made ready for the cross-attentions of a diffusers U-Net, once for each size."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..adapters.mca_adapter import McaAdapter, Worn
from ..adapters.part_adapter import PartAdapter
from ..errors import InputError
from .feature_rows import FeatureRows, check_features, feature_bias
from .region_attention import RegionRows, alignment_bias, image_bias
from .regions import AlignedRows
from .sites import Architecture


@dataclass(frozen=True, eq=False)
class ImageChunk:
    """What image tokens [1 | B, K, D] of an adapter add: their bias, and the weight of the result."""

    adapter: PartAdapter
    tokens: Tensor
    bias: Tensor
    weight: Tensor


@dataclass(frozen=True, eq=False)
class FeatureChunk:
    """What the part tokens [1 | B, P + 1, W] of a trained adapter add: their bias, and the weight of the result."""

    adapter: McaAdapter
    tokens: Tensor
    bias: Tensor
    weight: Tensor


@dataclass(frozen=True, eq=False)
class Chunk:
    """Part tokens [B, K, D] that join the prompt's and the bias of both, if anything is said; what adapters add."""

    tokens: Tensor | None
    bias: Tensor | None
    images: tuple[ImageChunk, ...]
    features: tuple[FeatureChunk, ...]


class Alignment:
    """What the processors of one U-Net share: the chunks, and what was made of them for this size and precision."""

    def __init__(self, architecture: Architecture, sites: int, chunks: tuple[AlignedRows | None, ...]) -> None:
        self.architecture, self.sites, self.chunks = architecture, sites, chunks
        self.latent = (0, 0)

    @property
    def chunks(self) -> tuple[AlignedRows | None, ...]:
        """For each even share of the batch its rows, or None."""
        return self._chunks

    @chunks.setter
    def chunks(self, chunks: tuple[AlignedRows | None, ...]) -> None:
        self._chunks = tuple(chunks)
        self._made: dict[Any, Chunk | None] = {}
        self._worn: dict[tuple[int, int], Worn] = {}

    def begin(self, latent: tuple[int, int], device: torch.device) -> None:
        """A forward on a latent of (h, w) begins. Raises InputError if the rows are for another."""
        for chunk in self._chunks:
            made_for = latent if chunk is None else chunk.latent
            if latent != made_for:
                raise InputError(f"chunks: got rows for a latent of {list(made_for)}, the U-Net's is {list(latent)}")
        self.latent = latent
        # Now, and not where it is first needed: what is computed inside a checkpointed block is computed twice.
        for i, chunk in enumerate(self._chunks):
            for j, rows in enumerate(() if chunk is None else chunk.features):
                self._wear((i, j), rows, device)

    def at(self, x: Tensor, section: str, prompt: Tensor) -> list[Chunk | None]:
        """The chunks as a cross-attention needs them that sees `x` [B, N, C] and the prompt's tokens [B, M, D]."""
        rows, cells = x.shape[:2]
        if rows % len(self._chunks):
            raise InputError(
                f"chunks: got {len(self._chunks)} for a batch of {rows}, wanted so many that it splits evenly"
            )
        made = []
        for i, chunk in enumerate(self._chunks):
            key = (i, rows, cells, section == "middle", prompt.shape[1], x.dtype, x.device)
            if key not in self._made:
                self._made[key] = None if chunk is None else self._make(chunk, i, x, section, prompt.shape[1])
            made.append(self._made[key])
        return made

    def residuals(self, h: Tensor, level: int) -> Tensor | None:
        """What the maps add to the end `h` [B, C, h, w] of a level on the way down; None if nothing."""
        if not any(chunk is not None and chunk.features for chunk in self._chunks):
            return None
        shares = h.chunk(len(self._chunks))
        return torch.cat([self._residual(i, share, level) for i, share in enumerate(shares)])

    def _residual(self, i: int, h: Tensor, level: int) -> Tensor:
        chunk, scale = self._chunks[i], self.architecture.scale("input", 2**level)
        added = torch.zeros_like(h)
        for j, rows in enumerate(() if chunk is None else chunk.features):
            residual = self._wear((i, j), rows, h.device).residuals[level]
            added = added + (residual * rows.weight(residual.shape[-2:], scale).to(residual)).to(h)
        return added

    def _wear(self, key: tuple[int, int], rows: FeatureRows, device: torch.device) -> Worn:
        """The map and features of a chunk's rows through their adapter, once for all sites and levels."""
        if key not in self._worn:
            adapter = _checked(rows, self.sites)
            dtype = next(adapter.parameters()).dtype
            self._worn[key] = adapter(*(x.to(device, dtype) for x in (rows.occupancy, rows.features, rows.present)))
        return self._worn[key]

    def _make(self, chunk: AlignedRows, i: int, x: Tensor, section: str, prompt_tokens: int) -> Chunk:
        share = len(x) // len(self._chunks)
        size = _size(self.latent, x.shape[1])
        scale = self.architecture.scale_at(section, self.latent, x.shape[1])
        tokens = bias = None
        if chunk.text is not None:
            text = _on(chunk.text, x.device)
            _check_share(len(text), share)
            if any(prompt_tokens % length for length in text.length):
                raise InputError(
                    f"chunks: made for prompts of {text.length} tokens, got {prompt_tokens}; give that length"
                )
            bias = alignment_bias(text, size, scale, prompt_tokens, dtype=x.dtype)
            tokens = text.tokens.expand(share, -1, -1)
        images = []
        for adapter, rows in chunk.images.items():
            if not isinstance(adapter, PartAdapter):
                raise InputError(f"chunks: got an adapter that is a {type(adapter).__name__}, wanted a PartAdapter")
            if adapter.layout.sites != self.sites:
                raise InputError(
                    f"chunks: got an adapter for {adapter.layout.sites} cross-attentions, the U-Net has {self.sites}"
                )
            here = _on(rows, x.device)
            images.append(ImageChunk(adapter, here.tokens, *image_bias(here, size, scale)))
        features = []
        for j, told in enumerate(chunk.features):
            _check_share(len(told), share)
            shares = feature_bias(told.occupancy.to(x.device), size, x.dtype)
            weight = told.weight(size, scale).to(x).flatten(2).mT
            worn = self._wear((i, j), told, x.device)
            features.append(FeatureChunk(_checked(told, self.sites), worn.tokens, shares, weight))
        return Chunk(tokens, bias, tuple(images), tuple(features))


def _check_share(rows: int, share: int) -> None:
    if rows not in (1, share):
        raise InputError(f"chunks: got rows for {rows} pictures where a chunk has {share}, wanted as many, or one")


def _checked(rows: FeatureRows, sites: int) -> McaAdapter:
    if not isinstance(rows.adapter, McaAdapter):
        raise InputError(f"chunks: got an adapter that is a {type(rows.adapter).__name__}, wanted an McaAdapter")
    if rows.adapter.layout.sites != sites:
        raise InputError(
            f"chunks: got an adapter for {rows.adapter.layout.sites} cross-attentions, the U-Net has {sites}"
        )
    check_features(rows.features, rows.adapter.layout.feature_dim)
    return rows.adapter


def _on(rows: RegionRows, device: torch.device) -> RegionRows:
    moved: Any = {name: values.to(device) for name, values in vars(rows).items() if isinstance(values, Tensor)}
    return replace(rows, **moved)


def _size(latent: tuple[int, int], cells: int) -> tuple[int, int]:
    """At which (h, w) a cross-attention of so many cells sees the latent: it is halved, rounding up, at each level.
    Raises InputError if it was not (something else resizes the U-Net's feature maps).
    """
    height, width = latent
    while height * width > cells:
        height, width = -(-height // 2), -(-width // 2)
    if height * width != cells:
        raise InputError(f"unet: a cross-attention sees {cells} cells, which no halving of {list(latent)} gives")
    return height, width
