"""Pairs to train the picture decoder with: a photo, and a half-size picture as the denoiser would make it."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from ..colour import BASIC_COLOURS
from ..errors import InputError
from ..parts import GARMENTS
from .data.photo_data import PhotoData
from .degrade import degrade
from .recolour import Cloth, dress
from .turns import seed_of

RECOLOUR_SHARE = 0.4


@dataclass(frozen=True)
class Photos:
    """Photos uint8 [N, 3, H, W], their part maps uint8 [N, H, W] (255 = no map) and their ids."""

    images: Tensor
    labels: Tensor
    ids: tuple[str, ...]


def load_photos(data: PhotoData) -> Photos:
    """All of them, in memory."""
    images = torch.empty(len(data.ids), 3, *data.size, dtype=torch.uint8)
    labels = torch.empty(len(data.ids), *data.size, dtype=torch.uint8)
    for row, photo_id in enumerate(tqdm(data.ids, desc="photos", unit="photo", leave=False)):
        images[row], labels[row] = data.photo(photo_id)
    return Photos(images, labels, data.ids)


@dataclass(frozen=True)
class Reconstructions:
    """The denoiser's own latents uint8 [N, h, w, 3] and the row in `Photos` that each was made from."""

    latents: Tensor
    rows: Tensor


def load_reconstructions(folder: Path, photos: Photos) -> Reconstructions:
    """Every `*.npz` of `folder`: `recon` uint8 [N, h, w, 3] and `ids` [N]; rows without their photo are left out."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise InputError(f"--pairs: {folder} holds no .npz file; wanted files with arrays recon and ids")
    place = {photo_id: row for row, photo_id in enumerate(photos.ids)}
    latents, rows = [], []
    for path in files:
        with np.load(path) as file:
            if "recon" not in file or "ids" not in file:
                raise InputError(f"--pairs: {path} holds {', '.join(file)}; wanted arrays recon and ids")
            recon, ids = file["recon"], [str(photo_id) for photo_id in file["ids"].tolist()]
        known = [index for index, photo_id in enumerate(ids) if photo_id in place]
        latents.append(torch.from_numpy(recon[known]))
        rows += [place[ids[index]] for index in known]
    if not rows:
        raise InputError(f"--pairs: no id in {folder} is a photo of --data that is not held out")
    return Reconstructions(torch.cat(latents), torch.tensor(rows))


class Pairs(Dataset[dict[str, Tensor]]):
    """Endless pairs: `latent` [3, h, w] and `target` [3, H, W] in -1..1, `person` [1, H, W], `mapped` [1].

    `share` of them come from `recon`; the others are photos, some recoloured, spoilt by `degrade`. The i-th depends on
    `seed` and i alone.
    """

    def __init__(self, photos: Photos, recon: Reconstructions | None, share: float, seed: int) -> None:
        self.photos, self.recon, self.share, self.seed = photos, recon, share, seed

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        if torch.utils.data.get_worker_info():
            torch.set_num_threads(1)
        seed = seed_of("pair", self.seed, number)
        with torch.random.fork_rng(devices=[]):  # noise in `degrade` comes from torch's generator
            torch.manual_seed(seed)
            return self._draw(random.Random(seed))

    def _draw(self, rng: random.Random) -> dict[str, Tensor]:
        given = None
        if self.recon is not None and rng.random() < self.share:
            index = rng.randrange(len(self.recon.rows))
            row, given = int(self.recon.rows[index]), self.recon.latents[index].permute(2, 0, 1).float() / 255
        else:
            row = rng.randrange(len(self.photos.ids))
        target, labels = self.photos.images[row].float() / 255, self.photos.labels[row]
        mapped = bool(labels[0, 0] != 255)
        person = (labels > 0).float()[None] if mapped else _middle(*labels.shape)
        if given is None:
            if mapped and rng.random() < RECOLOUR_SHARE:
                target = recolour_one(target, labels, rng)
            given = degrade(target, person, rng)
        tensors = [given * 2 - 1, target * 2 - 1, person]
        if rng.random() < 0.5:
            tensors = [tensor.flip(2) for tensor in tensors]
        latent, target, person = tensors
        return {"latent": latent, "target": target, "person": person, "mapped": torch.tensor([float(mapped)])}


def recolour_one(image: Tensor, labels: Tensor, rng: random.Random) -> Tensor:
    """One garment of `image` [3, H, W] in another colour: half of the time a basic one."""
    worn = [part for part in torch.unique(labels).tolist() if part in GARMENTS and int((labels == part).sum()) > 200]
    if not worn:
        return image
    basic = rng.choice(list(BASIC_COLOURS.values()))
    r, g, b = (c / 255 for c in basic) if rng.random() < 0.5 else (rng.random() for _ in range(3))
    return dress(image, labels == rng.choice(worn), Cloth((r, g, b)))


def _middle(height: int, width: int) -> Tensor:
    """Where a person stands in most photos, for photos without a map: a soft upright ellipse [1, H, W]."""
    y = torch.linspace(-1, 1, height)[:, None] / 0.95
    x = torch.linspace(-1, 1, width)[None] / 0.4
    return torch.sigmoid(8 * (1 - (x.square() + y.square())))[None]
