"""Building a memory from a folder of photos with part maps."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..colour import CLOTHES_COLOURS
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from ..parts import FACE, GARMENTS
from ..training.photos import PhotoSet
from ..training.recolour import Cloth, dress
from .captions import caption
from .memory import RECOLOURED, MemoryItem, StyleMemory, initialise, item_id
from .plan import MIN_PIXELS, Cut, plan_cuts

SWATCH_SIZE, BATCH = 16, 256
SHADE = 0.02  # spread of a recoloured crop's colour around the named one, in sRGB of 0..1


def build_memory(
    photos: PhotoSet,
    encoder: PartEncoder,
    *,
    licence: str,
    most: int = 400,
    recoloured: int = 15,
    seed: int = 0,
    workers: int = 0,
) -> StyleMemory:
    """A memory of at most `most` crops of each part, and recoloured copies, marked so in `source` (`plan_cuts`).

    Of faces only their mean vector is kept. The thumbnail of a garment is a swatch of its cloth, of all else one flat
    colour. Deterministic by seed, whatever the number of workers. Raises InputError if no photo holds a usable part.
    """
    cuts = plan_cuts(photos, most=most, recoloured=recoloured, seed=seed)
    if not cuts:
        raise InputError(
            f"--data: no part of {MIN_PIXELS} pixels or more in {photos.root}; wanted photos with part maps"
        )
    crops = DataLoader(_Crops(photos, cuts, licence, seed, encoder.crop_size), batch_size=None, num_workers=workers)
    items = list(_without_faces(list(_encoded(tqdm(crops, desc="memory", unit="photo"), encoder))))
    phrases = sorted({item.caption for item in items})
    texts = [encoder.encode_text(phrases[start : start + BATCH]) for start in range(0, len(phrases), BATCH)]
    return initialise(items, encoder_id=encoder.encoder_id, mean_text=torch.cat(texts).mean(0))


Crop = tuple[MemoryItem, Tensor, Tensor]


class _Crops(Dataset[list[Crop]]):
    """The crops of one photo, with everything but their vectors."""

    def __init__(self, photos: PhotoSet, cuts: list[Cut], licence: str, seed: int, size: int) -> None:
        self.photos, self.licence, self.seed, self.size = photos, licence, seed, size
        self.cuts = [list(of_photo) for _, of_photo in groupby(cuts, key=lambda cut: cut.photo)]

    def __len__(self) -> int:
        return len(self.cuts)

    def __getitem__(self, index: int) -> list[Crop]:
        cuts = self.cuts[index]
        photo_id = self.photos.ids[cuts[0].photo]
        image, labels = self.photos.image(photo_id).float() / 255, self.photos.labels(photo_id)
        return [
            self._crop(image, labels == cut.part, cut, self.photos.source(photo_id), f"{self.seed} {photo_id} {turn}")
            for turn, cut in enumerate(cuts)
        ]

    def _crop(self, image: Tensor, mask: Tensor, cut: Cut, source: str, seed: str) -> Crop:
        image, mask = _around(image, mask)
        if cut.colours:
            image = _dressed(image, mask, cut, random.Random(seed))
            words = (" and ".join(cut.colours), cut.pattern or "", cut.label)
            text = " ".join(word for word in words if word)
            source += RECOLOURED + " ".join(word for word in words[:2] if word)
        else:
            text = caption(image, mask, cut.part, cut.label)
        crop, share = cut_mask(image, mask, self.size)
        identity = item_id(_bytes(crop), _bytes(share))
        swatch = _swatch(image, mask) if cut.part in GARMENTS else _flat(image, mask, cut.part)
        return MemoryItem(identity, torch.zeros(0), cut.part, text, source, self.licence, swatch), crop, share


def _around(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both cut to the mask's box: all that follows costs by the pixel."""
    rows, columns = mask.any(1).nonzero()[:, 0].tolist(), mask.any(0).nonzero()[:, 0].tolist()
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return image[:, box[0], box[1]], mask[box]


def _dressed(image: Tensor, mask: Tensor, cut: Cut, rng: random.Random) -> Tensor:
    shades = [tuple(min(max(v / 255 + rng.gauss(0, SHADE), 0.0), 1.0) for v in CLOTHES_COLOURS[c]) for c in cut.colours]
    (r, g, b), (r2, g2, b2) = shades[0], shades[-1]
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    return dress(image, mask, Cloth((r, g, b), cut.pattern, (r2, g2, b2)), generator)


def _encoded(photos: Iterable[list[Crop]], encoder: PartEncoder) -> Iterator[MemoryItem]:
    """The items with their vectors, encoded in batches over photos."""
    waiting: list[Crop] = []
    for crops in photos:
        # Copied, because a tensor from a worker holds a file descriptor open for as long as it lives.
        waiting += [
            (replace(item, thumbnail=_copy(item.thumbnail)), crop.clone(), mask.clone()) for item, crop, mask in crops
        ]
        while len(waiting) >= BATCH:
            yield from _encode(waiting[:BATCH], encoder)
            waiting = waiting[BATCH:]
    if waiting:
        yield from _encode(waiting, encoder)


def _encode(crops: list[Crop], encoder: PartEncoder) -> Iterator[MemoryItem]:
    items, images, masks = zip(*crops, strict=True)
    vectors = encoder.encode_image(torch.stack(images), torch.stack(masks))
    return (replace(item, vector=vector) for item, vector in zip(items, vectors, strict=True))


def _copy(thumbnail: Tensor | None) -> Tensor | None:
    return None if thumbnail is None else thumbnail.clone()


def _bytes(picture: Tensor) -> Tensor:
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)


def _swatch(image: Tensor, mask: Tensor) -> Tensor:
    """The largest of a few squares that lie inside the mask, shrunk to uint8 [t, t, 3]; its colour if none fits."""
    area = F.pad(mask.int(), (1, 0, 1, 0)).cumsum(0).cumsum(1)
    for size in (64, 48, 32, 24, 16, 10, 6):
        if size > min(mask.shape):
            continue
        count = area[size:, size:] - area[:-size, size:] - area[size:, :-size] + area[:-size, :-size]
        corners = (count == size * size).nonzero()
        if len(corners):
            top, left = corners[len(corners) // 2].tolist()
            square = image[None, :, top : top + size, left : left + size]
            shape = (SWATCH_SIZE, SWATCH_SIZE)
            return _bytes(
                F.interpolate(square, shape, mode="bilinear", antialias=True, align_corners=False)[0]
            ).permute(1, 2, 0)
    return _flat(image, mask)


def _flat(image: Tensor, mask: Tensor, part: int | None = None) -> Tensor:
    """One median colour, uint8 [t, t, 3]; of a face not even that."""
    colour = torch.full((3,), 128, dtype=torch.uint8) if part == FACE else _bytes(image[:, mask].median(1).values)
    return colour.expand(SWATCH_SIZE, SWATCH_SIZE, 3).contiguous()


def _without_faces(items: list[MemoryItem]) -> Iterator[MemoryItem]:
    """All items but the faces, and one for the mean of those: no vector of any one face is kept."""
    faces = [item for item in items if item.part == FACE]
    yield from (item for item in items if item.part != FACE)
    if faces:
        mean = F.normalize(torch.stack([face.vector for face in faces]).mean(0), dim=0)
        identity = hashlib.sha256("".join(face.id for face in faces).encode()).hexdigest()[:16]
        source = f"{faces[0].source.rsplit('/', 1)[0]}/mean of {len(faces)} faces"
        yield replace(faces[0], id=identity, vector=mean, caption="face", source=source)
