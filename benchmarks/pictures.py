"""Making, reading, saving and showing the pictures of `fidelity.py`. Photos are never among them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from asks import Maps
from PIL import Image
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.evaluation.asking import flat_picture


def make_pictures(maps: Maps, args: argparse.Namespace, seeds: Sequence[int], seed: int) -> list[Tensor]:
    """Text and map through the pipeline as the command line runs it; 8 bits a channel, as its files have."""
    from tqdm import tqdm

    from humandiffusion.pipeline import HumanDiffusionPipeline
    from humandiffusion.pose.semantic_pose import SemanticPose

    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    pipeline.to(args.device)
    pipeline.set_progress_bar_config(disable=True)
    pictures: list[Tensor] = []
    for first in tqdm(range(0, len(maps.asks), args.batch), desc="pictures", unit="batch", file=sys.stderr):
        some = slice(first, first + args.batch)
        done = pipeline(
            [ask.text for ask in maps.asks[some]],
            [SemanticPose(labels=labels[None]) for labels in maps.labels[some]],
            num_inference_steps=args.steps,
            guidance_scale=args.cfg,
            generator=[torch.Generator("cpu").manual_seed(seed + number) for number in seeds[some]],
        )
        pictures += [_tensor(image) for image in done.images]
    return pictures


def read_pictures(folder: Path, maps: Maps) -> list[Tensor]:
    """`DIR/<id>.png` for every map, scaled to the map's size. Raises InputError if one is missing."""
    pictures = []
    for ask, labels in zip(maps.asks, maps.labels, strict=True):
        path = folder / f"{ask.photo_id}.png"
        if not path.is_file():
            raise InputError(f"--pictures: {path} is missing; make the pictures of --write-jobs, or give --limit")
        with Image.open(path) as image:
            picture = _tensor(image)
        if picture.shape[-2:] != labels.shape:
            picture = F.interpolate(picture[None], tuple(labels.shape), mode="bicubic", antialias=True)[0].clamp(0, 1)
        pictures.append(picture)
    return pictures


def save_pictures(pictures: list[Tensor], maps: Maps, folder: Path) -> None:
    """Write `DIR/<id>.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture, ask in zip(pictures, maps.asks, strict=True):
        _image(picture).save(folder / f"{ask.photo_id}.png")


def contact_sheet(pictures: list[Tensor], maps: Maps, path: Path, pairs_a_row: int = 6, scale: float = 0.5) -> None:
    """All pictures on one sheet, each to the right of its map in the asked flat colours."""
    tiles = []
    for picture, labels, ask in zip(pictures, maps.labels, maps.asks, strict=True):
        pair = torch.cat((flat_picture(labels, ask.asked), picture), 2)
        small = F.interpolate(pair[None], scale_factor=scale, mode="bilinear", antialias=True)[0]
        tiles.append(F.pad(small, (2, 2, 2, 2), value=1.0))
    blank = torch.ones_like(tiles[0])
    tiles += [blank] * (-len(tiles) % pairs_a_row)
    rows = [torch.cat(tiles[i : i + pairs_a_row], 2) for i in range(0, len(tiles), pairs_a_row)]
    path.parent.mkdir(parents=True, exist_ok=True)
    _image(torch.cat(rows, 1)).save(path)


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255


def _image(picture: Tensor) -> Image.Image:
    return Image.fromarray((picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())
