"""How well a parser's maps agree with those of photos."""

import torch
from torch import Tensor

from ..parsing.base import PersonParser
from ..parts import NUM_PARTS, PART_NAMES
from .decoder_data import Photos

BATCH = 8


def scores(parser: PersonParser, photos: Photos) -> dict[str, float]:
    """`person_iou` (mean over photos, of all that is not background), `pixel_accuracy`, `miou` (mean over the parts
    that the photos show, background too, of the overlap over all photos), and `iou_NAME` of each."""
    confusion = torch.zeros(NUM_PARTS, NUM_PARTS, dtype=torch.long)
    people = []
    for images, truth in zip(photos.images.split(BATCH), photos.labels.split(BATCH), strict=True):
        found = parser.parse(images.float() / 255).labels.cpu()
        confusion += torch.bincount((truth.long() * NUM_PARTS + found).flatten(), minlength=NUM_PARTS**2).view(
            NUM_PARTS, NUM_PARTS
        )
        both = ((truth > 0) & (found > 0)).sum((1, 2))
        either = ((truth > 0) | (found > 0)).sum((1, 2))
        people.append(both / either.clamp_min(1))
    return {
        "person_iou": float(torch.cat(people).mean()),
        "pixel_accuracy": float(confusion.trace() / confusion.sum()),
        **_overlaps(confusion),
    }


def _overlaps(confusion: Tensor) -> dict[str, float]:
    hit, true, found = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
    there = [part for part in range(NUM_PARTS) if int(true[part])]
    each = {part: float(hit[part] / (true[part] + found[part] - hit[part])) for part in there}
    named = {f"iou_{PART_NAMES[part].replace(' ', '_')}": value for part, value in each.items()}
    return {"miou": sum(each.values()) / len(each), **named}
