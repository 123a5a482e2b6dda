"""Search engines: the exact one (`smr/exact.py`) is always there; an index beside a memory answers in its place.

`humandiffusion memory index FILE.safetensors` writes the folder `FILE.index` beside it: the engine's files, and
`index.json`, which tells the engine and the memory that it is of. An index is made of the memory and can be made again;
it is no part of what is shared.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ...errors import InputError
from ..memory import StyleMemory
from . import usearch_index
from .base import SearchEngine

VERSION = 1
_ABOUT = "index.json"
_logger = logging.getLogger(__name__)


def index_folder(path: Path) -> Path:
    """Where the index of a memory file lies."""
    return path.with_name(f"{path.stem}.index")


def build_index(
    memory: StyleMemory, path: Path, progress: Callable[[int, int], None] | None = None, threads: int = 0
) -> Path:
    """Write the index of the memory in file `path` beside it; it appears whole, in place of one that was there.

    Returns its folder. Raises InputError if usearch is absent, or something else has the folder's name.
    """
    folder = index_folder(path)
    if folder.exists() and not (folder / _ABOUT).is_file():
        raise InputError(f"index: {folder} is there and is no index of ours; move it away first")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    beside.mkdir(parents=True)
    try:
        usearch_index.build(memory, beside, progress, threads)
        about = {
            "engine": usearch_index.NAME,
            "version": VERSION,
            "memory": fingerprint(memory),
            "files": {file.name: file.stat().st_size for file in sorted(beside.iterdir())},
        }
        (beside / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        _replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def open_index(memory: StyleMemory, path: Path) -> SearchEngine | None:
    """The engine of the index beside memory file `path`; None, and a line in the log, if there is none that fits.

    An index that is out of date, damaged, or whose package is absent only makes the search exact and slower.
    """
    folder = index_folder(path)
    if not (folder / _ABOUT).is_file():
        return None
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if about["engine"] != usearch_index.NAME or about["version"] > VERSION:
            raise InputError(f"index {folder}: made by a newer HumanDiffusion; update it, or make the index anew")
        if about["memory"] != fingerprint(memory):
            raise InputError(
                f"index {folder}: its memory has changed since; run `humandiffusion memory index` on it again"
            )
        for name, size in about["files"].items():
            # A graph is mapped as it lies: what is cut short would be read past its end.
            if (folder / Path(name).name).stat().st_size != size:
                raise InputError(f"index {folder}: {name} is not whole; make the index anew")
        return usearch_index.UsearchEngine(memory, folder)
    except InputError as error:
        _logger.warning("%s; searching exactly", error)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        _logger.warning("index %s: cannot be read (%s); make it anew; searching exactly", folder, reason)
    return None


def fingerprint(memory: StyleMemory) -> str:
    """Of the items in their order, their encoder and their mean: what a graph was made of."""
    digest = hashlib.sha256(f"{memory.encoder_id} {len(memory)} {memory.dim}".encode())
    for tensor in (memory.part_bounds, memory.mean_image, memory.ids.data):
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


def _replace(new: Path, old: Path) -> None:
    aside = old.with_name(f".{old.name}.{os.getpid()}.old")
    if old.exists():
        os.replace(old, aside)
    os.replace(new, old)
    shutil.rmtree(aside, ignore_errors=True)
