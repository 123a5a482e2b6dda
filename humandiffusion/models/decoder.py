"""The second stage behind the VAE socket: a picture at half size becomes one at full size, with the detail it lacks.

A small U-Net reads the latent at a half, a quarter and an eighth of its size, so that it sees what stands where, and
writes the difference to plain upscaling. Where the latent is a blur there is nothing to sharpen; detail is then made up
from textures: maps that begin as noise, are learned, and are fed in at every scale. Which mixture of them a picture
gets follows from the latent's mean colours, with no random generator: the same latent gives the same picture.
"""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.2
# Turns of the textures for each unit of mean colour: pictures differ by tenths, rounding errors by millionths.
_TURNS = 5.0


@dataclass(frozen=True)
class DecoderConfig:
    """Defaults are those of the weights that ship.

    `channels`: widths at 1/2, 1/4, 1/8 of the latent's size; `head`: width at its own size. `textures`: maps a scale,
    each repeating after `tile` latent pixels.
    """

    latent_channels: int = 3
    channels: tuple[int, ...] = (64, 128, 128)
    blocks: int = 2
    head: int = 32
    head_blocks: int = 2
    textures: int = 8
    tile: int = 128

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
        widths, textures = config.channels, config.textures
        conv = operations.Conv2d

        def blocks(width: int, count: int = config.blocks) -> nn.ModuleList:
            return nn.ModuleList(TexturedBlock(width, textures, operations=operations, **factory) for _ in range(count))

        self.textures = nn.ParameterList(
            nn.Parameter(
                torch.randn(2, textures, config.tile >> level, config.tile >> level, device=device, dtype=dtype)
            )
            for level in range(len(widths) + 1)
        )
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

    def forward(self, latent: Tensor, angle: Tensor | None = None, shift: tuple[int, int] = (0, 0)) -> Tensor:
        """For training: `angle` [B, textures] for the picture's own, `shift` of the textures in latent pixels."""
        height, width = latent.shape[-2:]
        padded = _pad(latent, self.config.multiple)
        angle = picture_angle(latent, self.config.textures) if angle is None else angle
        textures = [self._texture(level, padded, angle, shift) for level in range(len(self.textures))]
        change = self._change(padded, textures)[..., : 2 * height, : 2 * width]
        return F.interpolate(latent, scale_factor=2, mode="bilinear", align_corners=False) + change

    def _texture(self, level: int, latent: Tensor, angle: Tensor, shift: tuple[int, int]) -> Tensor:
        """Two maps of each texture, turned against each other so that pictures differ: a cos(t) + b sin(t)."""
        # Weights outside `operations` layers are cast by hand: a host may keep them in another type or place.
        tile = self.textures[level].to(device=latent.device, dtype=torch.float32)
        rows, columns = (
            (torch.arange(side >> level, device=latent.device) + (offset >> level)) % tile.shape[-1]
            for side, offset in zip(latent.shape[-2:], shift, strict=True)
        )
        maps = tile[:, :, rows][:, :, :, columns]
        turned: Tensor = maps[0] * angle.cos()[..., None, None] + maps[1] * angle.sin()[..., None, None]
        return turned.to(latent.dtype)

    def _change(self, latent: Tensor, textures: list[Tensor]) -> Tensor:
        h = self.stem(F.pixel_unshuffle(latent, 2))
        skips = []
        for level, (stage, shrink) in enumerate(zip(self.down, self.shrink, strict=True)):
            h = _through(stage, h, textures[level + 1])
            skips.append(h)
            h = shrink(h)
        h = _through(self.middle, h, textures[-1])
        for level in reversed(range(len(skips))):
            h = skips[level] + self.grow[level](F.interpolate(h, scale_factor=2, mode="nearest"))
            h = _through(self.up[level], h, textures[level + 1])
        h = self.expand(F.interpolate(F.leaky_relu(h, _SLOPE), scale_factor=2, mode="nearest")) + self.enter(latent)
        h = _through(self.head, h, textures[0])
        return F.pixel_shuffle(self.last(F.leaky_relu(h, _SLOPE)), 2)


class TexturedBlock(nn.Module):
    """Residual block of two convolutions, textures mixed in between; no norm, so a picture's size does not matter."""

    def __init__(self, width: int, textures: int, *, operations: ModuleType | Any = torch.nn, **factory: Any) -> None:
        super().__init__()
        self.conv1 = operations.Conv2d(width, width, 3, padding=1, **factory)
        self.texture = operations.Conv2d(textures, width, 1, bias=False, **factory)
        self.conv2 = operations.Conv2d(width, width, 3, padding=1, **factory)

    def forward(self, x: Tensor, textures: Tensor) -> Tensor:
        """x [B, C, h, w], textures [B, N, h, w]"""
        h = self.conv1(F.leaky_relu(x, _SLOPE)) + self.texture(textures)
        out: Tensor = x + self.conv2(F.leaky_relu(h, _SLOPE))
        return out


def picture_angle(latent: Tensor, textures: int) -> Tensor:
    """The mixture of textures that a latent [B, 3, h, w] gets, from its mean colours alone: angles [B, textures]."""
    means = latent.float().mean((2, 3))
    numbers = torch.arange(1, textures + 1, device=latent.device)[:, None]
    mix = torch.cos(2.4 * numbers * torch.arange(1, means.shape[1] + 1, device=latent.device))
    return 2 * math.pi * _TURNS * (means[:, None] * mix).sum(2)


def _pad(latent: Tensor, multiple: int) -> Tensor:
    bottom, right = -latent.shape[-2] % multiple, -latent.shape[-1] % multiple
    return F.pad(latent, (0, right, 0, bottom), mode="replicate") if bottom or right else latent


def _through(blocks: Any, h: Tensor, textures: Tensor) -> Tensor:
    for block in blocks:
        h = block(h, textures)
    return h
