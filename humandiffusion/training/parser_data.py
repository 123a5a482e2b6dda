"""What the parser learns from: photos with maps, photos with tags only, and what augmentation makes of both."""

import math
import random
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import InputError
from ..parts import NUM_PARTS
from .data.photo_data import UNKNOWN, PhotoData
from .decoder_data import Photos, load_photos, recolour_one
from .tags import parts_of_tags
from .turns import EndlessOrder, seed_of


@dataclass(frozen=True)
class Lessons:
    """Photos, their maps (`UNKNOWN` where nobody knows) and `allowed` [N, P] bool: the parts that may be in each."""

    photos: Photos
    allowed: Tensor


def load_lessons(data: PhotoData) -> Lessons:
    """Photos with maps, and those with tags alone; photos of which nothing is known teach nothing and are left out."""
    told = tuple(i for i in data.ids if data.records[i].map is not None or data.tags(i) is not None)
    if not told:
        raise InputError("--data: no photo has a map or tags; wanted some that a parser can learn from")
    data = replace(data, ids=told)
    rows = [
        parts_of_tags(data.tags(i) or ()) if data.records[i].map is None else torch.ones(NUM_PARTS, dtype=torch.bool)
        for i in data.ids
    ]
    return Lessons(load_photos(data), torch.stack(rows))


def halved(lessons: Lessons) -> Lessons:
    """The same photos at half the size, for small views: everything is then four times cheaper to change."""
    photos = lessons.photos
    images = torch.cat([F.avg_pool2d(some.float(), 2).round().to(torch.uint8) for some in photos.images.split(64)])
    return replace(lessons, photos=Photos(images, photos.labels[:, ::2, ::2].contiguous(), photos.ids))


class Views(Dataset[dict[str, Tensor]]):
    """Endless augmented views of one size: `image` [3, h, w] in 0..1, `labels` uint8 [h, w], `allowed` [P] bool.

    The i-th depends on `seed` and i alone.
    """

    def __init__(self, lessons: Lessons, size: tuple[int, int], seed: int) -> None:
        self.lessons, self.size, self.seed = lessons, size, seed
        self._order = EndlessOrder(len(lessons.photos.ids), seed)

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        if torch.utils.data.get_worker_info():
            torch.set_num_threads(1)
        seed = seed_of("view", self.seed, number)
        return self._view(self._order[number], random.Random(seed), torch.Generator().manual_seed(seed))

    def _view(self, row: int, rng: random.Random, generator: torch.Generator) -> dict[str, Tensor]:
        photos = self.lessons.photos
        image, labels = photos.images[row].float() / 255, photos.labels[row]
        known = labels != UNKNOWN
        if bool(known.any()) and rng.random() < 0.4:
            image = recolour_one(image, labels, rng)
        if bool(known.all()) and rng.random() < 0.15:
            image = on_backdrop(image, labels, rng, generator)
        image, labels = look_closer(image, labels, self.size, rng)
        return {"image": tint(image, rng, generator), "labels": labels, "allowed": self.lessons.allowed[row]}


def look_closer(image: Tensor, labels: Tensor, size: tuple[int, int], rng: random.Random) -> tuple[Tensor, Tensor]:
    """A view of `size` (h, w): mirrored half of the time, turned, stretched, from far away up to half a body."""
    height, width = labels.shape
    whole = min(size[0] / height, size[1] / width)
    zoom = whole * math.exp(rng.uniform(math.log(0.7), math.log(1.35)))
    if rng.random() < 0.25:
        zoom = whole * rng.uniform(1.35, 2.4)
    stretch = math.exp(rng.uniform(-0.1, 0.1))
    angle = math.radians(rng.gauss(0, 6))
    mirror = rng.choice((-1.0, 1.0))
    # From the view's pixels, counted from its centre, to the photo's.
    a, b = math.cos(angle) / zoom, math.sin(angle) / zoom
    matrix = torch.tensor([[mirror * a * stretch, mirror * b * stretch], [-b / stretch, a / stretch]])
    shown = (size[0] / zoom, size[1] / zoom)
    move = [
        rng.uniform(-0.5, 0.5) * max(full - part, 0.15 * part)
        for full, part in zip((width, height), (shown[1], shown[0]), strict=True)
    ]
    y = torch.arange(size[0]) + 0.5 - size[0] / 2
    x = torch.arange(size[1]) + 0.5 - size[1] / 2
    places = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1) @ matrix.T + torch.tensor(move)
    grid = places / torch.tensor([width / 2, height / 2])
    if zoom < 0.7:
        image = F.avg_pool2d(image[None], 2)[0]
    seen = F.grid_sample(image[None], grid[None], mode="bilinear", padding_mode="border", align_corners=False)[0]
    told = F.grid_sample(labels[None, None].float(), grid[None], mode="nearest", padding_mode="border",
                         align_corners=False)[0, 0]  # fmt: skip
    told[(grid.abs() > 1).any(-1)] = UNKNOWN
    return seen, told.round().to(torch.uint8)


def tint(image: Tensor, rng: random.Random, generator: torch.Generator) -> Tensor:
    """Another light and camera: [3, H, W] in 0..1 with its exposure, white, contrast, saturation and grain changed."""
    gains = torch.tensor([math.exp(rng.gauss(0, 0.08)) for _ in range(3)])[:, None, None]
    middle = image.mean()
    image = (image - middle) * rng.uniform(0.75, 1.25) + middle * math.exp(rng.gauss(0, 0.15))
    grey = image.mean(0, keepdim=True)
    image = torch.lerp(grey, image, 0.0 if rng.random() < 0.04 else rng.uniform(0.6, 1.3)) * gains
    if rng.random() < 0.3:
        image = image + rng.uniform(0, 0.05) * torch.randn(image.shape, generator=generator)
    return image.clamp(0, 1)


def on_backdrop(image: Tensor, labels: Tensor, rng: random.Random, generator: torch.Generator) -> Tensor:
    """The person before a plain studio wall with a soft change of light, as catalogue pictures have it."""
    person = F.avg_pool2d((labels > 0).float()[None, None], 3, 1, 1, count_include_pad=False)[0]
    colour = torch.tensor([rng.random() for _ in range(3)]) * 0.3 + rng.choice((0.1, 0.4, 0.65, 0.7))
    corners = colour[:, None, None] + 0.12 * torch.randn(1, 2, 2, generator=generator)
    wall = F.interpolate(corners[None], tuple(labels.shape), mode="bilinear", align_corners=True)[0]
    return torch.lerp(wall, image, person).clamp(0, 1)
