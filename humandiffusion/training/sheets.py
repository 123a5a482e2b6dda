"""Sample sheets: what the model draws while it trains."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..cli.common import appearing_whole
from ..encoders.base import PartEncoder
from ..models.unet import HumanUNet, Mode
from ..sampling import normal_sigmas, starting_noise
from ..smr.memory import StyleMemory
from .photos import Photos
from .refreshed import refreshed
from .variants import build_variants

STEPS = 20
GUIDANCE = 2.0


@torch.no_grad()
def denoiser_sheet(
    unet: HumanUNet,
    photos: Photos,
    encoder: PartEncoder,
    memory: StyleMemory,
    path: Path,
    mode: Mode = "region",
) -> None:
    """Draw the maps of `photos` with their own parts' refreshed features, side by side, latents as they are."""
    variants = build_variants(photos, encoder, 1, 0, 0)
    features = refreshed(variants, memory, photos)[:, 1].float()
    shares = variants.occupancy.float() / 255
    present = (features.square().sum(-1) > 0).float()
    noise = starting_noise(0, tuple(variants.latent.shape))
    latents = sample(unet, noise, shares / shares.sum(1, keepdim=True), features, present, GUIDANCE, mode)
    save_sheet(latents, path)


@torch.no_grad()
def sample(
    unet: HumanUNet,
    noise: Tensor,
    occupancy: Tensor,
    features: Tensor,
    present: Tensor,
    guidance: float,
    mode: Mode = "region",
) -> Tensor:
    """Euler's method from noise [B, 3, h, w] to clean latents with classifier-free guidance; the negative keeps the
    map.
    """
    size = noise.shape[-2:]
    positive = unet.prepare(occupancy, features, present, size=size, mode=mode)
    negative = unet.prepare(occupancy, torch.zeros_like(features), torch.zeros_like(present), size=size, mode=mode)
    x = noise
    sigmas = normal_sigmas(STEPS)
    for sigma, after in zip(sigmas[:-1], sigmas[1:], strict=True):
        level = sigma.expand(len(x))
        told, null = unet.denoise(x, level, positive), unet.denoise(x, level, negative)
        x0 = null + guidance * (told - null)
        x = x0 + (x - x0) * (after / sigma)
    return x


def save_sheet(pictures: Tensor, path: Path) -> None:
    """Pictures [B, 3, h, w] in -1..1 in one row, as PNG; the file appears whole or not at all."""
    row = torch.cat(list(pictures), 2).clamp(-1, 1)
    with appearing_whole(path) as beside:
        Image.fromarray(((row + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()).save(beside, format="PNG")
