"""What an adapter for Stable Diffusion learns from, prepared once and kept by content: latents, occupancy, features of
the parts and a sentence for each picture. Whatever stops the work, it goes on after the photos that are done.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..colour import srgb_to_lab
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..mca.coverage import PICTURE_SCALE
from ..parts import BACKGROUND, BODY, GARMENTS, HAIR, NUM_PARTS, PARTS
from ..pose.occupancy import occupancy
from ..safetensors_io import read_model, write_model
from ..smr.captions import caption
from .data.crew import Crew
from .data.files import content_key
from .data.photo_data import PhotoData
from .sd_base import FrozenBase
from .variants import Variants, vary

KIND = "humandiffusion-sd-examples"
_RECIPE = "1"  # what was kept under another is made anew
PLAIN = "a photo of a person"
_LEAST_SHARE = 0.002  # of the picture: smaller parts are not worth a word


@dataclass(frozen=True)
class SdExamples:
    """N training pictures. `made` has latents of Stable Diffusion [N, 4, h, w] fp16, `occupancy` [N, P, h, w] in
    255ths at their resolution, image queries and the photos' numbers; `captions` are N sentences.
    """

    made: Variants
    captions: tuple[str, ...]


def kept_examples(
    cache: Path,
    photos: PhotoData,
    base: FrozenBase,
    encoder: PartEncoder,
    *,
    count: int,
    seed: int,
    workers: int,
    crew: Crew | None = None,
) -> SdExamples:
    """`count` pictures of each photo, the first as it is, the others mirrored, zoomed into and recoloured; from
    `cache`, made there if they are not yet. Each process of `crew` makes its share.
    """
    crew = crew or Crew()
    recipe = (encoder.encoder_id, base.family, _vae_key(base), str(count), str(seed), _RECIPE)
    pieces = [cache / "sd" / f"{content_key(photos.key(i), i, *recipe)}.safetensors" for i in photos.ids]
    todo = crew.share([row for row, piece in enumerate(pieces) if not piece.is_file()])
    pictures = _Pictures(photos, todo, encoder, count, seed)
    loader = DataLoader(pictures, batch_size=None, num_workers=workers)
    for row, made in zip(todo, tqdm(loader, desc="examples", unit="photo", leave=False), strict=True):
        latent = torch.cat([base.encode_pictures(one[None]) for one in made["pictures"]]).half()
        tensors = {"latent": latent, "occupancy": made["occupancy"].clone(), "queries": made["queries"].clone()}
        write_model(pieces[row], KIND, tensors, {"captions": made["captions"]})
    crew.wait()
    return _joined(pieces, count)


def sentence_of(image: Tensor, labels: Tensor) -> str:
    """A sentence about a photo [3, H, W] (sRGB 0..1) with the map [H, W]: its hair and garments, in measured words."""
    lab = srgb_to_lab(image.movedim(0, -1)).movedim(-1, 0)
    phrases = {}
    for part in torch.unique(labels).tolist():
        mask = labels == part
        if part in (*GARMENTS, HAIR) and float(mask.float().mean()) >= _LEAST_SHARE:
            phrases[part] = caption(lab, mask, part, PARTS[part].name)
    worn = ", ".join(phrase for part, phrase in phrases.items() if part != HAIR)
    hair = f" with {phrases[HAIR]}" if HAIR in phrases else ""
    return f"{PLAIN}{hair}{f' wearing {worn}' if worn else ''}"


class _Pictures(Dataset[dict[str, object]]):
    def __init__(self, photos: PhotoData, rows: Sequence[int], encoder: PartEncoder, count: int, seed: int) -> None:
        self.photos, self.rows, self.encoder, self.count, self.seed = photos, rows, encoder, count, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> dict[str, object]:
        if torch.utils.data.get_worker_info():
            torch.set_num_threads(1)
        photo_id = self.photos.ids[self.rows[number]]
        rng = random.Random(f"{self.seed} {photo_id}")
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        picture, labels = self.photos.photo(photo_id)
        image = picture.float() / 255
        told = self.photos.records[photo_id].caption or sentence_of(image, labels)
        rows = [(image, labels, told)]
        for _ in range(self.count - 1):
            other, map_ = vary(image, labels, rng, generator)
            rows.append((other, map_, sentence_of(other, map_)))
        seen = [seen_in(one, map_, self.encoder) for one, map_, _ in rows]
        return {
            "pictures": torch.stack([(one * 255).round().byte() for one, _, _ in rows]),
            "occupancy": torch.stack([shares for shares, _ in seen]),
            "queries": torch.stack([queries for _, queries in seen]),
            "captions": [told for _, _, told in rows],
        }


def seen_in(image: Tensor, labels: Tensor, encoder: PartEncoder) -> tuple[Tensor, Tensor]:
    """Of a photo [3, H, W] (sRGB 0..1) and its map: occupancy uint8 [P, H / 8, W / 8] in 255ths, and the image queries
    of its parts fp16 [P, D], 0 where there is none.
    """
    height, width = labels.shape
    shares = occupancy(labels[None], (height // PICTURE_SCALE, width // PICTURE_SCALE))[0]
    crops = cut_parts(image, labels, encoder.crop_size)
    queries = torch.zeros(NUM_PARTS, encoder.dim, dtype=torch.float16)
    queries[crops.parts] = encoder.encode_image(crops.images, crops.masks).half().cpu()
    return (shares * 255).round().to(torch.uint8), queries


def _joined(pieces: Sequence[Path], count: int) -> SdExamples:
    read = [read_model(piece, KIND, "examples") for piece in pieces]
    latent, shares, queries = (
        torch.cat([tensors[name] for tensors, _ in read]) for name in ("latent", "occupancy", "queries")
    )
    captions = tuple(told for _, about in read for told in about["captions"])
    return SdExamples(Variants(latent, shares, queries, torch.arange(len(pieces)).repeat_interleave(count)), captions)


def _vae_key(base: FrozenBase) -> str:
    """Of the VAE's first weights: another one makes other latents."""
    first = next(base.pipeline.vae.parameters())
    return content_key(first.detach().float().cpu().numpy().tobytes(), str(base.pipeline.vae.config.scaling_factor))


