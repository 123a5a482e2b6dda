"""A picture of a score: what is missing and what is too much, and beside it how each part did."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..parts import BACKGROUND, PART_NAMES
from .score import PartScore, PictureScore

MISSING, EXTRA, OTHER = (230, 40, 40), (50, 110, 250), (250, 170, 30)
_LEGEND = (("missing", MISSING), ("too much", EXTRA), ("another part", OTHER))
_PAPER, _INK, _GOOD, _FAIR, _BAD = (24, 24, 26), (235, 235, 235), (110, 215, 120), (245, 190, 70), (245, 95, 85)
_TINT, _GREY = 0.65, 0.5
_LINES = 30  # of text in the height of a picture
_LONGEST = "wrist wearing  0.00  asked purple, is orange"


def overlay_scores(images: Tensor, scores: Sequence[PictureScore]) -> Tensor:
    """[B, H, W + column, 3] sRGB 0..1 of pictures [B, 3, H, W]: faded, and where the map and the parser disagree tinted
    (red: the map has a part and the picture shows none; blue: a part where the map has none; orange: another part than
    the map's), the worst part outlined; in the column each part's score and what is wrong with it.
    """
    pairs = zip(images.detach().float().cpu().clamp(0, 1), scores, strict=True)
    return torch.stack([torch.cat((_marked(image, one), _column(one, image.shape[1])), 1) for image, one in pairs])


def _marked(image: Tensor, score: PictureScore) -> Tensor:
    grey = image.mean(0, keepdim=True)
    picture = (image * _GREY + grey * (1 - _GREY)).movedim(0, -1).clone()
    seen, wanted = score.seen, score.wanted
    wrong = seen != wanted
    kinds = (
        (wrong & (seen == BACKGROUND), MISSING),
        (wrong & (wanted == BACKGROUND), EXTRA),
        (wrong & (seen != BACKGROUND) & (wanted != BACKGROUND), OTHER),
    )
    for mask, colour in kinds:
        picture[mask] = picture[mask] * (1 - _TINT) + torch.tensor(colour) / 255 * _TINT
    if score.worst is not None:
        picture[_outline(wanted == score.worst.part)] = 1.0
    return picture


def _outline(mask: Tensor) -> Tensor:
    edge = torch.zeros_like(mask)
    edge[1:] |= mask[1:] != mask[:-1]
    edge[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return edge


def _column(score: PictureScore, height: int) -> Tensor:
    """[height, W, 3], of the same width for all pictures of one height."""
    line = max(height // _LINES, 9)
    font = ImageFont.load_default(size=max(int(line * 0.8), 7))
    width, margin = int(font.getlength(_LONGEST)) + line, line // 2
    page = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(page)
    rows = [(f"score  {score.score:.2f}", _shade(score.score)), (f"person  {score.person_iou:.2f}", _INK), ("", _INK)]
    parts = sorted(score.parts, key=lambda part: part.score)
    rows += [(_told(part), _shade(part.score)) for part in parts] + [("", _INK), *_LEGEND]
    for number, (text, colour) in enumerate(rows):
        draw.text((margin, margin + number * line), text, fill=colour, font=font)
    return torch.from_numpy(np.array(page)).float() / 255


def _told(part: PartScore) -> str:
    """The part, its score and the gravest thing that is wrong with it."""
    wrong = ""
    if part.colour is not None and part.colour < 0.5:
        wrong = f"{'leak: ' if part.leaked else ''}asked {part.asked[0]}, is {part.seen}"
    elif part.iou < 0.5:
        wrong = f"in place {part.iou:.2f}"
    elif part.text is not None and part.text.fit < 0.5:
        wrong = f"phrase fits {part.text.fit:.2f}"
    return f"{PART_NAMES[part.part]}  {part.score:.2f}  {wrong}"


def _shade(score: float) -> tuple[int, int, int]:
    return _GOOD if score >= 0.75 else _FAIR if score >= 0.5 else _BAD
