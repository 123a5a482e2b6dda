"""A look in a file: the part features of one description, with its words and pictures and what was retrieved."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS, PART_NAMES
from ..prompts import PartPrompts
from ..safetensors_io import read_model, write_model
from .features import PartFeatures, Retrieved

KIND, VERSION = "humandiffusion-look", 1
_NEGATIVE = "negative."
_LONGEST, _MOST = 65536, 65536  # numbers of a vector, looks of a batch: more is no look


def save_look(features: PartFeatures, path: Path) -> None:
    """Write a look, which appears whole or not at all. Reference pictures are kept in 8 bits a colour."""
    tensors, told = _packed(features, "")
    write_model(
        path, KIND, {name: tensor.contiguous() for name, tensor in tensors.items()}, {"version": VERSION, **told}
    )


def load_look(path: Path) -> PartFeatures:
    """A look as it was saved. Nodes that take it compare its `encoder_id` with theirs. Raises InputError."""
    tensors, about = read_model(path, KIND, "look")
    version = about.get("version") if isinstance(about, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise InputError(
            f"look {path}: its format is version {version}, wanted {VERSION} at most; update HumanDiffusion"
        )
    try:
        return _unpacked(tensors, about, "")
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"look {path}: its content is damaged ({reason}); save it anew") from error


def _packed(features: PartFeatures, prefix: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {f"{prefix}features": features.features.detach().cpu(), f"{prefix}present": features.present.cpu()}
    for prompt in features.prompts.parts:
        if prompt.image is not None:
            tensors[f"{prefix}image {prompt.name}"] = _bytes(prompt.image)
        if prompt.mask is not None:
            tensors[f"{prefix}mask {prompt.name}"] = _bytes(prompt.mask)
    for row in features.retrieved:
        if row.thumbnail is not None:
            # A copy, because two parts may show one row, and a file holds no tensor twice.
            tensors[f"{prefix}thumbnail {PART_NAMES[row.part]}"] = row.thumbnail.cpu().clone()
    told: dict[str, Any] = {
        "prompts": features.prompts.to_dict(),
        "encoder_id": features.encoder_id,
        "norm": features.norm,
        "retrieved": [{name: getattr(row, name) for name in _told_fields()} for row in features.retrieved],
    }
    if features.negative is not None:
        more, about = _packed(features.negative, prefix + _NEGATIVE)
        tensors |= {name: tensor.clone() for name, tensor in more.items()}  # a file holds no tensor twice
        told["negative"] = about
    return tensors, told


def _unpacked(tensors: Mapping[str, Tensor], about: Mapping[str, Any], prefix: str) -> PartFeatures:
    features, present = tensors[f"{prefix}features"], tensors[f"{prefix}present"]
    _check(features, present)
    prompts = PartPrompts.from_json(about["prompts"])
    seen = [
        replace(
            one,
            image=_picture(tensors, f"{prefix}image {one.name}"),
            mask=_picture(tensors, f"{prefix}mask {one.name}"),
        )
        for one in prompts.parts
    ]
    negative = about.get("negative")
    return PartFeatures(
        features=features.clone(),
        present=present.clone(),
        prompts=replace(prompts, parts=tuple(seen)),
        encoder_id=str(about["encoder_id"]),
        retrieved=tuple(_retrieved(row, tensors, prefix) for row in about["retrieved"]),
        negative=None if negative is None else _unpacked(tensors, negative, prefix + _NEGATIVE),
        norm=float(about["norm"]),
    )


def _retrieved(told: Mapping[str, Any], tensors: Mapping[str, Tensor], prefix: str) -> Retrieved:
    values = {name: _frozen(told[name]) for name in _told_fields() if name in told}
    part, lists = values["part"], [value for value in values.values() if isinstance(value, tuple)]
    if type(part) is not int or not 0 <= part < NUM_PARTS or len({len(one) for one in lists if one}) > 1:
        raise ValueError(f"what was retrieved for part {part!r}")
    thumbnail = tensors.get(f"{prefix}thumbnail {PART_NAMES[part]}")
    if thumbnail is not None and (thumbnail.dtype != torch.uint8 or thumbnail.ndim != 3 or thumbnail.shape[2] != 3):
        raise ValueError("a thumbnail is no picture of bytes")
    return Retrieved(**values, thumbnail=thumbnail)


def _told_fields() -> list[str]:
    return [one.name for one in fields(Retrieved) if one.name != "thumbnail"]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(features: Tensor, present: Tensor) -> None:
    shape = tuple(features.shape)
    if features.dtype != torch.float32 or len(shape) != 3 or shape[1] != NUM_PARTS or shape[2] > _LONGEST:
        raise ValueError(f"features of {features.dtype} and shape {list(shape)}")
    if present.dtype != torch.bool or tuple(present.shape) != shape[:2] or not 0 < shape[0] <= _MOST:
        raise ValueError(f"presence of {present.dtype} and shape {list(present.shape)}")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("numbers that are not finite")


def _bytes(picture: Tensor) -> Tensor:
    return (picture.detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8)


def _picture(tensors: Mapping[str, Tensor], name: str) -> Tensor | None:
    if name not in tensors:
        return None
    if tensors[name].dtype != torch.uint8:
        raise ValueError(f"{name} is no picture of bytes")
    return tensors[name].float() / 255