def draw_batch(
    examples: SdExamples, features: Tensor, priors: Tensor, size: int, draw: torch.Generator
) -> tuple[dict[str, Tensor], list[str]]:
    """A random batch: `x0` [B, 4, h, w] and `noise`, `moment` [B] in 0..1 of the schedule, `occupancy` [B, P, h, w],
    `features` [B, P, D], `present` [B, P]; and B sentences.

    Of ten sentences, one is empty and four say no more than that there is a person: then what the parts look like
    stands in the features alone. `features` [N, 2, P, D] holds image queries and their refreshed twins; SMR's blend g
    is 1 for most, uniform for the others, and mostly 0 for the background. Features are dropped for a part (10 %), for
    all at once (10 %), and a part of the body sometimes shows the memory's prior.
    """
    made = examples.made
    rows = torch.randint(len(made.photo), (size,), generator=draw)
    shares = made.occupancy[rows].float()
    queries, found = features[rows].float().unbind(1)
    g = torch.where(torch.rand(size, generator=draw) < 0.6, 1.0, torch.rand(size, generator=draw))
    g = g[:, None].repeat(1, NUM_PARTS)
    g[:, BACKGROUND] = (torch.rand(size, generator=draw) < 0.3).float()
    mixed = F.normalize(g[..., None] * found + (1 - g[..., None]) * queries, dim=-1)
    body = torch.zeros(NUM_PARTS, dtype=torch.bool)
    body[list(BODY)] = True
    usual = (torch.rand(size, NUM_PARTS, generator=draw) < 0.2) & body & (priors.square().sum(-1) > 0)
    mixed = torch.where(usual[..., None], priors, mixed)
    keep = (torch.rand(size, NUM_PARTS, generator=draw) > 0.1) & (torch.rand(size, generator=draw) > 0.1)[:, None]
    present = (queries.square().sum(-1) > 0) & keep
    said = torch.rand(size, generator=draw).tolist()
    captions = [
        "" if p < 0.1 else PLAIN if p < 0.5 else examples.captions[row] for p, row in zip(said, rows, strict=True)
    ]
    x0 = made.latent[rows].float()
    return {
        "x0": x0,
        "noise": torch.randn(x0.shape, generator=draw),
        "moment": torch.rand(size, generator=draw),
        "occupancy": shares / shares.sum(1, keepdim=True),
        "features": mixed * present[..., None],
        "present": present.float(),
    }, captions
