"""Pictures as files: read, saved, side by side. Photos are never among them."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..cli.common import appearing_whole
from ..errors import InputError
from ..training.data.files import content_key
from .asking import Ask, flat_picture


def to_tensor(image: Image.Image) -> Tensor:
    """A PIL picture as sRGB 0..1 [3, H, W]."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255


def to_image(picture: Tensor) -> Image.Image:
    """A picture [3, H, W], sRGB 0..1, as PIL has it, 8 bits a channel."""
    return Image.fromarray((picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())


def plain_name(photo_id: str) -> str:
    """A photo's id as part of a file's name; ids may be paths below a folder. No two ids share one."""
    plain = re.sub(r"[^\w.-]", "_", photo_id)
    return plain if plain == photo_id else f"{plain}-{content_key(photo_id)[:8]}"


def save_picture(picture: Tensor, path: Path) -> None:
    """Write [3, H, W] as PNG; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with appearing_whole(path) as beside:
        to_image(picture).save(beside, format="PNG")


def read_picture(path: Path, size: tuple[int, int]) -> Tensor:
    """A picture as [3, H, W] of `size` = (height, width). Raises InputError if it cannot be read."""
    try:
        with Image.open(path) as image:
            picture = to_tensor(image)
    except (OSError, SyntaxError) as error:
        raise InputError(f"{path}: cannot be read as a picture ({error}); delete it, or make it anew") from error
    if tuple(picture.shape[-2:]) == size:
        return picture
    return F.interpolate(picture[None], size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def read_pictures(folder: Path, asks: Sequence[Ask], labels: Sequence[Tensor]) -> list[Tensor]:
    """`DIR/<id>.png` for every ask, scaled to its map's size. Raises InputError if one is missing."""
    pictures = []
    for ask, one in zip(asks, labels, strict=True):
        path = folder / f"{ask.photo_id}.png"
        if not path.is_file():
            raise InputError(f"--pictures: {path} is missing; make the pictures of --write-jobs, or give --limit")
        pictures.append(read_picture(path, (one.shape[0], one.shape[1])))
    return pictures


def contact_sheet(
    pictures: Sequence[Tensor],
    asks: Sequence[Ask],
    labels: Sequence[Tensor],
    path: Path,
    pairs_a_row: int = 6,
    scale: float = 0.5,
) -> None:
    """All pictures on one sheet, each to the right of its map in the asked flat colours."""
    tiles = []
    for picture, one, ask in zip(pictures, labels, asks, strict=True):
        pair = torch.cat((flat_picture(one, ask.asked), picture), 2)
        small = F.interpolate(pair[None], scale_factor=scale, mode="bilinear", antialias=True)[0]
        tiles.append(F.pad(small, (2, 2, 2, 2), value=1.0))
    blank = torch.ones_like(tiles[0])
    tiles += [blank] * (-len(tiles) % pairs_a_row)
    rows = [torch.cat(tiles[i : i + pairs_a_row], 2) for i in range(0, len(tiles), pairs_a_row)]
    save_picture(torch.cat(rows, 1), path)
