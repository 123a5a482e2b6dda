"""Variants made once and kept by content: photo, map, encoder and recipe. Whatever stops the work, it goes on after
the photos that are done.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from ..encoders.base import PartEncoder
from ..safetensors_io import Blocks, write_streamed
from .data.crew import Crew
from .data.files import content_key
from .data.photo_data import PhotoData
from .data.pieces import Piece, fill
from .variants import Variants, variants_of

KIND = "humandiffusion-variants"
_RECIPE = "1"  # of variants.py: what was kept under another is made anew
_NAMES = ("latent", "occupancy", "queries")


def kept_variants(
    cache: Path,
    photos: PhotoData,
    encoder: PartEncoder,
    *,
    count: int,
    seed: int,
    workers: int,
    crew: Crew | None = None,
) -> Variants:
    """`count` variants of each of `photos`, from `cache`, made there if they are not yet; read from the file as they
    are used. Each process of `crew` makes its share.
    """
    crew = crew or Crew()
    keys = [content_key(photos.key(i), i, encoder.encoder_id, str(count), str(seed), _RECIPE) for i in photos.ids]
    pieces = [cache / "variants" / f"{key}.safetensors" for key in keys]
    whole = cache / f"variants-{content_key(*keys)}.safetensors"
    if not whole.is_file():
        fill(pieces, partial(_tensors, photos, encoder, count, seed, workers), crew)
        if crew.leads:
            _join(pieces, whole)
    crew.wait()
    tensors = load_file(whole)
    photo = torch.arange(len(pieces)).repeat_interleave(count)
    return Variants(tensors["latent"], tensors["occupancy"], tensors["queries"], photo)


def _tensors(
    photos: PhotoData, encoder: PartEncoder, count: int, seed: int, workers: int, rows: Sequence[int]
) -> Iterator[Piece]:
    for made in variants_of(photos, rows, encoder, count, seed, workers):
        yield {name: getattr(made, name).contiguous() for name in _NAMES}, {}


def _join(pieces: Sequence[Path], whole: Path) -> None:
    first = load_file(pieces[0])
    blocks = {}
    for name, tensor in first.items():
        shape = (len(pieces) * tensor.shape[0], *tensor.shape[1:])
        blocks[name] = Blocks(tensor.dtype, shape, _each(pieces, name))
    write_streamed(whole, KIND, blocks, {"photos": len(pieces)})


def _each(pieces: Sequence[Path], name: str) -> Iterator[Tensor]:
    for piece in pieces:
        with safe_open(piece, "pt") as file:
            yield file.get_tensor(name)
