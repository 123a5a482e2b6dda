"""What an adapter for Stable Diffusion learns from, prepared once and kept by content: latents, occupancy, features of
the parts and a sentence for each picture. Whatever stops the work, it goes on after the photos that are done.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..encoders.base import PartEncoder
from ..parts import BACKGROUND, BODY, NUM_PARTS
from ..safetensors_io import Blocks, read_model, write_streamed
from .data.crew import Crew
from .data.files import content_key
from .data.photo_data import PhotoData
from .data.pieces import Piece, fill
from .sd_base import FrozenBase
from .sd_pictures import PLAIN, Pictures
from .variants import Variants

KIND = "humandiffusion-sd-examples"
_RECIPE = "1"  # what was kept under another is made anew


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
    `cache`, made there if they are not yet, and read from the file as they are used. Each process of `crew` makes
    its share.
    """
    crew = crew or Crew()
    recipe = (encoder.encoder_id, base.family, _vae_key(base), str(count), str(seed), _RECIPE)
    keys = [content_key(photos.key(i), i, *recipe) for i in photos.ids]
    pieces = [cache / "sd" / f"{key}.safetensors" for key in keys]
    whole = cache / f"sd-{content_key(*keys)}.safetensors"
    if not whole.is_file():

        def make(rows: Sequence[int]) -> Iterator[Piece]:
            pictures = Pictures(photos, rows, encoder, count, seed)
            loader = DataLoader(pictures, batch_size=None, num_workers=workers)
            for made in tqdm(loader, desc="examples", unit="photo", leave=False):
                latent = torch.cat([base.encode_pictures(one[None]) for one in made["pictures"]]).half()
                others = {name: made[name].clone() for name in ("occupancy", "queries")}
                yield {"latent": latent, **others}, {"captions": json.dumps(made["captions"])}

        fill(pieces, make, crew)
        if crew.leads:
            _join(pieces, whole)
    crew.wait()
    tensors, about = read_model(whole, KIND, "examples")
    photo = torch.arange(len(pieces)).repeat_interleave(count)
    made = Variants(tensors["latent"], tensors["occupancy"], tensors["queries"], photo)
    return SdExamples(made, tuple(about["captions"]))


def _join(pieces: Sequence[Path], whole: Path) -> None:
    captions: list[str] = []
    for piece in pieces:
        with safe_open(piece, "pt") as file:
            captions += json.loads(file.metadata()["captions"])
    blocks = {}
    for name, tensor in load_file(pieces[0]).items():
        shape = (len(pieces) * tensor.shape[0], *tensor.shape[1:])
        blocks[name] = Blocks(tensor.dtype, shape, _each(pieces, name))
    write_streamed(whole, KIND, blocks, {"captions": captions})


def _each(pieces: Sequence[Path], name: str) -> Iterator[Tensor]:
    for piece in pieces:
        with safe_open(piece, "pt") as file:
            yield file.get_tensor(name)


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
