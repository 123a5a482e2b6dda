"""Does a model copy its training photos? How near each picture comes to one, beside how near unseen photos come.

In a network's features by the cosine distance, and in pixels by the mean difference of small pictures. Training mirrors
its photos, so their pixels count mirrored as well; to features a mirrored picture is nearly the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .networks import FeatureNetwork

# Height and width at which pixels are compared: copies show, grain and edges do not.
SMALL = (48, 32)


@dataclass(frozen=True)
class Looks:
    """What N pictures are compared by: `features` [N, D] as the network gives them, `pixels` [N, 3 * h * w] sRGB
    0..1."""

    features: Tensor
    pixels: Tensor

    def __len__(self) -> int:
        return len(self.features)

    @staticmethod
    def none() -> "Looks":
        """Of no picture."""
        return Looks(torch.zeros(0, 1), torch.zeros(0, 1))


@dataclass(frozen=True)
class Nearest:
    """For each of N pictures the distance to its nearest of the others and that one's number."""

    features: Tensor
    pixels: Tensor
    which: Tensor


def looks_of(images: Iterable[Tensor], network: FeatureNetwork) -> Looks:
    """Of pictures [3, H, W], sRGB 0..1, of any sizes."""
    pixels: list[Tensor] = []

    def noted() -> Iterator[Tensor]:
        for image in images:
            pixels.append(small(image))
            yield image

    features = network(noted())
    return Looks(features, torch.stack(pixels))


def small(image: Tensor) -> Tensor:
    """The picture [3, H, W] as a vector of few pixels."""
    return F.interpolate(image.float()[None], SMALL, mode="bilinear", antialias=True)[0].flatten()


def nearest(asked: Looks, others: Looks) -> Nearest:
    """The nearest of `others` to each of `asked`; `which` is the nearest in features."""
    one, other = F.normalize(asked.features, dim=1), F.normalize(others.features, dim=1)
    cosine = 1 - one @ other.T
    mirrored = others.pixels.view(-1, *SMALL).flip(2).reshape(others.pixels.shape)
    apart = torch.stack([torch.cdist(asked.pixels, side, p=1).amin(1) for side in (others.pixels, mirrored)]).amin(0)
    return Nearest(cosine.amin(1), apart / asked.pixels.shape[1], cosine.argmin(1))
