"""Attention mass: how much of its attention each place gives to each part's tokens, and a picture of it."""

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..layers import split_heads
from .region_attention import RegionRows
from .sites import SCALE_NAMES

_PAPER, _INK, _FAINT = (24, 24, 26), (235, 235, 235), (150, 150, 155)
# From nothing to all: black, violet, orange, pale yellow; lighter is always more, also without colour vision.
_HEAT = torch.tensor([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)]).float() / 255
_GAP = 6


def attention_mass(q: Tensor, k: Tensor, heads: int, bias: Tensor, rows: RegionRows) -> Tensor:
    """[B, P, N] float32: of each cell's attention, the share that the tokens of each channel get, mean over heads.

    Q [B, N, C], K [B, M + K, C] and bias [B, 1, N, M + K] are those of the attention. Channel 0 is the prompt.
    """
    split_q, split_k = split_heads(q.float(), heads), split_heads(k.float(), heads)
    before = k.shape[1] - rows.tokens.shape[1]
    mass = q.new_zeros(len(rows), rows.gain.shape[1], q.shape[1], dtype=torch.float32)
    owner = rows.owner[:, None].expand(-1, q.shape[1], -1)
    for head in range(heads):  # one at a time: all heads' weights at once would be larger than the model
        logits = split_q[:, head] @ split_k[:, head].mT / math.sqrt(split_q.shape[-1]) + bias[:, 0].float()
        weights = logits.softmax(-1)
        parts = torch.zeros_like(mass).mT.scatter_add(2, owner, weights[..., before:])
        parts[..., 0] = weights[..., :before].sum(-1)
        mass += parts.mT / heads
    return mass


def mass_sheet(masses: Mapping[int, Tensor], names: Sequence[str], height: int = 160) -> Tensor:
    """A picture [H, W, 3] float32 0..1: a row for each scale, a column for each of `names`, the prompt first.

    `masses`: for each scale [P, h, w] shares in 0..1. Each field says its mean where the part is, and is as bright as
    its share, black 0 and pale yellow 1. Without masses there are only the names.
    """
    shape = next((mass.shape for mass in masses.values()), (1, 1))
    width = max(round(height * shape[-1] / shape[-2]), 1)
    font, line = ImageFont.load_default(size=13), 18
    left = max(int(font.getlength(name)) for name in SCALE_NAMES) + 2 * _GAP
    column = max(width, *(int(font.getlength(name)) for name in names)) + _GAP
    sheet = Image.new("RGB", (left + column * len(names), line + _GAP + (height + line + _GAP) * len(masses)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, name in enumerate(names):
        draw.text((left + i * column, 2), name, fill=_INK, font=font)
    for row, scale in enumerate(sorted(masses)):
        top = line + _GAP + row * (height + line + _GAP)
        draw.text((_GAP, top + height // 2), SCALE_NAMES[scale], fill=_INK, font=font)
        for i, share in enumerate(masses[scale]):
            sheet.paste(_field(share, (height, width)), (left + i * column, top))
            inside = share[share > 0]
            mean = float(inside.mean()) if len(inside) else 0.0
            draw.text((left + i * column, top + height + 1), f"{mean:.0%}", fill=_FAINT, font=font)
    pixels = torch.frombuffer(bytearray(sheet.tobytes()), dtype=torch.uint8)
    return pixels.view(sheet.height, sheet.width, 3).float() / 255


def _field(share: Tensor, size: tuple[int, int]) -> Image.Image:
    place = F.interpolate(share[None, None].float().cpu(), size, mode="nearest-exact")[0, 0].clamp(0, 1) * (
        len(_HEAT) - 1
    )
    low = place.long().clamp(max=len(_HEAT) - 2)
    colour = torch.lerp(_HEAT[low], _HEAT[low + 1], (place - low)[..., None])
    return Image.fromarray((colour * 255).round().to(torch.uint8).numpy())
