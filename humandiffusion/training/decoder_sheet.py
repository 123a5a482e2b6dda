"""Sample sheets of the picture decoder: latents above, what it makes of them below."""

import random
from pathlib import Path

import torch
import torch.nn.functional as F

from ..models.decoder import PictureDecoder
from .decoder_data import Photos
from .degrade import degrade
from .sheets import save_sheet


@torch.no_grad()
def decoder_sheet(decoder: PictureDecoder, photos: Photos, path: Path) -> None:
    """Spoil `photos` the same way each time and decode them; made on the CPU."""
    rng, before = random.Random(7), torch.get_rng_state()
    torch.manual_seed(7)
    columns = []
    for image, labels in zip(photos.images, photos.labels, strict=True):
        latent = degrade(image.float() / 255, (labels > 0).float()[None], rng)[None] * 2 - 1
        columns.append(torch.cat((F.interpolate(latent, scale_factor=2, mode="nearest"), decoder(latent)), 2)[0])
    torch.set_rng_state(before)
    save_sheet(torch.stack(columns), path)
