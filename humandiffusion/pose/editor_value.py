"""The pose editor's value: versioned JSON that a workflow saves. Its form is told in docs/editor_value.md."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from .semantic_pose import Keypoints, SemanticPose

VERSION = 1
SIDES = (8, 4096)
DEFAULT_SIZE = (768, 512)  # height, width of a value that nobody has drawn in yet
POLICIES = ("reapply", "keep")
_LONGEST = 2**20  # characters; the page puts larger layers into files
_REMEDY = "open it in the pose editor, or clear the field to begin anew"
_RUNS = re.compile(r"([A-X])([0-9a-z]{0,5})")

OpenLayer = Callable[[str], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class EditorValue:
    """What the editor saved. `labels` [H, W] uint8 is the whole map as the artist saw it; `painted` [H, W] bool where
    the artist's own pixels are, over a drawn figure or a connected base; `keypoints` of the figure, or None; `policy`
    what happens to the edits when the base has changed, `base_hash` of the base that they were made over, or None."""

    labels: Tensor
    painted: Tensor
    keypoints: Keypoints | None = None
    policy: str = "reapply"
    base_hash: str | None = None


def parse_value(text: str, open_layer: OpenLayer) -> EditorValue:
    """Read a value. `open_layer` gives the pixels [H, W] of a map that was uploaded under a name.

    An empty text is a blank map. Raises InputError for anything that is not a whole value of this or an older version.
    """
    if not text.strip():
        blank = torch.zeros(DEFAULT_SIZE, dtype=torch.uint8)
        return EditorValue(blank, torch.zeros(DEFAULT_SIZE, dtype=torch.bool))
    data = _object(_json(text), "the value")
    _whole(data, "version", (1, VERSION), "update HumanDiffusion if a newer one saved it")
    size = _whole(data, "height", SIDES), _whole(data, "width", SIDES)
    labels = _layer(data.get("labels"), "labels", size, NUM_PARTS, open_layer)
    painted = data.get("painted")
    if painted is None:
        mask = torch.zeros(size, dtype=torch.bool)
    else:
        mask = torch.from_numpy(_layer(painted, "painted", size, 2, open_layer).astype(bool))
    keypoints = _keypoints(data.get("skeleton"))
    return EditorValue(torch.from_numpy(labels), mask, keypoints, *_base(data.get("base")))


def pose_of(value: EditorValue, base: SemanticPose | None = None) -> SemanticPose:
    """The map that the value stands for. Over a connected `base` the painted pixels lie on each of its maps, scaled to
    its size if that is another; unless the policy is to keep the whole map as it was saved, or a figure lies below the
    paint instead."""
    kept = value.keypoints is not None or (value.policy == "keep" and value.base_hash is not None)
    if base is None or kept:
        return SemanticPose(value.labels[None], keypoints=None if value.keypoints is None else ((value.keypoints,),))
    if not bool(value.painted.any()):
        return base
    size = (base.height, base.width)
    painted = _resize(value.painted.to(torch.uint8), size).bool().to(base.labels.device)
    labels = torch.where(painted, _resize(value.labels, size).to(base.labels.device), base.labels)
    return SemanticPose(labels, person=base.person, keypoints=base.keypoints, classes=base.classes)


def encode_runs(labels: NDArray[np.uint8]) -> str:
    """[H, W] -> run-length text: row by row, a letter for the part (A is 0) and the run's length in base 36, left out
    where it is 1."""
    return "".join(_encode_row(row) for row in labels)


def decode_runs(text: str, size: tuple[int, int], classes: int, name: str) -> NDArray[np.uint8]:
    """The inverse, for a map of `size` = (height, width). Raises InputError, also for runs that do not fill it."""
    runs = _RUNS.findall(text)
    if sum(len(letter) + len(count) for letter, count in runs) != len(text):
        raise _wrong(name, text, "runs like A1sB")
    counts = np.array([int(count, 36) if count else 1 for _, count in runs], dtype=np.int64)
    values = np.array([ord(letter) - ord("A") for letter, _ in runs], dtype=np.uint8)
    area = size[0] * size[1]
    if int(counts.sum()) != area:
        raise _wrong(name, f"{int(counts.sum())} pixels", f"{area}, as {size[1]}x{size[0]} has")
    if runs and int(values.max()) >= classes:
        raise _wrong(name, f"part {int(values.max())}", f"0 to {classes - 1}")
    return np.repeat(values, counts).reshape(size)


def _encode_row(row: NDArray[np.uint8]) -> str:
    starts = np.concatenate([[0], np.flatnonzero(row[1:] != row[:-1]) + 1, [len(row)]])
    lengths = np.diff(starts)
    return "".join(
        chr(ord("A") + int(row[start])) + (np.base_repr(int(length), 36).lower() if length > 1 else "")
        for start, length in zip(starts[:-1], lengths, strict=True)
    )


def _json(text: str) -> Any:
    if len(text) > _LONGEST:
        raise _wrong("the value", f"{len(text)} characters", f"at most {_LONGEST}")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _wrong("the value", f"text that is not JSON ({error})", "what the editor saved") from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _object(data: Any, name: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _wrong(name, data, "an object")
    return data


def _whole(data: dict[str, Any], name: str, limits: tuple[int, int], remedy: str = _REMEDY) -> int:
    number = data.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not limits[0] <= number <= limits[1]:
        raise _wrong(name, number, f"a whole number from {limits[0]} to {limits[1]}", remedy)
    return number


def _layer(data: Any, name: str, size: tuple[int, int], classes: int, open_layer: OpenLayer) -> NDArray[np.uint8]:
    layer = _object(data, name)
    if isinstance(layer.get("rle"), str):
        return decode_runs(layer["rle"], size, classes, name)
    if not isinstance(layer.get("file"), str):
        raise _wrong(name, data, 'either "rle" or "file"')
    pixels = open_layer(layer["file"])
    if pixels.shape != size:
        got = f"{layer['file']} of {pixels.shape[1]}x{pixels.shape[0]}"
        raise _wrong(name, got, f"a map of {size[1]}x{size[0]}", "upload it again by saving from the editor")
    if int(pixels.max()) >= classes:
        raise _wrong(name, f"{layer['file']} with part {int(pixels.max())}", f"0 to {classes - 1}")
    return pixels


def _base(data: Any) -> tuple[str, str | None]:
    if data is None:
        return POLICIES[0], None
    base = _object(data, "base")
    policy, digest = base.get("policy"), base.get("hash")
    if policy not in POLICIES or not isinstance(digest, str) or len(digest) > 64:
        raise _wrong("base", base, f"a hash and a policy, {' or '.join(POLICIES)}")
    return policy, digest


def _keypoints(skeleton: Any) -> Keypoints | None:
    if skeleton is None:
        return None
    points = _object(skeleton, "skeleton").get("keypoints")
    if not isinstance(points, list) or len(points) != 18 or not all(_is_point(point) for point in points):
        raise _wrong("skeleton", points, "18 keypoints of x, y and confidence")
    return Keypoints(torch.tensor(points, dtype=torch.float32))


def _is_point(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 3 and all(_is_number(value) for value in point)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _resize(values: Tensor, size: tuple[int, int]) -> Tensor:
    """[H, W] uint8 to another size, each pixel that of the place it comes from."""
    if tuple(values.shape) == size:
        return values
    rows, columns = (
        ((torch.arange(new) + 0.5) * old / new).long().clamp_max(old - 1)
        for new, old in zip(size, values.shape, strict=True)
    )
    return values[rows][:, columns]


def _wrong(name: str, got: Any, wanted: str, remedy: str = _REMEDY) -> InputError:
    said = got if isinstance(got, str) else json.dumps(got, default=repr)
    said = re.sub(r"\s+", " ", said)[:80]
    return InputError(f"pose editor: {name}: got {said}, wanted {wanted}; {remedy}")
