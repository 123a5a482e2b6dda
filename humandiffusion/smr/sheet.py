"""What was retrieved, for people: a picture and a report."""

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..parts import FACE, PART_NAMES
from .features import PartFeatures, Retrieved, locks_of
from .memory import StyleMemory

TILE, TEXT, GAP = 56, 30, 8
NAME_WIDTH, COLUMN_WIDTH = 190, 132
_INK, _PAPER, _FAINT = (30, 30, 34), (250, 250, 248), (120, 120, 126)


def sheet(features: PartFeatures, memory: StyleMemory) -> Tensor:
    """One row per part: its phrase, then swatch, caption, score and weight of each hit. Float [H, W, 3] in 0..1."""
    rows = features.retrieved
    columns = max((len(row.ids) for row in rows), default=1) or 1
    width = NAME_WIDTH + columns * COLUMN_WIDTH + 2 * GAP
    row_height = TILE + TEXT + GAP
    page = Image.new("RGB", (width, max(len(rows), 1) * row_height + 2 * GAP), _PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default()
    if not rows:
        draw.text((GAP, GAP), "no part has a feature", _INK, font)
    for i, row in enumerate(rows):
        top = GAP + i * row_height
        prompt = features.prompts.get(row.part)
        said = prompt.phrase if prompt is not None and prompt.phrase else _how(row)
        draw.text((GAP, top), PART_NAMES[row.part], _INK, font)
        draw.text((GAP, top + 14), _fit(said, draw, font, NAME_WIDTH - 2 * GAP), _FAINT, font)
        draw.text((GAP, top + 28), _fit(_remark(row), draw, font, NAME_WIDTH - 2 * GAP), _FAINT, font)
        for j, (item, score, weight) in enumerate(zip(row.ids, row.scores, row.weights, strict=True)):
            left = NAME_WIDTH + j * COLUMN_WIDTH
            index = memory.row_of(item)
            if memory.thumbnails is not None and int(memory.part[index]) != FACE:
                swatch = Image.fromarray(memory.thumbnails[index].numpy()).resize(
                    (TILE, TILE), Image.Resampling.BICUBIC
                )
                page.paste(swatch, (left, top))
            caption = _fit(memory.captions[index], draw, font, COLUMN_WIDTH - GAP)
            draw.text((left, top + TILE + 2), caption, _INK, font)
            draw.text((left, top + TILE + 14), f"score {score:.2f}  weight {weight:.2f}", _FAINT, font)
    data = torch.frombuffer(bytearray(page.tobytes()), dtype=torch.uint8)
    return data.reshape(page.height, page.width, 3).float() / 255


def report(features: PartFeatures, memory: StyleMemory) -> str:
    """The same in words, one paragraph per part; then the locks that bring it back, and the notes on the sentence."""
    lines = []
    for row in features.retrieved:
        prompt = features.prompts.get(row.part)
        said = f'"{prompt.phrase}"' if prompt is not None and prompt.phrase else _how(row)
        remark = _remark(row)
        lines.append(f"{PART_NAMES[row.part]}: {said}" + (f" ({remark})" if remark and remark != said else ""))
        for item, score, weight in zip(row.ids, row.scores, row.weights, strict=True):
            index = memory.row_of(item)
            lines.append(
                f"  {weight:.2f}  {memory.captions[index]}  (score {score:.2f}, {item}, {memory.sources[index]})"
            )
    locks = locks_of(features)
    lines += [f"locks: {locks.to_json()}"] if locks.parts else []
    lines += [f"note: {note}" for note in features.prompts.notes]
    return "\n".join(lines) or "no part has a feature"


def _how(row: Retrieved) -> str:
    if row.how == "prior":
        return "not described: a remembered scene" if row.ids else "not described: the memory's mean"
    return {"image": "reference picture"}.get(row.how, row.how)


def _remark(row: Retrieved) -> str:
    """What is unusual about how it was found."""
    if row.how in ("locked", "both"):
        return {"locked": "locked", "both": "words and picture"}[row.how]
    if row.elsewhere:
        return "memory has none: other parts searched" if row.ids else "memory has none"
    return "" if row.ids or row.how == "prior" else "memory has none: the query itself"


def _fit(text: str, draw: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """The text in one line, cut with dots to a width in pixels; characters the default font lacks become question
    marks.
    """
    text = " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "...", font) > width:
        text = text[:-1]
    return text + "..."
