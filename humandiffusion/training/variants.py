"""The denoiser's training pictures, prepared once: photos cropped, mirrored and recoloured part by part, with their
features.

Reading maps, recolouring and encoding every crop costs more than a training step, so a few variants of each photo are
made in advance and kept as small tensors.
"""

import random
from dataclasses import dataclass, fields
from pathlib import Path

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
from ..safetensors_io import write_tensors
from .photos import PhotoSet
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


def build_variants(photos: PhotoSet, encoder: PartEncoder, count: int, seed: int, workers: int) -> Variants:
    """`count` variants of each photo; the first is the photo as it is."""
    loader = DataLoader(_Photos(photos, encoder, count, seed), batch_size=None, num_workers=workers)
    # Cloned, because a tensor from a worker holds a file descriptor open for as long as it lives.
    made = [
        Variants(*(getattr(v, f.name).clone() for f in fields(v))) for v in tqdm(loader, desc="variants", unit="photo")
    ]
    return Variants(*(torch.cat([getattr(v, field.name) for v in made]) for field in fields(Variants)))


class _Photos(Dataset[Variants]):
    def __init__(self, photos: PhotoSet, encoder: PartEncoder, count: int, seed: int) -> None:
        self.photos, self.encoder, self.count, self.seed = photos, encoder, count, seed

    def __len__(self) -> int:
        return len(self.photos.ids)

    def __getitem__(self, index: int) -> Variants:
        torch.set_num_threads(1)
        rng = random.Random(self.seed * 1_000_003 + index)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + index)
        photo_id = self.photos.ids[index]
        image, labels = self.photos.image(photo_id).float() / 255, self.photos.labels(photo_id)
        rows = [self._variant(image, labels, index)]
        for _ in range(self.count - 1):
            rows.append(self._variant(*_recolour_some(*_crop(image, labels, rng), rng, generator), index))
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


def save_variants(variants: Variants, path: Path) -> None:
    """Keep them for the next run, as safetensors."""
    write_tensors(path, {field.name: getattr(variants, field.name).contiguous() for field in fields(variants)})


def load_variants(path: Path) -> Variants:
    """What `save_variants` wrote."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    return Variants(*(tensors[field.name] for field in fields(Variants)))
