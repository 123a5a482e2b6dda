"""PNG files of whole numbers: read without trust, with the bits a channel that PIL hides, and written."""

import io
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from ..errors import InputError
from .palettes import OURS

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def open_png(path: Path, name: str, wanted: str) -> tuple[Image.Image, int]:
    """The decoded picture and its bits a channel. Raises InputError that calls the input `name` and says what is
    `wanted`: for a file that cannot be read, is no PNG, is damaged, or so large that it would fill the memory."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot read {path}: {error.strerror}; wanted {wanted}") from error
    if not content.startswith(_SIGNATURE):
        raise InputError(f"{name}: {path} is not a PNG; wanted {wanted} (JPEG and WebP smear the parts)")
    try:
        picture = decode_png(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{name}: {path} is too large ({error}); shrink it without smoothing first") from error
    except (OSError, SyntaxError, ValueError, EOFError, UnidentifiedImageError) as error:
        raise InputError(f"{name}: {path} is a damaged PNG ({error}); save or copy it again") from error
    return picture, content[24]


def decode_png(content: bytes, size: tuple[int, int] | None = None) -> Image.Image:
    """The decoded picture, its text chunks as well. A picture of another `size` (width, height) is not decoded.

    Raises what PIL does, DecompressionBombWarning as an error, and ValueError for another size.
    """
    with warnings.catch_warnings():
        # A warning about size would let a picture through that fills the memory.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        if size is not None and picture.size != size:
            raise ValueError(f"{picture.width}x{picture.height} pixels, wanted the map's {size[0]}x{size[1]}")
        picture.load()
        # Those behind the pixels are read only when asked for.
        getattr(picture, "text", None)
    return picture


def pixels_of(picture: Image.Image) -> Tensor:
    """[H, W] or [H, W, C]: the values as PIL has them."""
    return torch.from_numpy(np.array(picture))


def values_of(picture: Image.Image, bits: int) -> Tensor:
    """[H, W] uint8 of an indexed or grey picture: the values that the file holds."""
    pixels = pixels_of(picture)
    # PIL stretches grey of fewer bits to 0..255.
    return pixels // (255 // (2**bits - 1)) if picture.mode == "L" and bits < 8 else pixels


def encode_png(values: Tensor, mode: str, info: PngImagePlugin.PngInfo | None = None) -> bytes:
    """[H, W] uint8 as `L`, or as `P` in our palette; [H, W, 3] as `RGB`. 8 bits always, so that every reader finds the
    value itself."""
    height, width = values.shape[:2]
    picture = Image.frombytes(mode, (width, height), values.cpu().contiguous().numpy().tobytes())
    if mode == "P":
        picture.putpalette([channel for colour in OURS for channel in colour])
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=info, **({} if mode == "RGB" else {"bits": 8}))
    return out.getvalue()
