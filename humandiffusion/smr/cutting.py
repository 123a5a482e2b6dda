"""From one opened photo to the crops that a memory keeps of it, with all that is known of each but its vector."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..colour import CLOTHES_COLOURS, bytes_to_lab
from ..encoders.crops import cut_mask
from ..parts import FACE, NUM_PARTS, PART_NAMES
from ..training.recolour import Cloth, dress
from .captions import caption
from .memory import RECOLOURED, MemoryItem, item_id
from .plan import Cut, enough, finest_label
from .swatches import Thumbnails, thumbnail, to_bytes

Faces = Literal["mean", "blur", "none"]
SHADE = 0.02  # spread of a recoloured crop's colour around the named one, in sRGB of 0..1
_FACE_CELLS = 5

Crop = tuple[MemoryItem, Tensor, Tensor]
"""An item that has no vector yet, its crop [3, S, S] and mask [1, S, S]."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A photo as it was read: image uint8 [3, H, W], labels and finer labels uint8 [H, W], captions by part."""

    number: int
    name: str
    image: Tensor
    labels: Tensor
    fine: Tensor | None = None
    words: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cutter:
    """How photos are cut: for crops of `size` pixels; the rest is written into every item."""

    size: int
    source: str
    licence: str
    thumbnails: Thumbnails
    faces: Faces
    seed: int
    added: int
    fine_labels: tuple[str, ...] = ()

    def cut(self, photo: Opened, cuts: Sequence[Cut] | None) -> list[Crop]:
        """The crops of `cuts`; without, one of every part of which the photo shows enough."""
        if cuts is None:
            counts = photo.labels.flatten().bincount(minlength=NUM_PARTS)[:NUM_PARTS].tolist()
            seen = [part for part, count in enumerate(counts) if count >= enough(part)]
            cuts = [Cut(photo.number, part, self._label(photo, part)) for part in seen]
        wanted = [cut for cut in cuts if cut.part != FACE or self.faces != "none"]
        image = photo.image.float() / 255
        lab = bytes_to_lab(photo.image) if any(cut.part != FACE and not cut.colours for cut in wanted) else image
        seeds = (f"{self.seed} {photo.name} {turn}" for turn in range(len(wanted)))
        return [self._crop(photo, image, lab, cut, seed) for cut, seed in zip(wanted, seeds, strict=True)]

    def _label(self, photo: Opened, part: int) -> str:
        if photo.fine is None:
            return PART_NAMES[part]
        return finest_label(self.fine_labels, photo.fine[photo.labels == part], part)

    def _crop(self, photo: Opened, image: Tensor, lab: Tensor, cut: Cut, seed: str) -> Crop:
        whole = photo.labels == cut.part
        box = _box(whole)
        image, mask = image[:, box[0], box[1]], whole[box]
        source = f"{self.source}/{photo.name}"
        if cut.colours:
            image = _dressed(image, mask, cut, random.Random(seed))
            words = (" and ".join(cut.colours), cut.pattern or "", cut.label)
            text = " ".join(word for word in words if word)
            source += RECOLOURED + " ".join(word for word in words[:2] if word)
        else:
            text = photo.words.get(cut.part) or caption(lab[:, box[0], box[1]], mask, cut.part, cut.label)
        crop, share = cut_mask(image, mask, self.size)
        if cut.part == FACE and self.faces == "blur":
            crop = _blurred(crop, share)
        identity = item_id(to_bytes(crop), to_bytes(share))
        picture = thumbnail(self.thumbnails, image, mask, crop, cut.part)
        item = MemoryItem(identity, torch.zeros(0), cut.part, text, source, self.licence, picture, self.added)
        return item, crop, share


def _box(mask: Tensor) -> tuple[slice, slice]:
    """The mask's box: all that follows costs by the pixel."""
    filled = mask.numpy()
    rows, columns = np.flatnonzero(filled.any(1)), np.flatnonzero(filled.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _dressed(image: Tensor, mask: Tensor, cut: Cut, rng: random.Random) -> Tensor:
    shades = [tuple(min(max(v / 255 + rng.gauss(0, SHADE), 0.0), 1.0) for v in CLOTHES_COLOURS[c]) for c in cut.colours]
    (r, g, b), (r2, g2, b2) = shades[0], shades[-1]
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    return dress(image, mask, Cloth((r, g, b), cut.pattern, (r2, g2, b2)), generator)


def _blurred(crop: Tensor, share: Tensor) -> Tensor:
    """A face of which tone and shape are left: the means over a few cells, and nothing finer."""
    cells = F.adaptive_avg_pool2d(torch.cat((crop * share, share)), _FACE_CELLS)
    overall = ((crop * share).sum((1, 2)) / share.sum().clamp_min(1e-3))[:, None, None]
    means = torch.where(cells[3:] > 0.05, cells[:3] / cells[3:].clamp_min(0.05), overall)
    smooth = F.interpolate(means[None], crop.shape[1:], mode="bilinear", align_corners=False)[0].clamp(0, 1)
    return torch.where(share > 0, smooth * share + (1 - share), crop)
