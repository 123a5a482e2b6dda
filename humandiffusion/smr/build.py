"""Building a memory from a folder of photos with part maps: real crops, and recoloured ones where colours are missing."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..colour import BASIC_COLOURS, median_lab
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from ..parts import BACKGROUND, FACE, HAIR, PART_NAMES, SKIN
from ..training.ccp import CCP_PARTS
from ..training.crop_pool import colour_words
from ..training.photos import PhotoSet
from ..training.recolour import PATTERNS, Cloth, dress
from .memory import MemoryItem, StyleMemory, initialise, item_id

CROP_SIZE, SWATCH_SIZE = 64, 12
MIN_PIXELS = 150
PATTERN_SHARE = 0.2


def build_memory(
    photos: PhotoSet, encoder: PartEncoder, *, licence: str, recoloured: int = 2, seed: int = 0, workers: int = 0
) -> StyleMemory:
    """A memory of the parts of all `photos`, and of `recoloured` copies of each garment, marked so in `source`.

    Colours are dealt so that every kind of garment gets every basic colour. Of faces only their mean vector is kept. The
    thumbnail is a swatch of the part's own pixels, at most SWATCH_SIZE wide; there is none of faces. Deterministic by seed.
    Raises InputError if no photo holds a usable part.
    """
    loader = DataLoader(_Crops(photos, licence, recoloured, seed), batch_size=None, num_workers=workers)
    items: list[MemoryItem] = []
    for crops in tqdm(loader, desc="memory", unit="photo"):
        if crops:
            vectors = encoder.encode_image(torch.stack([c[1] for c in crops]), torch.stack([c[2] for c in crops]))
            items += [replace(item, vector=vector) for (item, _, _), vector in zip(crops, vectors, strict=True)]
    if not items:
        raise InputError(
            f"memory: no part of {MIN_PIXELS} pixels or more in {photos.root}; wanted photos with part maps"
        )
    items = list(_without_faces(items))
    mean_text = encoder.encode_text([item.caption for item in items]).mean(0)
    return initialise(items, encoder_id=encoder.encoder_id, mean_text=mean_text)


Crop = tuple[MemoryItem, Tensor, Tensor]


class _Crops(Dataset[list[Crop]]):
    """The crops of one photo, with everything but their vector."""

    def __init__(self, photos: PhotoSet, licence: str, recoloured: int, seed: int) -> None:
        self.photos, self.licence, self.recoloured, self.seed = photos, licence, recoloured, seed

    def __len__(self) -> int:
        return len(self.photos.ids)

    def __getitem__(self, index: int) -> list[Crop]:
        photo_id = self.photos.ids[index]
        image, labels, fine = (
            self.photos.image(photo_id).float() / 255,
            self.photos.labels(photo_id),
            self.photos.fine(photo_id),
        )
        rng = random.Random(f"{self.seed} {photo_id}")
        draw = torch.Generator().manual_seed(rng.randrange(2**31))
        rows = []
        for part in labels.unique().tolist():
            mask = labels == part
            if int(mask.sum()) < MIN_PIXELS:
                continue
            label = PART_NAMES[part] if fine is None else _label(self.photos, fine[mask], part)
            rows.append(self._crop(image, mask, part, label, photo_id, None, ""))
            if part in (BACKGROUND, FACE, SKIN):
                continue
            for turn in range(self.recoloured):
                name, cloth = _deal(index, turn, self.recoloured, part, rng)
                rows.append(self._crop(dress(image, mask, cloth, draw), mask, part, label, photo_id, cloth, name))
        return rows

    def _crop(
        self, image: Tensor, mask: Tensor, part: int, label: str, photo_id: str, cloth: Cloth | None, colour: str
    ) -> Crop:
        crop, share = cut_mask(image, mask, CROP_SIZE)
        seen = colour_words(part, median_lab(image, mask), BASIC_COLOURS)[0]
        pattern = f" {cloth.pattern}" if cloth is not None and cloth.pattern else ""
        caption = PART_NAMES[part] if part == FACE else f"{colour or seen}{pattern} {label}"
        source = self.photos.source(photo_id) + (f" recoloured {colour}{pattern}" if cloth else "")
        identity = item_id((crop * 255).round().to(torch.uint8), (share * 255).round().to(torch.uint8))
        swatch = (
            torch.full((SWATCH_SIZE, SWATCH_SIZE, 3), 128, dtype=torch.uint8) if part == FACE else _swatch(image, mask)
        )
        return MemoryItem(identity, torch.zeros(0), part, caption, source, self.licence, swatch), crop, share


def _deal(index: int, turn: int, turns: int, part: int, rng: random.Random) -> tuple[str, Cloth]:
    """The colours in turn over photos, so that every kind of garment meets all; some cloths get a pattern too."""
    names = list(BASIC_COLOURS)
    name = names[(index * turns + turn + part) % len(names)]
    second = rng.choice([other for other in names if other != name])
    shade = tuple(min(max(value / 255 + rng.gauss(0, 0.02), 0.0), 1.0) for value in BASIC_COLOURS[name])
    pattern = rng.choice(PATTERNS) if part != HAIR and rng.random() < PATTERN_SHARE else None
    r, g, b = BASIC_COLOURS[second]
    return name, Cloth((shade[0], shade[1], shade[2]), pattern, (r / 255, g / 255, b / 255))


def _label(photos: PhotoSet, fine: Tensor, part: int) -> str:
    """The finest label of most pixels, if it belongs to the part."""
    label = photos.fine_labels[int(fine.bincount().argmax())]
    return label if CCP_PARTS.get(label) == part else PART_NAMES[part]


def _swatch(image: Tensor, mask: Tensor) -> Tensor:
    """The largest square of a few sizes that lies inside the mask, shrunk to a swatch uint8 [t, t, 3]; its colour if none fits."""
    area = F.pad(mask.int(), (1, 0, 1, 0)).cumsum(0).cumsum(1)
    for size in (64, 48, 32, 24, 16, 10, 6):
        if size > min(mask.shape):
            continue
        count = area[size:, size:] - area[:-size, size:] - area[size:, :-size] + area[:-size, :-size]
        full = count == size * size
        if bool(full.any()):
            corners = full.nonzero()
            top, left = corners[len(corners) // 2].tolist()
            square = image[None, :, top : top + size, left : left + size]
            small = F.interpolate(
                square, (SWATCH_SIZE, SWATCH_SIZE), mode="bilinear", antialias=True, align_corners=False
            )
            return (small[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    colour = (image[:, mask].median(1).values * 255).round().to(torch.uint8)
    return colour.expand(SWATCH_SIZE, SWATCH_SIZE, 3).clone()


def _without_faces(items: list[MemoryItem]) -> Iterator[MemoryItem]:
    """All items but the faces, and one for the mean of those: no vector of any one face is kept."""
    faces = [item for item in items if item.part == FACE]
    yield from (item for item in items if item.part != FACE)
    if faces:
        mean = F.normalize(torch.stack([face.vector for face in faces]).mean(0), dim=0)
        root = faces[0].source.split("/")[0]
        identity = hashlib.sha256("".join(face.id for face in faces).encode()).hexdigest()[:16]
        source = f"{root}/mean of {len(faces)} faces"
        yield replace(faces[0], id=identity, vector=mean, caption="face", source=source)
