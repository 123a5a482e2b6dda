"""Colours of label maps: our palette, and Text2Human's (Jiang et al., 2022), used with DeepFashion-MultiModal."""

import torch
from torch import Tensor

from ..parts import PARTS

OURS: tuple[tuple[int, int, int], ...] = tuple(part.colour for part in PARTS)
TEXT2HUMAN: tuple[tuple[int, int, int], ...] = (
    (0, 0, 0),
    (255, 250, 250),
    (220, 220, 220),
    (250, 235, 215),
    (255, 250, 205),
    (211, 211, 211),
    (70, 130, 180),
    (127, 255, 212),
    (0, 100, 0),
    (50, 205, 50),
    (255, 255, 0),
    (245, 222, 179),
    (255, 140, 0),
    (255, 0, 0),
    (16, 78, 139),
    (144, 238, 144),
    (50, 205, 174),
    (50, 155, 250),
    (160, 140, 88),
    (213, 140, 88),
    (90, 140, 90),
    (185, 210, 205),
    (130, 165, 180),
    (225, 141, 151),
)
PALETTES = (OURS, TEXT2HUMAN)


def colours_to_indices(colours: Tensor, palette: tuple[tuple[int, int, int], ...]) -> Tensor:
    """Colours [..., 3] uint8 -> int64 [...] their places in the palette, -1 where a colour is not, exactly, in it."""
    codes, order = _code(torch.tensor(palette)).sort()
    wanted = _code(colours)
    nearest = torch.searchsorted(codes, wanted).clamp_max(len(palette) - 1)
    return torch.where(codes[nearest] == wanted, order[nearest], -1)


def _code(colours: Tensor) -> Tensor:
    return (colours.long() * torch.tensor([65536, 256, 1])).sum(-1)
