"""Memory files: one safetensors file, and delta files beside it until they are compacted."""

import glob
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import NUM_PARTS
from ..safetensors_io import read_model, write_model
from .memory import MemoryItem, StyleMemory, initialise, update

KIND, VERSION = "humandiffusion-style-memory", 1
BUILTIN = Path(__file__).parent.parent / "weights" / "memory.safetensors"
_TEXTS = ("ids", "captions", "sources", "licences")


def load_memory(name_or_path: str | Path = "builtin") -> StyleMemory:
    """The memory that ships (`builtin`) or a file's, with the delta files beside it. Raises InputError."""
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    memory = _read(path)
    for delta in delta_files(path):
        added = _read(delta)
        added.check_encoder(memory.encoder_id)
        memory = update(memory, items_of(added))
    return memory


def save_memory(memory: StyleMemory, path: Path, **about: object) -> None:
    """Write the whole memory to one file, which appears whole or not at all. Delta files beside it are left alone."""
    tensors = {
        "vectors": memory.vectors,
        "part": memory.part,
        "mean_image": memory.mean_image,
        "mean_text": memory.mean_text,
    }
    if memory.thumbnails is not None:
        tensors["thumbnails"] = memory.thumbnails
    for name in _TEXTS:
        tensors[name] = _to_bytes(getattr(memory, name))
    metadata: dict[str, Any] = {"encoder_id": memory.encoder_id, "version": VERSION, **about}
    write_model(path, KIND, {name: tensor.contiguous() for name, tensor in tensors.items()}, metadata)


def append(path: Path, items: Sequence[MemoryItem]) -> Path:
    """Write further items as a delta file beside `path`, without rewriting it; returns the delta's path."""
    memory = _read(path)
    added = initialise(items, encoder_id=memory.encoder_id, mean_text=memory.mean_text)
    taken = delta_files(path)
    number = int(taken[-1].name.split(".delta-")[1].split(".")[0]) + 1 if taken else 1
    delta = path.with_name(f"{path.stem}.delta-{number:04d}.safetensors")
    save_memory(added, delta)
    return delta


def compact(path: Path) -> StyleMemory:
    """Fold the delta files into the memory file, then remove them."""
    deltas = delta_files(path)
    memory = load_memory(path)
    save_memory(memory, path)
    for delta in deltas:
        delta.unlink()
    return memory


def delta_files(path: Path) -> list[Path]:
    """The delta files beside a memory file, oldest first."""
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.delta-[0-9][0-9][0-9][0-9].safetensors"))


def items_of(memory: StyleMemory) -> list[MemoryItem]:
    """The rows of a memory as items."""
    thumbnails = [None] * len(memory) if memory.thumbnails is None else list(memory.thumbnails)
    rows = zip(
        memory.ids,
        memory.vectors,
        memory.part.tolist(),
        memory.captions,
        memory.sources,
        memory.licences,
        thumbnails,
        strict=True,
    )
    return [MemoryItem(*row) for row in rows]


def _read(path: Path) -> StyleMemory:
    tensors, metadata = read_model(path, KIND, "style memory")
    try:
        if int(metadata["version"]) > VERSION:
            raise InputError(
                f"style memory {path}: its format is version {metadata['version']}, wanted {VERSION} at most; "
                "update HumanDiffusion"
            )
        texts = [_from_bytes(tensors[name]) for name in _TEXTS]
        memory = StyleMemory(
            ids=texts[0], vectors=tensors["vectors"], part=tensors["part"], captions=texts[1], sources=texts[2],
            licences=texts[3], thumbnails=tensors.get("thumbnails"), mean_image=tensors["mean_image"],
            mean_text=tensors["mean_text"], encoder_id=str(metadata["encoder_id"]),
        )  # fmt: skip
        _check(memory)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"style memory {path}: its content is damaged ({reason}); build or download it anew"
        ) from error
    return memory


def _check(memory: StyleMemory) -> None:
    count, dim = memory.vectors.shape
    lengths = {len(memory.part), *(len(getattr(memory, name)) for name in _TEXTS)}
    if memory.thumbnails is not None:
        lengths.add(len(memory.thumbnails))
        if memory.thumbnails.dtype != torch.uint8 or memory.thumbnails.shape[1:] != (
            *[memory.thumbnails.shape[1]] * 2,
            3,
        ):
            raise ValueError("thumbnails are no square pictures of bytes")
    if lengths != {count}:
        raise ValueError(f"{count} vectors, but other rows count {sorted(lengths)}")
    if memory.vectors.dtype not in (torch.float16, torch.float32) or memory.part.dtype != torch.uint8:
        raise ValueError(f"vectors of {memory.vectors.dtype} and parts of {memory.part.dtype}")
    if memory.mean_image.shape != (dim,) or memory.mean_text.shape != (dim,):
        raise ValueError("means of another length than the vectors")
    if count and (int(memory.part.max()) >= NUM_PARTS or bool((memory.part.int().diff() < 0).any())):
        raise ValueError("parts out of range or out of order")
    if len(set(memory.ids)) != count:
        raise ValueError("ids that are there twice")
    if not all(bool(torch.isfinite(values).all()) for values in (memory.vectors, memory.mean_image, memory.mean_text)):
        raise ValueError("numbers that are not finite")


def _to_bytes(texts: tuple[str, ...]) -> Tensor:
    return torch.frombuffer(bytearray(json.dumps(texts).encode()), dtype=torch.uint8)


def _from_bytes(data: Tensor) -> tuple[str, ...]:
    texts = json.loads(data.numpy().tobytes())
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("texts are no list of strings")
    return tuple(texts)
