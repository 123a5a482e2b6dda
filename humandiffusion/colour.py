"""sRGB and CIE Lab (D65), and names of measured colours."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

_RGB_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)
_EPS = (6 / 29) ** 3

# The eleven basic colour terms (Berlin and Kay, 1969) as clothes wear them, sRGB 0..255.
BASIC_COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (28, 28, 30),
    "white": (236, 236, 234),
    "grey": (128, 128, 130),
    "red": (190, 28, 40),
    "orange": (233, 125, 40),
    "yellow": (236, 206, 62),
    "green": (52, 128, 62),
    "blue": (44, 84, 180),
    "purple": (112, 58, 142),
    "pink": (236, 142, 174),
    "brown": (112, 74, 48),
}

# Further colours of clothes that people ask for by name, sRGB 0..255.
CLOTHES_COLOURS: dict[str, tuple[int, int, int]] = {
    **BASIC_COLOURS,
    "charcoal": (62, 64, 68),
    "cream": (240, 228, 200),
    "beige": (214, 194, 164),
    "tan": (184, 146, 104),
    "burgundy": (104, 24, 42),
    "coral": (238, 112, 96),
    "magenta": (196, 40, 128),
    "mustard": (206, 160, 44),
    "olive": (104, 106, 56),
    "dark green": (24, 66, 44),
    "mint": (164, 220, 188),
    "turquoise": (58, 184, 184),
    "light blue": (150, 190, 228),
    "denim blue": (78, 104, 146),
    "navy": (26, 34, 74),
    "lilac": (188, 160, 212),
}

# What people call hair and skin, as photos show them, sRGB 0..255.
HAIR_COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (32, 28, 28),
    "dark brown": (62, 46, 40),
    "brown": (92, 66, 52),
    "light brown": (136, 106, 82),
    "blonde": (188, 156, 114),
    "platinum blonde": (222, 208, 184),
    "red": (142, 72, 46),
    "grey": (142, 140, 140),
    "white": (226, 226, 226),
}
SKIN_TONES: dict[str, tuple[int, int, int]] = {
    "pale": (232, 206, 194),
    "light": (212, 178, 162),
    "tanned": (184, 142, 118),
    "brown": (136, 98, 78),
    "dark": (84, 58, 48),
}


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """sRGB [..., 3] in 0..1 -> Lab [..., 3] with L in 0..100 (CIE 1976, D65)."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)
    xyz = linear @ rgb.new_tensor(_RGB_TO_XYZ).T / rgb.new_tensor(_WHITE)
    f = torch.where(xyz > _EPS, xyz.clamp_min(_EPS) ** (1 / 3), xyz * (841 / 108) + 4 / 29)
    x, y, z = f.unbind(-1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)


def bytes_to_lab(image: Tensor) -> Tensor:
    """sRGB bytes [3, H, W] -> Lab [3, H, W]: as `srgb_to_lab`, and several times as fast."""
    linear = np.take(_linear_of_bytes(), image.reshape(3, -1).numpy())
    xyz = (np.array(_RGB_TO_XYZ, np.float32) / np.array(_WHITE, np.float32)[:, None]) @ linear
    roots = np.cbrt(xyz, out=linear)
    dark = xyz <= _EPS
    if dark.any():
        roots[dark] = xyz[dark] * np.float32(841 / 108) + np.float32(4 / 29)
    x, y, z = roots
    lab = xyz
    np.subtract(x, y, out=lab[1])
    np.subtract(y, z, out=lab[2])
    np.multiply(y, 116, out=lab[0])
    lab *= np.array([[1], [500], [200]], np.float32)
    lab[0] -= 16
    return torch.from_numpy(lab).reshape(image.shape)


@lru_cache(maxsize=1)
def _linear_of_bytes() -> Any:
    value = np.arange(256, dtype=np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """Lab [..., 3] -> sRGB [..., 3], clamped to 0..1. Inverse of `srgb_to_lab` inside the gamut."""
    lightness, a, b = lab.unbind(-1)
    y = (lightness + 16) / 116
    f = torch.stack((y + a / 500, y, y - b / 200), -1)
    xyz = torch.where(f > 6 / 29, f**3, (f - 4 / 29) * (108 / 841)) * lab.new_tensor(_WHITE)
    linear = (xyz @ torch.linalg.inv(lab.new_tensor(_RGB_TO_XYZ)).T).clamp(0, 1)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055)


def median_lab(image: Tensor, mask: Tensor) -> Tensor:
    """Median Lab [3] of the pixels of `image` [3, H, W] (sRGB 0..1) where `mask` [H, W] is true (it must not be
    empty).
    """
    return srgb_to_lab(image[:, mask].T).median(0).values


def nearest_names(lab: Tensor, names: Mapping[str, tuple[int, int, int]], k: int = 1) -> list[list[str]]:
    """The `k` names whose sRGB colour (0..255) lies nearest in Lab to each of `lab` [N, 3], nearest first."""
    keys, table = list(names), _lab_of(tuple(names.values()))
    distances = np.linalg.norm(lab.detach().cpu().float().numpy()[:, None] - table, axis=2)
    return [[keys[i] for i in row] for row in distances.argsort(1, kind="stable")[:, :k].tolist()]


@lru_cache(maxsize=16)
def _lab_of(colours: tuple[tuple[int, int, int], ...]) -> Any:
    return srgb_to_lab(torch.tensor(colours, dtype=torch.float32) / 255).numpy()
