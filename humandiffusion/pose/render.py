"""Maps as pictures to look at: each part in its colour, on demand with outlines and a legend that names the parts."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from .palettes import OURS
from .semantic_pose import SemanticPose

_PAPER, _INK = (24, 24, 26), (235, 235, 235)
# Share of its colour that a pixel on an outline keeps.
_OUTLINE = 0.35


def render(pose: SemanticPose, *, legend: bool = False, outline: bool = False) -> Tensor:
    """[B, H, W', 3] float32 sRGB in 0..1; W' is the map's width, and with `legend` that of a column of names beside it.

    `outline` darkens the pixels where two parts meet. Without either, the colours are those that `load_pose` reads.
    """
    picture = _colours(len(pose.classes))[pose.labels.long().cpu()]
    if outline:
        picture = torch.where(_edges(pose.labels.cpu())[..., None], picture * _OUTLINE, picture)
    if not legend:
        return picture
    present = pose.present().any(0).nonzero()[:, 0].tolist()
    names = [(OURS[i % len(OURS)], pose.classes[i]) for i in present]
    column = _legend(names, pose.height)
    return torch.cat([picture, column.expand(pose.batch, -1, -1, -1)], 2)


def _colours(count: int) -> Tensor:
    # A class of the user's own, past ours, borrows a colour.
    return torch.tensor([OURS[i % len(OURS)] for i in range(count)]).float() / 255


def _edges(labels: Tensor) -> Tensor:
    edge = torch.zeros_like(labels, dtype=torch.bool)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[:, :, 1:] |= labels[:, :, 1:] != labels[:, :, :-1]
    return edge


def _legend(names: list[tuple[tuple[int, int, int], str]], height: int) -> Tensor:
    """[height, W, 3]: one line for each name, smaller ones where there are many; as wide as the longest needs."""
    line = max(6, min(height // max(len(names), 1), max(height // 24, 12)))
    font = ImageFont.load_default(size=max(int(line * 0.75), 5))
    swatch, gap = int(line * 0.7), max(line // 4, 2)
    width = swatch + 3 * gap + max((int(font.getlength(name)) + 1 for _, name in names), default=0)
    picture = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(picture)
    for row, (colour, name) in enumerate(names):
        y = row * line + (line - swatch) // 2
        draw.rectangle((gap, y, gap + swatch, y + swatch), fill=colour, outline=_INK)
        draw.text((2 * gap + swatch, row * line + line // 2), name, fill=_INK, font=font, anchor="lm")
    return torch.from_numpy(np.array(picture)).float() / 255
