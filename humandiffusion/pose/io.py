"""Semantic pose maps on disk: an indexed PNG whose pixel value is the class index, as DeepFashion-MultiModal has it.

Keypoints and person ids ride in text chunks of the PNG, so that the file is still a plain label map to everyone else.
"""

import base64
import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from .keypoints_io import write_keypoints
from .palettes import OURS, PALETTES, colours_to_indices
from .semantic_pose import Keypoints, SemanticPose

# What a map can be saved as, and how such a file's name ends.
FORMATS = {"indexed PNG": ".png", "palette PNG": ".png", "OpenPose JSON": ".json"}
KEYPOINTS_CHUNK = "humandiffusion:keypoints"
PERSON_CHUNK = "humandiffusion:person"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WANTED = "an indexed PNG whose pixel value is the part (0 to 23), or an RGB one in the colours of our palette"


def load_pose(path: str | Path) -> SemanticPose:
    """Read one map. Accepted: indexed and grey PNGs of class indices; RGB ones whose every colour is, exactly, one of
    our palette or of Text2Human's. An indexed file whose palette some tool has reordered is read by its colours.

    Raises InputError for anything else: not a PNG, truncated, transparent, 16 bit, an unknown index or colour.
    """
    path = Path(path)
    picture, bits = _open(path)
    if bits == 16:
        raise InputError(f"pose map: {path} has 16 bits a channel, wanted 8; save it as {_WANTED}")
    if picture.mode == "P":
        labels = _from_indexed(path, picture)
    elif picture.mode == "L":
        # PIL stretches grey of fewer bits to 0..255.
        labels = _check_indices(path, _pixels(picture) // (255 // (2**bits - 1)))
    elif picture.mode in ("RGB", "RGBA"):
        labels = _from_colours(path, picture)
    else:
        raise InputError(f"pose map: {path} is a PNG of mode {picture.mode}, wanted {_WANTED}")
    text = getattr(picture, "text", {})
    return SemanticPose(
        labels[None],
        person=_read_person(path, text[PERSON_CHUNK], labels.shape) if PERSON_CHUNK in text else None,
        keypoints=(_read_keypoints(path, text[KEYPOINTS_CHUNK]),) if KEYPOINTS_CHUNK in text else None,
    )


def save_pose(pose: SemanticPose, path: str | Path, form: str = "indexed PNG") -> None:
    """Write one map, as an indexed PNG in our palette unless `form` names another of `FORMATS`; nothing is left at
    `path` if it fails. Soft shares are not kept.

    Raises InputError for a batch (`select` one map first), for a class table of one's own, and for OpenPose JSON of a
    map without keypoints.
    """
    if form not in FORMATS:
        raise InputError(f"format: got {form!r}, wanted one of {', '.join(FORMATS)}")
    if pose.batch != 1:
        raise InputError(f"pose: got a batch of {pose.batch} maps, wanted one for one file; save each by itself")
    if len(pose.classes) > NUM_PARTS:
        raise InputError(f"pose: got {len(pose.classes)} classes, wanted at most {NUM_PARTS} in a file")
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(_encode(pose, form))
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(
            f"pose map: cannot write {path}: {error.strerror}; choose a folder that can be written"
        ) from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _open(path: Path) -> tuple[Image.Image, int]:
    """The decoded picture and its bits a channel."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"pose map: cannot read {path}: {error.strerror}; wanted {_WANTED}") from error
    if not content.startswith(_SIGNATURE):
        raise InputError(f"pose map: {path} is not a PNG; wanted {_WANTED} (JPEG and WebP smear the parts)")
    try:
        with warnings.catch_warnings():
            # A warning about size would let a picture through that fills the memory.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=["PNG"])
            picture.load()
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise InputError(f"pose map: {path} is a damaged PNG ({error}); save or copy it again") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"pose map: {path} is too large ({error}); shrink it without smoothing first") from error
    return picture, content[24]


def _pixels(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture))


def _from_indexed(path: Path, picture: Image.Image) -> Tensor:
    pixels = _pixels(picture)
    table = torch.tensor(list(picture.getpalette() or []), dtype=torch.uint8).view(-1, 3)
    used = pixels.flatten().bincount().nonzero()[:, 0]
    if int(used[-1]) < len(table):
        for palette in PALETTES:
            places = colours_to_indices(table, palette)
            if torch.equal(places[used], used):
                return pixels
            if bool((places[used] >= 0).all()):
                return places.to(torch.uint8)[pixels.long()]
    return _check_indices(path, pixels)


def _check_indices(path: Path, labels: Tensor) -> Tensor:
    wrong = labels >= NUM_PARTS
    if bool(wrong.any()):
        y, x = (int(v) for v in wrong.nonzero()[0])
        raise InputError(
            f"pose map: {path} has index {int(labels[y, x])} at x {x}, y {y}, wanted 0 to {NUM_PARTS - 1}; "
            f"save it as {_WANTED}"
        )
    return labels


def _from_colours(path: Path, picture: Image.Image) -> Tensor:
    pixels = _pixels(picture)
    see_through = pixels.shape[2] == 4 and bool((pixels[..., 3] < 255).any())
    if see_through or "transparency" in picture.info:
        raise InputError(
            f"pose map: {path} has transparent pixels, wanted every pixel to be a part; save it as {_WANTED}"
        )
    pixels = pixels[..., :3]
    found = [colours_to_indices(pixels, palette) for palette in PALETTES]
    for places in found:
        if bool((places >= 0).all()):
            return places.to(torch.uint8)
    # Tell about the palette that fits best.
    wrong = min(((places < 0) for places in found), key=lambda miss: int(miss.sum()))
    y, x = (int(v) for v in wrong.nonzero()[0])
    raise InputError(
        f"pose map: {path} has colour {tuple(pixels[y, x].tolist())} at x {x}, y {y} ({int(wrong.sum())} such pixels), "
        f"wanted only the palette's; save it as {_WANTED}, without smoothing"
    )


def _encode(pose: SemanticPose, form: str) -> bytes:
    if form == "OpenPose JSON":
        return (json.dumps(write_keypoints(pose)[0]) + "\n").encode("ascii")
    info = PngImagePlugin.PngInfo()
    if pose.keypoints is not None:
        info.add_text(KEYPOINTS_CHUNK, json.dumps([_person_to_json(person) for person in pose.keypoints[0]]))
    if pose.person is not None:
        info.add_text(PERSON_CHUNK, base64.b64encode(_png(pose.person[0], "L", None)).decode("ascii"))
    if form == "palette PNG":
        return _png(torch.tensor(OURS, dtype=torch.uint8)[pose.labels[0].long().cpu()], "RGB", info)
    return _png(pose.labels[0], "P", info)


def _png(values: Tensor, mode: str, info: PngImagePlugin.PngInfo | None) -> bytes:
    height, width = values.shape[:2]
    picture = Image.frombytes(mode, (width, height), values.cpu().contiguous().numpy().tobytes())
    if mode == "P":
        picture.putpalette([channel for colour in OURS for channel in colour])
    out = io.BytesIO()
    # 8 bits always, so that every reader finds the index itself.
    picture.save(out, "PNG", pnginfo=info, **({} if mode == "RGB" else {"bits": 8}))
    return out.getvalue()


def _person_to_json(person: Keypoints) -> dict[str, Any]:
    return {
        name: points.tolist()
        for name, points in (("body", person.body), ("hands", person.hands), ("face", person.face))
        if points is not None
    }


def _read_keypoints(path: Path, text: str) -> tuple[Keypoints, ...]:
    try:
        people = json.loads(text)
        return tuple(Keypoints(**{name: torch.tensor(points) for name, points in person.items()}) for person in people)
    except (ValueError, TypeError, AttributeError, InputError) as error:
        raise InputError(
            f"pose map: {path} holds keypoints that cannot be read ({error}); "
            f"remove the PNG's text chunk {KEYPOINTS_CHUNK}"
        ) from error


def _read_person(path: Path, text: str, size: torch.Size) -> Tensor:
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"]) as picture:
            ids = _pixels(picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"pose map: {path} holds person ids that cannot be read ({error}); "
            f"remove the PNG's text chunk {PERSON_CHUNK}"
        ) from error
    if ids.shape != size or ids.dtype != torch.uint8:
        raise InputError(
            f"pose map: {path} holds person ids of size {list(ids.shape)}, wanted the map's, {list(size)}; "
            f"remove the PNG's text chunk {PERSON_CHUNK}"
        )
    return ids[None]
