"""The denoiser's training pictures, prepared once: photos cropped, mirrored and recoloured part by part, with their
features.

Reading maps, recolouring and encoding every crop costs more than a training step, so a few variants of each photo are
made in advance and kept as small tensors.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..colour import BASIC_COLOURS
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..parts import GARMENTS, HAIR, NUM_PARTS
from ..pose.occupancy import occupancy
from .photos import Photos
from .recolour import PATTERNS, Cloth, dress

CROP_SIZE = 64


@dataclass(frozen=True)
class Variants:
    """N training pictures: `latent` uint8 [N, 3, h, w] (half-size RGB), `occupancy` uint8 [N, P, h/4, w/4] in 255ths,
    `queries` fp16 [N, P, D] image features (0 where a part is absent), `photo` long [N] the photo's number in the
    set."""

    latent: Tensor
    occupancy: Tensor
    queries: Tensor
    photo: Tensor


def build_variants(photos: Photos, encoder: PartEncoder, count: int, seed: int, workers: int) -> Variants:
    """`count` variants of each photo; the first is the photo as it is."""
    made = list(variants_of(photos, range(len(photos.ids)), encoder, count, seed, workers))
    return Variants(*(torch.cat([getattr(v, field.name) for v in made]) for field in fields(Variants)))


def variants_of(
    photos: Photos, rows: Sequence[int], encoder: PartEncoder, count: int, seed: int, workers: int
) -> Iterator[Variants]:
    """The variants of each photo in `rows`, in order; they depend on the photo and `seed` alone."""
    loader = DataLoader(_Photos(photos, rows, encoder, count, seed), batch_size=None, num_workers=workers)
    for one in tqdm(loader, desc="variants", unit="photo", leave=False):
        # Cloned, because a tensor from a worker holds a file descriptor open for as long as it lives.
        yield Variants(*(getattr(one, field.name).clone() for field in fields(Variants)))


class _Photos(Dataset[Variants]):
    def __init__(self, photos: Photos, rows: Sequence[int], encoder: PartEncoder, count: int, seed: int) -> None:
        self.photos, self.rows, self.encoder, self.count, self.seed = photos, rows, encoder, count, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Variants:
        if torch.utils.data.get_worker_info():
            torch.set_num_threads(1)
        index = self.rows[number]
        photo_id = self.photos.ids[index]
        rng = random.Random(f"{self.seed} {photo_id}")
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        picture, labels = self.photos.photo(photo_id)
        image = picture.float() / 255
        rows = [self._variant(image, labels, index)]
        for _ in range(self.count - 1):
            rows.append(self._variant(*vary(image, labels, rng, generator), index))
        return Variants(*(torch.stack([getattr(row, field.name) for row in rows]) for field in fields(Variants)))

    def _variant(self, image: Tensor, labels: Tensor, index: int) -> Variants:
        height, width = labels.shape
        latent = F.avg_pool2d(image[None], 2)[0]
        shares = occupancy(labels[None], (height // 8, width // 8))[0]
        crops = cut_parts(image, labels, CROP_SIZE)
        queries = torch.zeros(NUM_PARTS, self.encoder.dim, dtype=torch.float16)
        queries[crops.parts] = self.encoder.encode_image(crops.images, crops.masks).half()
        as_bytes = [(x * 255).round().to(torch.uint8) for x in (latent, shares)]
        return Variants(as_bytes[0], as_bytes[1], queries, torch.tensor(index))


def vary(image: Tensor, labels: Tensor, rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A photo [3, H, W] (sRGB 0..1) and its map [H, W], mirrored, zoomed into and recoloured at random."""
    return _recolour_some(*_crop(image, labels, rng), rng, generator)


def _crop(image: Tensor, labels: Tensor, rng: random.Random) -> tuple[Tensor, Tensor]:
    """Mirror half of the pictures; zoom into most by up to an eighth."""
    if rng.random() < 0.5:
        image, labels = image.flip(2), labels.flip(1)
    if rng.random() < 0.3:
        return image, labels
    height, width = labels.shape
    zoom = rng.uniform(0.87, 1.0)
    h, w = round(height * zoom), round(width * zoom)
    top, left = rng.randint(0, height - h), rng.randint(0, width - w)
    image, labels = image[:, top : top + h, left : left + w], labels[top : top + h, left : left + w]
    image = F.interpolate(image[None], (height, width), mode="bicubic", align_corners=False)[0].clamp(0, 1)
    labels = F.interpolate(labels[None, None].float(), (height, width), mode="nearest-exact")[0, 0].to(torch.uint8)
    return image, labels


def _recolour_some(
    image: Tensor, labels: Tensor, rng: random.Random, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Give about half of the garments (and sometimes the hair) another colour, an eighth of those a pattern as well."""
    if rng.random() < 0.15:
        return image, labels
    for part in torch.unique(labels).tolist():
        chance = 0.6 if part in GARMENTS else 0.15 if part == HAIR else 0.0
        mask = labels == part
        if rng.random() >= chance or int(mask.sum()) < 16:
            continue
        pattern = rng.choice(PATTERNS) if part != HAIR and rng.random() < 0.12 else None
        image = dress(image, mask, Cloth(_random_colour(rng), pattern, _random_colour(rng)), generator)
    return image, labels


def _random_colour(rng: random.Random) -> tuple[float, float, float]:
    """Two of three times near a basic colour, else anywhere in sRGB."""
    if rng.random() < 0.33:
        return rng.random(), rng.random(), rng.random()
    r, g, b = (
        min(max(value / 255 + rng.gauss(0, 0.05), 0.0), 1.0) for value in rng.choice(list(BASIC_COLOURS.values()))
    )
    return r, g, b
