"""What lies where in a memory file of version 2, and of version 1, which is still read."""

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..parts import NUM_PARTS
from ..safetensors_io import Blocks
from .columns import Ids, Interned, Texts
from .memory import StyleMemory, blocks
from .rows import Rows

VERSION = 2
_OPTIONAL = ("part_mean_image", "part_mean_text")
_TEXTS = ("ids", "captions", "sources", "licences")


def tensors_of(memory: StyleMemory) -> dict[str, Blocks]:
    """The tensors of a file of version 2. Reads nothing yet that is large."""
    count = len(memory)
    whole = {
        "ids": memory.ids.data,
        "part_bounds": memory.part_bounds,
        "inverse_norms": memory.inverse_norms,
        "priors": memory.priors,
        "mean_image": memory.mean_image,
        "mean_text": memory.mean_text,
        "captions": memory.captions.data,
        "caption_offsets": memory.captions.offsets,
        "added": torch.zeros(count, dtype=torch.int64) if memory.added is None else memory.added,
        **{name: value for name in _OPTIONAL if (value := getattr(memory, name)) is not None},
        **_interned("source", memory.sources),
        **_interned("licence", memory.licences),
    }
    large = {"vectors": memory.vectors, "thumbnails": memory.thumbnails}
    return {name: Blocks(tensor.dtype, tuple(tensor.shape), [tensor]) for name, tensor in whole.items()} | {
        name: Blocks(rows.dtype, tuple(rows.shape), blocks(rows)) for name, rows in large.items() if rows is not None
    }


def memory_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> StyleMemory:
    """The memory in a file of version 2, nothing of which is read but what tells where the rest is.

    Raises KeyError, TypeError or ValueError with the reason if dtypes, shapes or lengths do not fit together.
    """
    _check(tensors)
    bounds = tensors["part_bounds"]
    memory = StyleMemory(
        ids=Ids(tensors["ids"]),
        vectors=tensors["vectors"],
        part=torch.arange(NUM_PARTS, dtype=torch.uint8).repeat_interleave(bounds.diff()),
        captions=Texts(tensors["captions"], tensors["caption_offsets"]),
        sources=Interned(Texts(tensors["sources"], tensors["source_offsets"]), tensors["source"]),
        licences=Interned(Texts(tensors["licences"], tensors["licence_offsets"]), tensors["licence"]),
        thumbnails=tensors.get("thumbnails"),
        mean_image=tensors["mean_image"],
        mean_text=tensors["mean_text"],
        encoder_id=_encoder_id(metadata),
        added=tensors["added"],
        part_mean_image=tensors.get("part_mean_image"),
        part_mean_text=tensors.get("part_mean_text"),
    )
    for name in ("part_bounds", "inverse_norms", "priors"):
        memory.__dict__[name] = tensors[name]
    return memory


