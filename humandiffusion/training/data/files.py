"""Reading one photo and its map from their files, and the names by which what was made of them is kept."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...errors import InputError
from ...pose.io import load_pose
from ...smr.photos import Photo, read_image

_SHAPES_APART = 0.02


def read_photo(path: Path) -> Tensor:
    """sRGB uint8 [3, H, W], upright, on white, the longest side at most 1,024 pixels. Raises InputError."""
    return read_image(Photo(path.stem, path))


def read_map(path: Path, size: tuple[int, int]) -> Tensor:
    """Part indices uint8 [H, W] of `size`. Raises InputError if it cannot be read or is of another shape."""
    return of_size(load_pose(path).labels[0], size, path)


def read_fine(path: Path, size: tuple[int, int]) -> Tensor:
    """Indices of finer labels, uint8 [H, W] of `size`. Raises InputError."""
    try:
        with Image.open(path) as picture:
            labels = torch.from_numpy(np.array(picture))
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path.name} cannot be read as a map ({' '.join(str(error).split())[:120]})") from error
    return of_size(labels, size, path)


def of_size(labels: Tensor, size: tuple[int, int], path: Path) -> Tensor:
    """Indices [h, w] of a map, made [H, W] of `size`. Raises InputError if the shapes differ."""
    height, width = labels.shape
    if (height, width) == tuple(size):
        return labels
    if abs(width / height / (size[1] / size[0]) - 1) > _SHAPES_APART:
        raise InputError(f"its map {path.name} is {width} x {height}, the photo {size[1]} x {size[0]}")
    rows = (torch.arange(size[0]) * height + height // 2) // size[0]
    columns = (torch.arange(size[1]) * width + width // 2) // size[1]
    return labels[rows.clamp_max(height - 1)][:, columns.clamp_max(width - 1)]


def content_key(*parts: bytes | str) -> str:
    """A name for what is made of these bytes and words, 32 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        piece = part.encode() if isinstance(part, str) else part
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()[:32]
