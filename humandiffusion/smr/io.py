"""Memory files: one safetensors file, and delta files beside it until they are compacted."""

import glob
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..safetensors_io import read_model, write_streamed
from .layout import VERSION, memory_of, memory_of_version_1, tensors_of
from .memory import MemoryItem, StyleMemory, initialise, join, overlay, with_image_means

KIND = "humandiffusion-style-memory"
BUILTIN = Path(__file__).parent.parent / "weights" / "memory.safetensors"
_JOINED_UP_TO = 65536  # rows


def load_memory(name_or_path: str | Path = "builtin") -> StyleMemory:
    """The memory that ships (`builtin`) or a file's, with the delta files beside it. Raises InputError.

    The file is mapped, and of its rows nothing is read before it is asked for: header, dtypes, shapes and lengths are
    checked here, the content by `verify`. With deltas the image mean follows the rows, as after `compact`, unless there
    are more than 65,536: then it is the file's until it is compacted.
    """
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    memory = read_memory(path)
    deltas = [read_memory(delta) for delta in delta_files(path)]
    for delta in deltas:
        delta.check_encoder(memory.encoder_id)
    if not deltas:
        return memory
    if len(memory) > _JOINED_UP_TO:
        return overlay(memory, deltas)
    return with_image_means(join([memory, *deltas]))


def read_memory(path: Path) -> StyleMemory:
    """One file's memory, without any deltas. Raises InputError."""
    tensors, metadata = read_model(path, KIND, "style memory")
    try:
        version = int(metadata["version"])
        if version > VERSION:
            raise InputError(
                f"style memory {path}: its format is version {version}, wanted {VERSION} at most; update HumanDiffusion"
            )
        return (memory_of if version > 1 else memory_of_version_1)(tensors, metadata)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"style memory {path}: its content is damaged ({reason}); build or download it anew"
        ) from error


def save_memory(memory: StyleMemory, path: Path, **about: object) -> None:
    """Write the whole memory to one file, which appears whole or not at all. Delta files beside it are left alone.

    Rows are read and written block by block, so a memory may be larger than what there is of main memory.
    """
    write_streamed(path, KIND, tensors_of(memory), {"encoder_id": memory.encoder_id, **about, "version": VERSION})


def append(path: Path, items: Sequence[MemoryItem]) -> Path:
    """Write further items as a delta file beside `path`, without rewriting it; returns the delta's path."""
    memory = read_memory(path)
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
    save_memory(with_image_means(memory), path)
    for delta in deltas:
        delta.unlink()
    return load_memory(path)


def delta_files(path: Path) -> list[Path]:
    """The delta files beside a memory file, oldest first."""
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.delta-[0-9][0-9][0-9][0-9].safetensors"))


def items_of(memory: StyleMemory) -> list[MemoryItem]:
    """The rows of a memory as items."""
    kept = memory.thumbnails
    thumbnails = [None if kept is None else kept[row] for row in range(len(memory))]
    added = [0] * len(memory) if memory.added is None else memory.added.tolist()
    rows = zip(
        memory.ids, memory.vectors[:], memory.part.tolist(), memory.captions, memory.sources, memory.licences,
        thumbnails, added, strict=True,
    )  # fmt: skip
    return [MemoryItem(*row) for row in rows]
