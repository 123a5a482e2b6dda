"""The encoder's crops, made once and kept by content: photo, maps, names of colours and recipe."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file

from .crop_pool import CropPool, join, pools_of
from .data.crew import Crew
from .data.files import content_key
from .data.photo_data import PhotoData
from .data.pieces import Piece, fill
from .phrases import Description
from .told import told_phrases

Colours = dict[str, tuple[int, int, int]]
_RECIPE = "2"  # of crop_pool.py: what was kept under another is made anew


def kept_pool(
    cache: Path, photos: PhotoData, colours: Colours, *, copies: int, seed: int, workers: int, crew: Crew | None = None
) -> CropPool:
    """All crops of `photos` (`pools_of`), from `cache`, made there if they are not yet, each process of `crew` its
    share.
    """
    named = json.dumps([colours, photos.fine_labels])
    keys = [content_key(photos.key(i), i, named, str(copies), str(seed), _RECIPE) for i in photos.ids]
    pieces = [cache / "crops" / f"{key}.safetensors" for key in keys]
    fill(pieces, partial(_pieces, photos, colours, copies, seed, workers), crew or Crew())
    # People's words are no part of what is kept, so that a new caption makes no crop anew.
    return join([_with_words(_read(piece), photos, i) for piece, i in zip(pieces, photos.ids, strict=True)])


def _pieces(
    photos: PhotoData, colours: Colours, copies: int, seed: int, workers: int, rows: Sequence[int]
) -> Iterator[Piece]:
    for pool in pools_of(photos, rows, colours, copies, seed, workers):
        tensors = {"images": pool.images, "masks": pool.masks, "lab": pool.lab}
        yield tensors, {"descriptions": json.dumps([asdict(one) for one in pool.descriptions])}


def _read(piece: Path) -> CropPool:
    with safe_open(piece, "pt") as file:
        told = json.loads(file.metadata()["descriptions"])
    tensors = load_file(piece)
    descriptions = [Description(**{**one, "colours": tuple(one["colours"]), "told": ()}) for one in told]
    return CropPool(tensors["images"], tensors["masks"], tensors["lab"], descriptions)


def _with_words(pool: CropPool, photos: PhotoData, photo_id: str) -> CropPool:
    parts = {one.part for one in pool.descriptions}
    told = told_phrases(photos.caption(photo_id), photos.facts(photo_id), parts)
    return replace(pool, descriptions=[replace(one, told=told.get(one.part, ())) for one in pool.descriptions])
