"""The photos that pictures are held against: those held out, as what a picture should look like, and those trained on,
as what it must not copy.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ..safetensors_io import read_tensors, write_tensors
from ..training.data.photo_data import PhotoData
from .frechet import frechet_distance
from .kernel_distance import kernel_distance
from .maps import HeldOut
from .nearest import Looks, looks_of
from .networks import FeatureNetwork
from .tallies import Figure

_HALVES = 200
_KINDS = {"kernel_distance": kernel_distance, "frechet_distance": frechet_distance}


@dataclass(frozen=True)
class Ruler:
    """All held-out photos, and those that were trained on, called `ids`."""

    held_out: Looks
    training: Looks = field(default_factory=Looks.none)
    ids: tuple[str, ...] = ()

    def training_sample(self, count: int) -> Tensor:
        """Features of some training photos, evenly spread: how far apart photos themselves lie."""
        photos = self.training.features
        return photos[torch.linspace(0, len(photos) - 1, min(count, len(photos))).round().long()]


def make_ruler(photos: HeldOut, trained: PhotoData, network: FeatureNetwork, cache: Path) -> Ruler:
    """Of the photos of a set that are held out and of all that were trained on; features are kept in `cache`."""
    held_out, training = (_cached(partial(_images, one), network, cache) for one in (photos, trained))
    return Ruler(held_out, training, tuple(trained.source(photo_id) for photo_id in trained.ids))


@dataclass(frozen=True)
class Distance:
    """Of `count` pictures, and of `halves` [H] of them: the same halves for every set of as many; none of a few."""

    value: float
    count: int
    halves: Tensor

    def figure(self) -> Figure:
        """With the interval that the halves give (the delete-half jackknife, Shao and Wu, 1989), moved to the value of
        the whole, because a Frechet distance of fewer pictures is larger.
        """
        return _moved(self.value, self.count, self.halves)

    def over(self, other: "Distance") -> Figure | None:
        """The ratio to another set's of the same maps, which is as unsure: half by half. None if that is not above
        0."""
        if other.value <= 0:
            return None
        paired = len(self.halves) == len(other.halves) and self.count == other.count and bool((other.halves > 0).all())
        halves = self.halves / other.halves if paired else torch.empty(0)
        return _moved(self.value / other.value, self.count, halves)


def distances(features: Tensor, ruler: Tensor) -> dict[str, Distance]:
    """Kernel and Frechet distance of features [N, D] to those of the ruler's photos [M, D], N and M >= 2."""
    count = len(features)
    draw = torch.Generator().manual_seed(0)
    halves = [torch.randperm(count, generator=draw)[: count // 2] for _ in range(_HALVES)] if count >= 8 else []
    found = {}
    for name, measure in _KINDS.items():
        each = torch.tensor([measure(features[half], ruler) for half in halves], dtype=torch.float64)
        found[name] = Distance(measure(features, ruler), count, each)
    return found


def _moved(value: float, count: int, spread: Tensor) -> Figure:
    if not len(spread):
        return Figure(value, count=count)
    low, high = torch.quantile(spread - spread.mean(), torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Figure(value, value + low, value + high, count)


def _images(photos: HeldOut) -> Iterator[Tensor]:
    return (photos.image(photo_id).float() / 255 for photo_id in photos.ids)


def _cached(images: Callable[[], Iterator[Tensor]], network: FeatureNetwork, cache: Path) -> Looks:
    """Looks by the photos' own pixels: what was computed once is read, whatever the files are called."""
    digest, count = hashlib.sha256(network.name.encode()), 0
    for image in images():
        count += 1
        digest.update((image * 255).round().to(torch.uint8).numpy().tobytes())
    path = cache / f"looks-{digest.hexdigest()[:16]}.safetensors"
    if path.is_file():
        tensors = read_tensors(path, "--out")
        return Looks(tensors["features"], tensors["pixels"])
    bar = tqdm(images(), total=count, desc="features of photos", unit="photo", file=sys.stderr)
    looks = looks_of(bar, network)
    write_tensors(path, {"features": looks.features.contiguous(), "pixels": looks.pixels.contiguous()})
    return looks
