"""One picture's parts as items, for a memory that is there already ("remember this look")."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..colour import BASIC_COLOURS
from ..encoders.base import PartEncoder
from ..errors import InputError
from ..parsing.base import PersonParser
from ..parts import GARMENTS, PART_NAMES
from .cutting import Cutter, Opened
from .memory import MemoryItem, StyleMemory, initialise
from .photos import photo_at, read_image, read_labels, read_words
from .plan import MIN_PIXELS
from .swatches import Thumbnails, to_bytes


def items_of_photo(
    path: Path,
    encoder: PartEncoder,
    *,
    source: str,
    licence: str,
    parser: PersonParser | None = None,
    parts: Collection[int] | None = None,
) -> list[MemoryItem]:
    """The parts of a photo's file, by the map beside it or else by `parser`, named by the words beside it if there are
    any (`photos.py`). Raises InputError.
    """
    photo = photo_at(path)
    image = read_image(photo)
    labels = read_labels(photo, (image.shape[1], image.shape[2]))
    if labels is None and parser is None:
        raise InputError(f"photo {path}: it has no map beside; choose a parser")
    if labels is None and parser is not None:
        labels = parser.parse(image[None].float() / 255).labels[0]
    assert labels is not None
    return items_of_picture(
        image.movedim(0, -1).float() / 255, labels, encoder, name=photo.name, source=source, licence=licence,
        parts=parts, captions=read_words(photo),
    )  # fmt: skip


def items_of_picture(
    image: Tensor,
    labels: Tensor,
    encoder: PartEncoder,
    *,
    name: str,
    source: str,
    licence: str,
    parts: Collection[int] | None = None,
    captions: Mapping[int, str] | None = None,
    thumbnails: Thumbnails = "swatch",
) -> list[MemoryItem]:
    """The parts of a picture [H, W, 3] (sRGB 0..1) with a map uint8 [H, W] of the same size, for `append` or `update`.

    Its source reads `SOURCE/NAME`. `parts` are those to remember (None: all that show enough), but never a face: of one
    person there is no mean. `captions` stand for measured words. Raises InputError if nothing is left to remember.
    """
    if image.ndim != 3 or image.shape[2] != 3 or tuple(labels.shape) != tuple(image.shape[:2]):
        raise InputError(
            f"picture to remember: got one of {list(image.shape)} with a map of {list(labels.shape)}; wanted [H, W, 3] "
            "and [H, W] of the same size"
        )
    cutter = Cutter(encoder.crop_size, source, licence, thumbnails, "none", 0, int(time.time()))
    pixels = to_bytes(image.detach().cpu().float()).movedim(-1, 0).contiguous()
    photo = Opened(0, name, pixels, labels.detach().cpu().to(torch.uint8), words=captions or {})
    crops = [crop for crop in cutter.cut(photo, None) if parts is None or crop[0].part in parts]
    if not crops:
        raise InputError(
            f"picture to remember: its map shows no such part of {MIN_PIXELS} pixels or more (a face does not count); "
            "choose other parts"
        )
    items, images, masks = zip(*crops, strict=True)
    vectors = encoder.encode_image(torch.stack(images), torch.stack(masks)).float().cpu()
    return [replace(item, vector=vector) for item, vector in zip(items, vectors, strict=True)]


def begin_memory(items: Sequence[MemoryItem], encoder: PartEncoder) -> StyleMemory:
    """A memory of a few items. Their captions are too few for a mean of what people say, so garments in the basic
    colours give it.
    """
    phrases = [f"{colour} {PART_NAMES[part]}" for colour in BASIC_COLOURS for part in GARMENTS]
    return initialise(items, encoder_id=encoder.encoder_id, mean_text=encoder.encode_text(phrases).mean(0))
