"""Self-training: a parser's own maps of photos that have tags only, where it is sure and the tags agree."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from ..parsing.builtin import BuiltinParser
from .data.photo_data import UNKNOWN
from .parser_data import Lessons

SURE = 0.6
BATCH = 8


def taught(lessons: Lessons, teacher: BuiltinParser) -> Lessons:
    """The same lessons with maps for the photos that had none."""
    photos = lessons.photos
    rows = (photos.labels[:, 0, 0] == UNKNOWN).nonzero().flatten()
    labels = photos.labels.clone()
    for some in tqdm(rows.split(BATCH), desc="teacher's maps", unit="batch"):
        labels[some] = teacher_maps(teacher, photos.images[some].float() / 255, lessons.allowed[some])
    return replace(lessons, photos=replace(photos, labels=labels))


@torch.no_grad()
def teacher_maps(teacher: BuiltinParser, images: Tensor, allowed: Tensor) -> Tensor:
    """Maps uint8 [B, H, W] of images [B, 3, H, W] among the `allowed` [B, P] parts; `UNKNOWN` where in doubt."""
    shares = teacher.shares(images)
    shares = F.interpolate(shares, (images.shape[2], images.shape[3]), mode="bilinear", align_corners=False)
    best, part = (shares * allowed[..., None, None]).max(1)
    return torch.where(best > SURE, part, UNKNOWN).to(torch.uint8)
