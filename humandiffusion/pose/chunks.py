"""What a map's PNG carries in text chunks: keypoints as JSON, person ids as a PNG of their own."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image, PngImagePlugin
from torch import Tensor

from ..errors import InputError
from .keypoints_io import FURTHEST, MOST_PEOPLE
from .png import decode_png, encode_png, pixels_of
from .semantic_pose import Keypoints, SemanticPose

KEYPOINTS_CHUNK = "humandiffusion:keypoints"
PERSON_CHUNK = "humandiffusion:person"


def chunks_of(pose: SemanticPose) -> PngImagePlugin.PngInfo:
    """The keypoints and person ids of a batch of one, as text chunks."""
    info = PngImagePlugin.PngInfo()
    if pose.keypoints is not None:
        info.add_text(KEYPOINTS_CHUNK, json.dumps([_person_to_json(person) for person in pose.keypoints[0]]))
    if pose.person is not None:
        info.add_text(PERSON_CHUNK, base64.b64encode(encode_png(pose.person[0], "L")).decode("ascii"))
    return info


def read_keypoints_chunk(path: Path, text: Mapping[str, str]) -> tuple[tuple[Keypoints, ...]] | None:
    """The people of the one map of a file; None if it names none. Raises InputError."""
    if KEYPOINTS_CHUNK not in text:
        return None
    try:
        people = json.loads(text[KEYPOINTS_CHUNK])
        if not isinstance(people, list) or len(people) > MOST_PEOPLE:
            raise ValueError(f"wanted a list of at most {MOST_PEOPLE} people")
        return (tuple(Keypoints(**{name: _points(points) for name, points in person.items()}) for person in people),)
    # Torch has a RuntimeError for what is no list of numbers.
    except (ValueError, TypeError, AttributeError, RuntimeError, OverflowError, InputError) as error:
        raise _unreadable(path, "keypoints", error, KEYPOINTS_CHUNK) from None


def read_person_chunk(path: Path, text: Mapping[str, str], labels: Tensor) -> Tensor | None:
    """Person ids [1, H, W] as large as `labels` [H, W]; None if the file has none. Raises InputError."""
    if PERSON_CHUNK not in text:
        return None
    size = (labels.shape[1], labels.shape[0])
    try:
        ids = pixels_of(decode_png(base64.b64decode(text[PERSON_CHUNK], validate=True), size))
        if ids.shape != labels.shape or ids.dtype != torch.uint8:
            raise ValueError("wanted 8 bits of grey")
        return ids[None]
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning) as error:
        raise _unreadable(path, "person ids", error, PERSON_CHUNK) from None


def _person_to_json(person: Keypoints) -> dict[str, Any]:
    return {
        name: points.tolist()
        for name, points in (("body", person.body), ("hands", person.hands), ("face", person.face))
        if points is not None
    }


def _points(values: Any) -> Tensor:
    points = torch.tensor(values, dtype=torch.float32)
    if not bool((points.abs() <= FURTHEST).all()):
        raise ValueError(f"wanted numbers of -{FURTHEST:.0f} to {FURTHEST:.0f}")
    return points


def _unreadable(path: Path, what: str, error: Exception, chunk: str) -> InputError:
    reason = " ".join(str(error).split())[:200]
    return InputError(
        f"pose map: {path} holds {what} that cannot be read ({reason}); remove the PNG's text chunk {chunk}"
    )
