"""The native denoiser: a pixel-space U-Net as the paper draws it, with MCA at the middle and every decoder scale."""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import norm32
from ..mca.maa import MAA, region_bias
from ..mca.saa import SAA
from ..pose.occupancy import coarsen
from .blocks import Downsample, Modulation, ResBlock, SelfAttention, SpadeBlock, Upsample
from .config import DenoiserConfig

Mode = Literal["region", "free"]
TIME_SCALE = 1000.0


@dataclass(frozen=True)
class Places:
    """What a map becomes for one size of picture: modulations per SRES block, attention bias per MAA."""

    modulations: tuple[tuple[Modulation, Modulation] | None, ...]
    biases: tuple[Tensor | None, ...]


@dataclass(frozen=True)
class Context:
    """What one picture's map and part features become, once for all steps: see `HumanUNet.prepare`.

    `pooled` [B, time_width] is the coarse path's share of t'; `keys_values` are those of each MAA; `fine` and
    `coarse` are the map's places at full and at half size.
    """

    pooled: Tensor | None
    keys_values: tuple[tuple[Tensor, Tensor], ...]
    fine: Places
    coarse: Places | None


class HumanUNet(nn.Module):
    """eps_theta of the paper, predicting x0: x_t [B, 3, h, w] in flow-matching noise -> clean latent [B, 3, h, w].

    x_t = (1 - sigma) x0 + sigma noise, sigma in 0..1. Input blocks see x_t only; middle (RES, SRES) and decoder
    (SRES) take the occupancy pyramid; t' = mlp(t) + W pool(part features); F_ps = SAA(part features); an MAA follows
    the middle's SRES and the last SRES of each decoder scale.
    """

    # nn.Module types what is in a ModuleList as plain modules; these are blocks with methods of their own.
    encoder: Any
    decoder: Any
    maa: Any
    middle_sres: Any

    def __init__(
        self,
        config: DenoiserConfig,
        *,
        operations: ModuleType | Any = torch.nn,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.config, self.dtype = config, dtype or torch.float32
        factory: dict[str, Any] = {"operations": operations, "device": device, "dtype": dtype}
        layer = {"device": device, "dtype": dtype}
        widths, time = config.channels, config.time_width

        self.time_mlp = nn.Sequential(
            operations.Linear(widths[0], time, **layer), nn.SiLU(), operations.Linear(time, time, **layer)
        )
        self.stem1 = operations.Conv2d(config.latent_channels, config.stem_channels, 4, stride=2, padding=1, **layer)
        self.stem2 = operations.Conv2d(config.stem_channels, widths[0], 4, stride=2, padding=1, **layer)

        self.encoder = nn.ModuleList()
        self.down = nn.ModuleList()
        for scale, width in enumerate(widths):
            self.encoder.append(
                nn.ModuleList(ResBlock(width, width, time, **factory) for _ in range(config.encoder_blocks))
            )
            if scale + 1 < len(widths):
                self.down.append(Downsample(width, widths[scale + 1], **factory))

        deepest = widths[-1]
        self.middle_res = ResBlock(deepest, deepest, time, **factory)
        self.middle_attention = SelfAttention(deepest, config.head_width, **factory)
        self.middle_sres = self._sres(deepest, deepest, factory)

        self.decoder = nn.ModuleList()
        self.up = nn.ModuleList()
        for scale in reversed(range(len(widths))):
            width = widths[scale]
            blocks = [self._sres(2 * width, width, factory)]
            blocks += [self._sres(width, width, factory) for _ in range(config.decoder_blocks - 1)]
            self.decoder.append(nn.ModuleList(blocks))
            if scale:
                self.up.append(Upsample(width, widths[scale - 1], **factory))
        self.decoder_attention = SelfAttention(deepest, config.head_width, **factory)

        stem = config.stem_channels
        self.head_up = operations.Conv2d(widths[0], 4 * stem, 3, padding=1, **layer)
        self.head_mix = operations.Conv2d(2 * stem, stem, 3, padding=1, **layer)
        self.head_norm = operations.GroupNorm(8, stem, **layer)
        self.head_out = operations.Conv2d(stem, 4 * config.latent_channels, 3, padding=1, **layer)

        if config.spatial:
            self.seg = nn.ModuleList(
                operations.Conv2d(config.parts + 2, config.spade_hidden, 3, padding=1, **layer) for _ in widths
            )
        if config.align:
            self.coarse = operations.Linear(config.feature_dim, time, **layer)
        if config.align and config.fine:
            self.saa = SAA(
                parts=config.parts,
                feature_dim=config.feature_dim,
                width=config.token_width,
                heads=config.token_heads,
                **factory,
            )
            self.maa = nn.ModuleList(
                MAA(channels=width, token_width=config.token_width, head_width=config.head_width, **factory)
                for width in (deepest, *reversed(widths))
            )

    def forward(
        self, x: Tensor, sigma: Tensor, occupancy: Tensor, features: Tensor, present: Tensor, mode: Mode = "region"
    ) -> Tensor:
        """The network itself on x as it is, never at half size: what training calls."""
        context = self.prepare(occupancy, features, present, size=x.shape[-2:], mode=mode, coarse=False)
        return self._predict(x, sigma, context, context.fine)

    def prepare(
        self,
        occupancy: Tensor,
        features: Tensor,
        present: Tensor,
        *,
        size: tuple[int, int] | torch.Size,
        mode: Mode = "region",
        coarse: bool = True,
    ) -> Context:
        """Everything that does not depend on the step, computed in the dtype of `features`.

        occupancy [B, P, H, W] (at the latent's resolution; without `coarse` any from the finest grid upwards),
        features [B, P, D], present [B, P] (0 or 1), size (h, w) of the latent. A part that is not in the map is neither
        pooled nor seen.
        """
        config, dtype = self.config, features.dtype
        in_map = occupancy.flatten(2).amax(2) > 0
        fine = self._places(occupancy, in_map, tuple(size), dtype, mode)
        half = None
        if coarse and config.coarse_above < 1:
            small = _pad(coarsen(occupancy, (size[0] // 2, size[1] // 2)), config.multiple)
            half = self._places(small, in_map, tuple(small.shape[-2:]), dtype, mode)
        if not config.align:
            return Context(None, (), fine, half)
        told = present.to(dtype) * in_map.to(dtype)
        pooled = self.coarse((features * told[..., None]).sum(1) / told.sum(1, keepdim=True).clamp_min(1))
        if not config.fine:
            return Context(pooled, (), fine, half)
        tokens = self.saa(features, told, in_map)
        return Context(pooled, tuple(maa.keys_values(tokens) for maa in self.maa), fine, half)

    def denoise(self, x: Tensor, sigma: Tensor, context: Context) -> Tensor:
        """x_t [B, 3, h, w] at sigma [B] in 0..1 -> the clean latent [B, 3, h, w], coarse to fine as sigma falls."""
        if context.coarse is None:
            return self._predict(x, sigma, context, context.fine)
        high = sigma > self.config.coarse_above
        if not bool(high.any()):
            return self._predict(x, sigma, context, context.fine)
        height, width = x.shape[-2] // 2, x.shape[-1] // 2
        small = _pad(F.avg_pool2d(x, 2), self.config.multiple)
        guess = self._predict(small, sigma, context, context.coarse)[..., :height, :width]
        large = F.interpolate(guess, scale_factor=2.0, mode="bilinear", align_corners=False)
        if bool(high.all()):
            return large
        return torch.where(high[:, None, None, None], large, self._predict(x, sigma, context, context.fine))

    def _predict(self, x: Tensor, sigma: Tensor, context: Context, places: Places) -> Tensor:
        emb = self.time_mlp(sinusoid(sigma * TIME_SCALE, self.config.channels[0]).to(x.dtype))
        time = F.silu(emb if context.pooled is None else emb + context.pooled)
        detail = F.silu(self.stem1(x))
        h = self.stem2(detail)
        skips = []
        for scale, blocks in enumerate(self.encoder):
            for block in blocks:
                h = block(h, time)
            skips.append(h)
            if scale < len(self.down):
                h = self.down[scale](h)

        h = self.middle_attention(self.middle_res(h, time))
        modulations = iter(places.modulations)
        h = self._align(0, self.middle_sres(h, time, next(modulations)), context, places)
        for stage, blocks in enumerate(self.decoder):
            h = torch.cat((h, skips.pop()), 1)
            for block in blocks:
                h = block(h, time, next(modulations))
            if stage == 0:
                h = self.decoder_attention(h)
            h = self._align(stage + 1, h, context, places)
            if stage < len(self.up):
                h = self.up[stage](h)

        h = F.pixel_shuffle(self.head_up(F.silu(h)), 2)
        h = self.head_mix(torch.cat((h, detail), 1))
        out: Tensor = F.pixel_shuffle(self.head_out(F.silu(norm32(self.head_norm, h))), 2)
        return out

    def _places(
        self, occupancy: Tensor, in_map: Tensor, size: tuple[int, ...], dtype: torch.dtype, mode: Mode
    ) -> Places:
        """The pyramid of one size of picture, as every SRES and MAA needs it."""
        scales = [tuple(n // (self.config.stride * 2**i) for n in size) for i in range(len(self.config.channels))]
        pyramid = [coarsen(occupancy, (scale[0], scale[1])) for scale in scales]
        order = [len(scales) - 1, *reversed(range(len(scales)))]
        segs = self._segs(pyramid, dtype)
        blocks = [(self.middle_sres, order[0])]
        blocks += [(block, scale) for stage, scale in zip(self.decoder, order[1:], strict=True) for block in stage]
        modulations = tuple(block.modulate(segs[scale]) if segs else None for block, scale in blocks)
        biases = [region_bias(level) if mode == "region" else _in_map_bias(in_map, level) for level in pyramid]
        return Places(modulations, tuple(biases[scale] for scale in order))

    def _segs(self, pyramid: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
        if not self.config.spatial:
            return []
        placed = [torch.cat((level, _position(level)), 1).to(dtype) for level in pyramid]
        return [F.silu(conv(level)) for conv, level in zip(self.seg, placed, strict=True)]

    def _align(self, site: int, h: Tensor, context: Context, places: Places) -> Tensor:
        if not context.keys_values:
            return h
        residual: Tensor = self.maa[site](h, context.keys_values[site], places.biases[site])
        return h + residual

    def _sres(self, before: int, after: int, factory: dict[str, Any]) -> nn.Module:
        if not self.config.spatial:
            return ResBlock(before, after, self.config.time_width, **factory)
        return SpadeBlock(before, after, self.config.time_width, self.config.spade_hidden, **factory)


def sinusoid(t: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding of t [B] -> [B, width], float32 (Vaswani et al. 2017; periods up to 10,000)."""
    frequencies = torch.exp(-math.log(10_000) * torch.arange(width // 2, device=t.device) / (width // 2))
    angles = t.float()[:, None] * frequencies
    return torch.cat((angles.cos(), angles.sin()), 1)


def _position(level: Tensor) -> Tensor:
    """Where each cell lies, y and x in -1..1, [B, 2, h, w]: ground is below and sky above, which parts do not tell."""
    batch, _, height, width = level.shape
    y = torch.linspace(-1, 1, height, device=level.device, dtype=level.dtype)[:, None].expand(height, width)
    x = torch.linspace(-1, 1, width, device=level.device, dtype=level.dtype)[None].expand(height, width)
    return torch.stack((y, x)).expand(batch, 2, height, width)


def _pad(x: Tensor, multiple: int) -> Tensor:
    bottom, right = -x.shape[-2] % multiple, -x.shape[-1] % multiple
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def _in_map_bias(in_map: Tensor, level: Tensor) -> Tensor:
    """Mode `free`: every cell may attend to every part of the map, [B, 1, 1, P + 1]."""
    bias = torch.zeros_like(in_map, dtype=level.dtype).masked_fill(~in_map, float("-inf"))
    return F.pad(bias, (0, 1))[:, None, None]
