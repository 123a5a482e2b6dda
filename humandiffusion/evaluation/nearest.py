"""Does a model copy its training photos? How near each picture comes to one, beside how near unseen photos come.

In a network's features by the cosine distance, and in pixels by the mean difference of small pictures. Training mirrors
its photos, so they count mirrored as well.
"""

from collections.abc import Iterable
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
    features, pixels = [], []
    for image in images:
        features.append(network([image])[0])
        pixels.append(small(image))
    return Looks(torch.stack(features), torch.stack(pixels))


def small(image: Tensor) -> Tensor:
    """The picture [3, H, W] as a vector of few pixels."""
    return F.interpolate(image.float()[None], SMALL, mode="bilinear", antialias=True)[0].flatten()


def nearest(asked: Looks, others: Looks) -> Nearest:
    """The nearest of `others` to each of `asked`; `which` is the nearest in features."""
    one, other = F.normalize(asked.features, dim=1), F.normalize(others.features, dim=1)
    cosine = 1 - one @ other.T
    apart = torch.cdist(asked.pixels, others.pixels, p=1) / asked.pixels.shape[1]
    return Nearest(cosine.amin(1), apart.amin(1), cosine.argmin(1))
