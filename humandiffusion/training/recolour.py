"""New colours and patterns for one part of a photo, so that training sees more than the black, grey and brown people
wear.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..colour import lab_to_srgb, srgb_to_lab

PATTERNS = ("striped", "vertical striped", "checked", "polka dot", "floral")


@dataclass(frozen=True)
class Cloth:
    """What a part is recoloured to: sRGB 0..1 main colour, and a second one with its pattern if there is one."""

    colour: tuple[float, float, float]
    pattern: str | None = None
    second: tuple[float, float, float] = (1.0, 1.0, 1.0)


def recolour(image: Tensor, mask: Tensor, colour: tuple[float, float, float]) -> Tensor:
    """`image` [3, H, W] (sRGB 0..1) with the median colour of `mask` [H, W] bool moved to `colour` (sRGB 0..1) in Lab.

    Folds and shading stay: lightness is scaled so that neither end clips, chroma keeps a part of its own variation.
    """
    return dress(image, mask, Cloth(colour))


def dress(image: Tensor, mask: Tensor, cloth: Cloth, generator: Generator | None = None) -> Tensor:
    """`recolour`, and the cloth's pattern laid over the part at a random scale, angle and offset from `generator`."""
    lab = srgb_to_lab(image[:, mask].T)
    median = lab.median(0).values
    shade = lab - median
    main = _target(shade, cloth.colour)
    if cloth.pattern is None:
        painted = main
    else:
        share = pattern_field(cloth.pattern, mask, generator)[mask][:, None]
        painted = torch.lerp(main, _target(shade, cloth.second), share)
    out = image.clone()
    out[:, mask] = lab_to_srgb(painted).T
    return out


def _target(shade: Tensor, colour: tuple[float, float, float]) -> Tensor:
    """Lab [N, 3]: `colour` with the shading [N, 3] of the cloth it replaces."""
    goal = srgb_to_lab(shade.new_tensor(colour))
    spread = shade[:, 0].abs().quantile(0.9).clamp_min(1.0)
    # A dark cloth shows deep folds as a few units of L, a light one as twenty: keep them visible, but inside 0..100.
    room = torch.minimum(goal[0], 100 - goal[0]).clamp_min(6.0)
    lightness = goal[0] + shade[:, 0] * (spread.clamp(5.0, 14.0) / spread).minimum(room / spread)
    chroma = goal[1:] + 0.35 * shade[:, 1:]
    return torch.cat((lightness[:, None], chroma), 1)


def pattern_field(kind: str, mask: Tensor, generator: Generator | None = None) -> Tensor:
    """Share [H, W] in 0..1 of the second colour for one of PATTERNS, its period measured against the size of `mask`."""
    height, width = mask.shape
    y = torch.arange(height, dtype=torch.float32)[:, None].expand(height, width)
    x = torch.arange(width, dtype=torch.float32)[None].expand(height, width)
    rows = float(mask.any(1).sum())
    period = float(torch.empty(1).uniform_(0.06, 0.14, generator=generator)) * max(rows, 60.0)
    period = max(period, 7.0)
    tilt, offset = torch.empty(2).uniform_(-1, 1, generator=generator).tolist()
    angle = 0.15 * tilt
    u = x * math.cos(angle) + y * math.sin(angle) + 50 * offset
    v = y * math.cos(angle) - x * math.sin(angle) + 37 * offset
    if kind == "striped":
        return _square_wave(v, period)
    if kind == "vertical striped":
        return _square_wave(u, period)
    if kind == "checked":
        return 0.5 * (_square_wave(u, period) + _square_wave(v, period))
    if kind == "polka dot":
        row = torch.floor(v / period)
        du = torch.remainder(u + 0.5 * period * row, period) - 0.5 * period
        dv = torch.remainder(v, period) - 0.5 * period
        return torch.sigmoid(2.0 * (0.30 * period - (du.square() + dv.square()).sqrt()))
    coarse = torch.randn(1, 1, max(int(height / period * 2), 2), max(int(width / period * 2), 2), generator=generator)
    blobs = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)[0, 0]
    return torch.sigmoid(6.0 * (blobs - 0.45))


def _square_wave(position: Tensor, period: float) -> Tensor:
    return torch.sigmoid(1.5 * period / math.pi * torch.sin(2 * math.pi * position / period))
