"""The second stage behind the VAE socket: a picture at half size becomes one at full size, with the detail it lacks.

A small U-Net reads the latent at a half, a quarter and an eighth of its size, so that it sees what stands where, and
writes the difference to plain upscaling. Where the latent is a blur there is nothing to sharpen; detail is then made up
from noise that is fed in at every scale. The noise is a function of the position and of the latent's mean colours, with
no generator in between: the same latent gives the same picture on every device, and pictures of other seeds do not
share their grain.
"""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.2
# Turns of the noise for each unit of mean colour: pictures differ by some tenths, rounding errors by some millionths.
_TURNS = 5.0


@dataclass(frozen=True)
class DecoderConfig:
    """Defaults are those of the weights that ship.

    `channels`: widths at 1/2, 1/4, 1/8 of the latent's size; `head`: width at its own size.
    """

    latent_channels: int = 3
    channels: tuple[int, ...] = (64, 128, 128)
    blocks: int = 2
    head: int = 32
    head_blocks: int = 2
    noise_channels: int = 8

    @property
    def multiple(self) -> int:
        """Latents whose sides are no multiples of this are padded inside."""
        return int(2 ** len(self.channels))


class PictureDecoder(nn.Module):
    """Latent [B, 3, h, w] -> picture [B, 3, 2h, 2w], both in -1..1; any h and w, each picture by itself."""

    def __init__(
        self,
        config: DecoderConfig,
        *,
        operations: ModuleType | Any = torch.nn,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        factory = {"device": device, "dtype": dtype}
        widths, noise = config.channels, config.noise_channels
        conv = operations.Conv2d

        def blocks(width: int, count: int = config.blocks) -> nn.ModuleList:
            return nn.ModuleList(NoisyBlock(width, noise, operations=operations, **factory) for _ in range(count))

        self.stem = conv(4 * config.latent_channels, widths[0], 3, padding=1, **factory)
        self.down = nn.ModuleList(blocks(width) for width in widths[:-1])
        self.shrink = nn.ModuleList(
            conv(before, after, 2, stride=2, **factory) for before, after in zip(widths[:-1], widths[1:], strict=True)
        )
        self.middle = blocks(widths[-1], 2 * config.blocks)
        self.grow = nn.ModuleList(
            conv(after, before, 3, padding=1, **factory) for before, after in zip(widths[:-1], widths[1:], strict=True)
        )
        self.up = nn.ModuleList(blocks(width) for width in widths[:-1])
        self.expand = conv(widths[0], config.head, 3, padding=1, **factory)
        self.enter = conv(config.latent_channels, config.head, 3, padding=1, **factory)
        self.head = blocks(config.head, config.head_blocks)
        self.last = conv(config.head, 4 * config.latent_channels, 3, padding=1, **factory)

    def forward(self, latent: Tensor, noise: list[Tensor] | None = None) -> Tensor:
        """`noise` replaces the fixed one (training draws it anew): [B, noise_channels, ., .] for each of `noise_sizes`."""
        height, width = latent.shape[-2:]
        padded = _pad(latent, self.config.multiple)
        if noise is None:
            noise = fixed_noise(padded, self.noise_sizes(*padded.shape[-2:]), self.config.noise_channels)
        change = self._change(padded, [n.to(padded) for n in noise])[..., : 2 * height, : 2 * width]
        return F.interpolate(latent, scale_factor=2, mode="bilinear", align_corners=False) + change

    def noise_sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """Sizes of the noise maps, fine to coarse, for a latent of height x width (multiples of `config.multiple`)."""
        return [(height >> level, width >> level) for level in range(len(self.config.channels) + 1)]

    def _change(self, latent: Tensor, noise: list[Tensor]) -> Tensor:
        h = self.stem(F.pixel_unshuffle(latent, 2))
        skips = []
        for level, (stage, shrink) in enumerate(zip(self.down, self.shrink, strict=True)):
            h = _through(stage, h, noise[level + 1])
            skips.append(h)
            h = shrink(h)
        h = _through(self.middle, h, noise[-1])
        for level in reversed(range(len(skips))):
            h = skips[level] + self.grow[level](F.interpolate(h, scale_factor=2, mode="nearest"))
            h = _through(self.up[level], h, noise[level + 1])
        h = self.expand(F.interpolate(F.leaky_relu(h, _SLOPE), scale_factor=2, mode="nearest")) + self.enter(latent)
        h = _through(self.head, h, noise[0])
        return F.pixel_shuffle(self.last(F.leaky_relu(h, _SLOPE)), 2)


class NoisyBlock(nn.Module):
    """Residual block of two convolutions, noise mixed in between; no norm, so that a picture's size does not matter."""

    def __init__(
        self, width: int, noise_channels: int, *, operations: ModuleType | Any = torch.nn, **factory: Any
    ) -> None:
        super().__init__()
        self.conv1 = operations.Conv2d(width, width, 3, padding=1, **factory)
        self.noise = operations.Conv2d(noise_channels, width, 1, bias=False, **factory)
        self.conv2 = operations.Conv2d(width, width, 3, padding=1, **factory)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """x [B, C, h, w], noise [B, N, h, w]"""
        h = self.conv1(F.leaky_relu(x, _SLOPE)) + self.noise(noise)
        out: Tensor = x + self.conv2(F.leaky_relu(h, _SLOPE))
        return out


def fixed_noise(latent: Tensor, sizes: list[tuple[int, int]], channels: int) -> list[Tensor]:
    """Unit normal-like maps [B, channels, h, w] for each size, from positions and the latent's mean colours only.

    Two fixed maps a, b for each channel are turned against each other by the picture's own angle: a cos(t) + b sin(t).
    """
    means = latent.float().mean((2, 3))
    numbers = torch.arange(1, channels + 1, device=latent.device)[:, None]
    mix = torch.cos(2.4 * numbers * torch.arange(1, means.shape[1] + 1, device=latent.device))
    angle = 2 * math.pi * _TURNS * (means[:, None] * mix).sum(2)
    cos, sin = angle.cos()[..., None, None], angle.sin()[..., None, None]
    maps = []
    for level, size in enumerate(sizes):
        a, b = hashed_normal(2 * channels, size, level, latent.device).chunk(2)
        maps.append(a * cos + b * sin)
    return maps


def hashed_normal(channels: int, size: tuple[int, int], seed: int, device: torch.device) -> Tensor:
    """[channels, h, w] float32, mean 0, variance 1: sums of uniforms from a hash of channel, row, column and seed."""
    rows = torch.arange(size[0], device=device)[:, None]
    columns = torch.arange(size[1], device=device)[None]
    index = torch.arange(channels, device=device)[:, None, None] + 1000 * (seed + 1)
    # Integer mixing (Murmur3's finaliser) in 64 bits, kept to 32: exact, and so the same everywhere.
    key = (index * 0x1B873593 + rows * 0x2545F491 + columns * 0x165667B1) & 0xFFFFFFFF
    for factor, shift in ((0x85EBCA6B, 13), (0xC2B2AE35, 16)):
        key = ((key ^ (key >> 16)) * factor) & 0xFFFFFFFF
        key = key ^ (key >> shift)
    key = ((key * 0x27D4EB2F) & 0xFFFFFFFF) ^ (key >> 15)
    parts = sum(((key >> shift) & 0xFF).float() for shift in (0, 8, 16, 24))
    # Four bytes, each uniform on 0..255: mean 4 * 127.5, variance 4 * (256^2 - 1) / 12.
    return (parts - 510.0) / math.sqrt(4 * (256**2 - 1) / 12)  # type: ignore[operator,no-any-return]


def _pad(latent: Tensor, multiple: int) -> Tensor:
    bottom, right = -latent.shape[-2] % multiple, -latent.shape[-1] % multiple
    return F.pad(latent, (0, right, 0, bottom), mode="replicate") if bottom or right else latent


def _through(blocks: Any, h: Tensor, noise: Tensor) -> Tensor:
    for block in blocks:
        h = block(h, noise)
    return h
