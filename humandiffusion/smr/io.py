"""Memory files: one safetensors file, and delta files beside it until they are compacted."""

import glob
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..safetensors_io import read_model, replace_file, write_streamed
from .alone import alone
from .engines import open_index
from .layout import VERSION, memory_of, memory_of_version_1, tensors_of
from .memory import MemoryItem, StyleMemory, initialise, join, overlay, with_image_means

KIND = "humandiffusion-style-memory"
BUILTIN = Path(__file__).parent.parent / "weights" / "memory.safetensors"
_JOINED_UP_TO = 65536  # rows
_MOST_DELTAS, _ATTEMPTS = 9999, 5


def load_memory(name_or_path: str | Path = "builtin") -> StyleMemory:
    """The memory that ships (`builtin`) or a file's, with the delta files beside it. Raises InputError.

    The file is mapped, and of its rows nothing is read before it is asked for: header, dtypes, shapes and lengths are
    checked here, the content by `verify`. With deltas the image mean follows the rows, as after `compact`, unless there
    are more than 65,536: then it is the file's until it is compacted. If an index of these rows lies beside the file,
    it is opened and is the memory's `engine`.
    """
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    memory, deltas = _with_deltas(path)
    for delta in deltas:
        delta.check_encoder(memory.encoder_id)
    if deltas:
        whole = len(memory) <= _JOINED_UP_TO
        memory = with_image_means(join([memory, *deltas])) if whole else overlay(memory, deltas)
    memory.__dict__["engine"] = open_index(memory, path)
    return memory


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
    """Write further items as a delta file beside `path`, without rewriting it; returns the delta's path.

    Several processes may do so at a time: no delta ever takes another's place.
    """
    memory = read_memory(path)
    added = initialise(items, encoder_id=memory.encoder_id, mean_text=memory.mean_text)
    delta = _new_name(path)
    save_memory(added, delta)
    return delta


def compact(path: Path) -> StyleMemory:
    """Fold the delta files into the memory file, then remove them. A delta that is added meanwhile stays.

    Raises InputError if another process is compacting it.
    """
    with alone(path):
        deltas = delta_files(path)
        beside = path.with_name(f".{path.stem}.{os.getpid()}.compacted")
        try:
            # The memory is let go of before the file is replaced, because Windows replaces no file that is mapped.
            save_memory(with_image_means(load_memory(path)), beside)
            replace_file(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        for delta in deltas:
            delta.unlink(missing_ok=True)
    return load_memory(path)


def check_no_deltas(out: Path) -> None:
    """Raises InputError if delta files lie beside what is to be written: they would add to it."""
    if delta_files(out):
        raise InputError(f"--out: beside {out} lie delta files, which would add to it; compact it, or choose another")


def delta_files(path: Path) -> list[Path]:
    """The delta files beside a memory file, oldest first."""
    stem = f"{glob.escape(path.stem)}.delta-[0-9][0-9][0-9][0-9]"
    return sorted([*path.parent.glob(f"{stem}.safetensors"), *path.parent.glob(f"{stem}-*.safetensors")])


def _with_deltas(path: Path) -> tuple[StyleMemory, list[StyleMemory]]:
    """The file's memory and those of its deltas, which another process may be folding into it meanwhile."""
    for attempt in range(_ATTEMPTS):
        names = delta_files(path)
        memory = read_memory(path)
        try:
            return memory, [read_memory(name) for name in names]
        except InputError:
            if attempt == _ATTEMPTS - 1 or all(name.is_file() for name in names):
                raise
    raise AssertionError("the last attempt returns or raises")


def _new_name(path: Path) -> Path:
    """A name for a delta, after those there are, that none ever had: what is removed by name is what was read."""
    taken = delta_files(path)
    number = int(taken[-1].name[len(path.stem) + len(".delta-") :][:4]) + 1 if taken else 1
    if number > _MOST_DELTAS:
        raise InputError(
            f"style memory {path}: it has {_MOST_DELTAS} delta files; run `humandiffusion memory compact` first"
        )
    return path.with_name(f"{path.stem}.delta-{number:04d}-{secrets.token_hex(8)}.safetensors")