def memory_of_version_1(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> StyleMemory:
    """The memory in a file of version 1, whose texts are JSON. All of it is read and checked. Raises as `memory_of`."""
    ids, captions, sources, licences = (_list(tensors[name]) for name in _TEXTS)
    vectors, part, thumbnails = tensors["vectors"], tensors["part"], tensors.get("thumbnails")
    count, dim = vectors.shape
    lengths = {len(part), len(ids), len(captions), len(sources), len(licences)}
    lengths |= set() if thumbnails is None else {len(thumbnails)}
    if lengths != {count}:
        raise ValueError(f"{count} vectors, but other rows count {sorted(lengths)}")
    _check_large(vectors, thumbnails)
    means = [tensors["mean_image"], tensors["mean_text"]]
    if any(mean.shape != (dim,) for mean in means):
        raise ValueError("means of another length than the vectors")
    if part.dtype != torch.uint8:
        raise ValueError(f"parts of {part.dtype}")
    if count and (int(part.max()) >= NUM_PARTS or bool((part.int().diff() < 0).any())):
        raise ValueError("parts out of range or out of order")
    if len(set(ids)) != count:
        raise ValueError("ids that are there twice")
    if not all(bool(torch.isfinite(values).all()) for values in (vectors, *means)):
        raise ValueError("numbers that are not finite")
    return StyleMemory(
        Ids.of(ids), vectors, part, Texts.of(captions), Interned.of(sources), Interned.of(licences), thumbnails,
        means[0].float(), means[1].float(), _encoder_id(metadata),
    )  # fmt: skip


def _interned(name: str, column: Interned) -> dict[str, Tensor]:
    return {name: column.which, f"{name}s": column.table.data, f"{name}_offsets": column.table.offsets}


def _check(tensors: Mapping[str, Tensor]) -> None:
    count, dim = tensors["vectors"].shape
    _check_large(tensors["vectors"], tensors.get("thumbnails"))
    wanted: dict[str, tuple[torch.dtype, tuple[int, ...]]] = {
        "ids": (torch.uint8, (count, 8)),
        "part_bounds": (torch.int64, (NUM_PARTS + 1,)),
        "inverse_norms": (torch.float32, (count,)),
        "priors": (torch.float32, (NUM_PARTS, dim)),
        "mean_image": (torch.float32, (dim,)),
        "mean_text": (torch.float32, (dim,)),
        "caption_offsets": (torch.int64, (count + 1,)),
        "source": (torch.int32, (count,)),
        "licence": (torch.int32, (count,)),
        "added": (torch.int64, (count,)),
        **{name: (torch.float32, (NUM_PARTS, dim)) for name in _OPTIONAL if name in tensors},
    }
    for name, (dtype, shape) in wanted.items():
        if tensors[name].dtype != dtype or tuple(tensors[name].shape) != shape:
            got = f"{tensors[name].dtype} {list(tensors[name].shape)}"
            raise ValueError(f"{name} is {got}, wanted {dtype} {list(shape)}")
    if "thumbnails" in tensors and len(tensors["thumbnails"]) != count:
        raise ValueError(f"{count} vectors, but {len(tensors['thumbnails'])} thumbnails")
    bounds = tensors["part_bounds"]
    if int(bounds[0]) != 0 or int(bounds[-1]) != count or bool((bounds.diff() < 0).any()):
        raise ValueError("the rows of the parts do not follow one another")
    for name in ("caption", "source", "licence"):
        data, offsets = tensors[f"{name}s"], tensors[f"{name}_offsets"]
        if data.dtype != torch.uint8 or data.ndim != 1 or offsets.dtype != torch.int64 or offsets.ndim != 1:
            raise ValueError(f"{name}s are no bytes with offsets")
        if not len(offsets) or int(offsets[0]) != 0 or int(offsets[-1]) != len(data):
            raise ValueError(f"{name}s do not fill their bytes")
    if not all(bool(torch.isfinite(tensors[name]).all()) for name in ("mean_image", "mean_text", "priors")):
        raise ValueError("means that are not finite")


def _check_large(vectors: Tensor | Rows, thumbnails: Tensor | None) -> None:
    if vectors.dtype not in (torch.float16, torch.float32) or not vectors.shape[1]:
        raise ValueError(f"vectors of {vectors.dtype} {list(vectors.shape)}")
    if thumbnails is None:
        return
    square = thumbnails.ndim == 4 and thumbnails.shape[1] == thumbnails.shape[2] and thumbnails.shape[3] == 3
    if thumbnails.dtype != torch.uint8 or not square:
        raise ValueError("thumbnails are no square pictures of bytes")


def _encoder_id(metadata: Mapping[str, Any]) -> str:
    name = metadata["encoder_id"]
    if not isinstance(name, str):
        raise TypeError("the encoder's id is no text")
    return name


def _list(data: Tensor) -> list[str]:
    texts = json.loads(data.numpy().tobytes())
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("texts are no list of strings")
    return texts
