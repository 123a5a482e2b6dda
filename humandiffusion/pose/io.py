"""Semantic pose maps on disk: an indexed PNG whose pixel value is the class index, as DeepFashion-MultiModal has it.

Keypoints and person ids ride in text chunks of the PNG, so that the file is still a plain label map to everyone else.
"""

import json
import os
from pathlib import Path
from uuid import uuid4

import torch
from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from .chunks import chunks_of, read_keypoints_chunk, read_person_chunk
from .keypoints_io import write_keypoints
from .palettes import OURS, PALETTES, colours_to_indices
from .png import encode_png, open_png, pixels_of, values_of
from .semantic_pose import SemanticPose

# What a map can be saved as, and how such a file's name ends.
FORMATS = {"indexed PNG": ".png", "palette PNG": ".png", "OpenPose JSON": ".json"}
_WANTED = "an indexed PNG whose pixel value is the part (0 to 23), or an RGB one in the colours of our palette"


def load_pose(path: str | Path) -> SemanticPose:
    """Read one map. Accepted: indexed and grey PNGs of class indices; RGB ones whose every colour is, exactly, one of
    our palette or of Text2Human's. An indexed file whose palette some tool has reordered is read by its colours.

    Raises InputError for anything else: not a PNG, truncated, transparent, 16 bit, an unknown index or colour.
    """
    path = Path(path)
    picture, bits = open_png(path, "pose map", _WANTED)
    if bits == 16:
        raise InputError(f"pose map: {path} has 16 bits a channel, wanted 8; save it as {_WANTED}")
    if picture.mode == "P":
        labels = _from_indexed(path, picture)
    elif picture.mode == "L":
        labels = _check_indices(path, values_of(picture, bits))
    elif picture.mode in ("RGB", "RGBA"):
        labels = _from_colours(path, picture)
    else:
        raise InputError(f"pose map: {path} is a PNG of mode {picture.mode}, wanted {_WANTED}")
    text = getattr(picture, "text", {})
    return SemanticPose(
        labels[None],
        person=read_person_chunk(path, text, labels),
        keypoints=read_keypoints_chunk(path, text),
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
    # As short as can be: a name may be as long as the file system takes.
    unfinished = path.with_name(f".{uuid4().hex}.part")
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


def read_indices(path: Path, name: str) -> Tensor:
    """[H, W] uint8: the values of an indexed or grey PNG as they are, of whatever label set. Raises InputError that
    calls the input `name`."""
    wanted = "an indexed or grey PNG of labels, of at most 8 bits"
    picture, bits = open_png(path, name, wanted)
    if picture.mode not in ("P", "L"):
        raise InputError(f"{name}: {path} is a PNG of mode {picture.mode}, wanted {wanted}")
    return values_of(picture, bits)


def _from_indexed(path: Path, picture: Image.Image) -> Tensor:
    pixels = pixels_of(picture)
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
    pixels = pixels_of(picture)
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
    info = chunks_of(pose)
    if form == "palette PNG":
        return encode_png(torch.tensor(OURS, dtype=torch.uint8)[pose.labels[0].long().cpu()], "RGB", info)
    return encode_png(pose.labels[0], "P", info)
