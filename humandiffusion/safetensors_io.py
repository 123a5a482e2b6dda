"""Reading and writing our safetensors files: one kind a file, sizes and provenance as JSON in its header."""

import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .errors import InputError


def read_model(path: Path, kind: str, what: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and metadata of a file that we wrote. Raises InputError naming `what`, the file and what is wrong with
    it.
    """
    if not path.is_file():
        raise InputError(f"{what}: there is no file {path}; give the path of a .safetensors file, or 'builtin'")
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            if header.get("kind") != kind:
                got = header.get("kind", "a safetensors file of something else")
                raise InputError(f"{what} {path}: got {got!r}, wanted a file of kind {kind!r}; choose another file")
            metadata = json.loads(header["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, metadata
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{what} {path}: not a whole safetensors file ({reason}); get it anew") from error


def read_tensors(path: Path, what: str) -> dict[str, Tensor]:
    """The tensors of anybody's safetensors file. Raises InputError naming `what`, the file and what is wrong."""
    if path.suffix.lower() != ".safetensors":
        raise InputError(
            f"{what} {path}: got a {path.suffix or 'nameless'} file, wanted .safetensors, because reading others may "
            "run code; get the same weights as .safetensors"
        )
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{what} {path}: not a whole safetensors file ({reason}); get it anew") from error


def write_model(path: Path, kind: str, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    """Write tensors and JSON metadata; the file appears whole or not at all."""
    write_tensors(path, tensors, {"kind": kind, "about": json.dumps(metadata, sort_keys=True)})


def write_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, str] | None = None) -> None:
    """Write a safetensors file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(tensors, beside, metadata=header)
        beside.chmod(0o644)  # safetensors keeps its files from other users, who may run ComfyUI on these
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
