"""Half-size pictures as a small denoiser makes them: soft, smeared, its patches showing, a vague background."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor


def degrade(picture: Tensor, person: Tensor, rng: random.Random) -> Tensor:
    """Picture [3, H, W] 0..1 and its person [1, H, W] 0..1 -> latent [3, H/2, W/2] 0..1, spoilt by a random amount.

    One of seven is only made smaller. The background is never better than the figure.
    """
    clean = F.avg_pool2d(picture[None], 2)
    if rng.random() < 0.15:
        return _grain(clean, rng.uniform(0, 0.02))[0].clamp(0, 1)
    mask = F.avg_pool2d(person[None], 2)
    softness = rng.choice((1, 3, 5))
    mask = F.avg_pool2d(F.pad(mask, [softness // 2] * 4, mode="replicate"), softness, 1)
    figure = _smear(_soften(clean, rng.uniform(0.0, 0.6), rng), rng.uniform(0, 1.5), rng)
    behind = _soften(clean, rng.uniform(0.0, 1.0), rng)
    if rng.random() < 0.5:
        behind = torch.lerp(behind, _mean_where(clean, 1 - mask), rng.random() ** 1.5)
    if rng.random() < 0.6:
        behind = _smear(behind, rng.uniform(1, 7), rng)
    spoilt = torch.lerp(behind, figure, mask)
    if rng.random() < 0.35:
        cells = F.interpolate(F.avg_pool2d(spoilt, 4), scale_factor=4, mode="nearest")
        spoilt = torch.lerp(spoilt, cells, rng.uniform(0.05, 0.4))
    if rng.random() < 0.6:
        spoilt = _patches(spoilt, rng.uniform(0.01, 0.08), rng)
    if rng.random() < 0.5:
        centre = spoilt.mean((2, 3), keepdim=True)
        spoilt = centre + (spoilt - centre) * rng.uniform(0.85, 1.4)
    if rng.random() < 0.6:
        spoilt = _grain(spoilt, rng.uniform(0, 0.03))
    return spoilt[0].clamp(0, 1)


def _soften(x: Tensor, strength: float, rng: random.Random) -> Tensor:
    """Blur [1, 3, h, w]: plain, unequal in height and width, or keeping strong edges, by `strength` 0..1."""
    if rng.random() < 0.5:
        radius = max(1, round(strength * 8))
        return _guided(x, radius, 10 ** rng.uniform(-3.5, -1.0))
    h, w = x.shape[-2:]
    fy, fx = (1 + strength**2 * rng.uniform(5, 15) for _ in range(2))
    small = F.interpolate(x, (max(2, round(h / fy)), max(2, round(w / fx))), mode="bilinear", antialias=True)
    return F.interpolate(small, (h, w), mode="bicubic")


def _smear(x: Tensor, reach: float, rng: random.Random) -> Tensor:
    """Pixels moved by up to about `reach` pixels in an uneven field, as under frosted glass."""
    h, w = x.shape[-2:]
    cell = rng.choice((2, 4, 8))
    field = torch.randn(1, 2, max(2, h // cell), max(2, w // cell))
    moves = F.interpolate(field, (h, w), mode="bilinear")[0] * reach * x.new_tensor([2 / w, 2 / h])[:, None, None]
    still = F.affine_grid(torch.eye(2, 3)[None], [1, 1, h, w], align_corners=False)
    return F.grid_sample(x, still + moves.permute(1, 2, 0)[None], padding_mode="border", align_corners=False)


def _patches(x: Tensor, amount: float, rng: random.Random) -> Tensor:
    """Errors of a network that writes 4 x 4 pixels at a time: each patch with a slope and a shift of its own."""
    h, w = x.shape[-2:]
    rows, columns = -(-h // 4), -(-w // 4)
    ramp = torch.linspace(-1, 1, 4)
    shapes = torch.stack((torch.ones(4, 4), ramp[:, None].expand(4, 4), ramp[None].expand(4, 4), torch.randn(4, 4)))
    colour = 0.7 * torch.randn(1, 4, rows, columns)[:, None] + 0.5 * torch.randn(1, 3, 4, rows, columns)
    patches = torch.einsum("bcnyx,nij->bcyixj", colour, shapes).reshape(1, 3, rows * 4, columns * 4)[..., :h, :w]
    strength = (_box((x - _box(x, 3)).abs().mean(1, keepdim=True), 3) * 10).clamp(0.2, 1.5)
    return x + amount * rng.uniform(0.5, 1.0) * strength * patches


def _guided(x: Tensor, radius: int, epsilon: float) -> Tensor:
    """Self-guided filter (He, Sun and Tang, 2010): flat areas are averaged, edges above sqrt(epsilon) stay."""
    mean = _box(x, radius)
    variance = _box(x * x, radius) - mean * mean
    share = (variance / (variance + epsilon)).mean(1, keepdim=True)
    return _box(share, radius) * x + _box((1 - share) * mean, radius)


def _box(x: Tensor, radius: int) -> Tensor:
    rows = F.avg_pool2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), (2 * radius + 1, 1), 1)
    return F.avg_pool2d(F.pad(rows, (radius, radius, 0, 0), mode="replicate"), (1, 2 * radius + 1), 1)


def _mean_where(x: Tensor, weight: Tensor) -> Tensor:
    return (x * weight).sum((2, 3), keepdim=True) / (weight.sum((2, 3), keepdim=True) + 1e-3)


def _grain(x: Tensor, amount: float) -> Tensor:
    h, w = x.shape[-2:]
    coarse = F.interpolate(torch.randn(1, 3, h // 4, w // 4), (h, w), mode="bilinear")
    return x + amount * (torch.randn(x.shape) + coarse)
