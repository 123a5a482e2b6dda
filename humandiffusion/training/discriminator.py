"""A discriminator on frozen features (Sauer et al., Projected GANs, 2021): small heads, so it learns in few steps."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .perceptual import WIDTHS


class ProjectedDiscriminator(nn.Module):
    """One patch head on each named feature map; `places` maps a name to the VGG tap that it is."""

    def __init__(self, places: dict[str, str], width: int = 96) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({name: _head(WIDTHS[tap], width) for name, tap in places.items()})

    def forward(self, features: dict[str, Tensor]) -> list[Tensor]:
        """Features [B, C, h, w] of some of the places -> logits [B, 1, h', w'] of their heads: above 0 for real."""
        return [self.heads[name](tap) for name, tap in features.items()]


def _head(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(before, width, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, stride=2, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, 1, 1)),
    )


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Hinge loss, mean over the heads."""
    losses = [F.relu(1 - r.float()).mean() + F.relu(1 + f.float()).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(losses).mean()


def generator_loss(fake: list[Tensor]) -> Tensor:
    """The generator's side of the hinge loss."""
    return -torch.stack([f.float().mean() for f in fake]).mean()
