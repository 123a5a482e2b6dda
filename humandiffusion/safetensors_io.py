"""Reading and writing our safetensors files: one kind a file, sizes and provenance as JSON in its header."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
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
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
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
        replace_file(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def replace_file(beside: Path, path: Path) -> None:
    """Put a whole file in another's place. Raises InputError if the system refuses, as Windows does for one in use."""
    try:
        os.replace(beside, path)
    except PermissionError as error:
        raise InputError(
            f"{path}: it is in use, or protected, and cannot be replaced; close what has it open, as ComfyUI may"
        ) from error


SUMS = "sums"
_CODES = {
    torch.int64: "I64", torch.float32: "F32", torch.int32: "I32", torch.float16: "F16", torch.uint8: "U8"
}  # fmt: skip
_UNKNOWN_SUM = "0" * 64
_HEADER = " header"  # no tensor is called so
_MOST_HEADER = 100_000_000  # bytes, as the format has it


@dataclass(frozen=True)
class Blocks:
    """A tensor that is written piece by piece: its dtype, its whole shape, and its rows in order, some at a time."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    pieces: Iterable[Tensor]


def write_streamed(path: Path, kind: str, tensors: Mapping[str, Blocks], metadata: dict[str, Any]) -> None:
    """Write a file as `write_model` does, of tensors that need never be in memory as a whole. The sha256 of each one's
    bytes stands in the header, in the JSON object `sums`, and that of the rest of the header (`check_sums` says how).
    """
    # The largest numbers first, so that every tensor lies where its numbers may be read in place.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    about = {"kind": kind, "about": json.dumps(metadata, sort_keys=True)}
    try:
        with beside.open("wb") as file:
            sums = {_HEADER: _header_sum(about, _table(names, tensors)), **dict.fromkeys(names, _UNKNOWN_SUM)}
            file.write(_header(names, tensors, about, sums))
            for name in names:
                sums[name] = _write_blocks(file, name, tensors[name])
            file.seek(0)
            file.write(_header(names, tensors, about, sums))
            file.flush()
            os.fsync(file.fileno())
        replace_file(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_sums(path: Path) -> list[str]:
    """What in a file of `write_streamed` is not as it was written, in words; nothing is kept in memory.

    Each tensor's sum is of its bytes. The header's is of the JSON of all but the sums themselves: metadata and tensors
    with dtypes, shapes and places, keys in order, without spaces. Raises InputError if the header cannot be read.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= _MOST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            table = json.loads(file.read(length))
            about = dict(table.pop("__metadata__"))
            sums = json.loads(about.pop(SUMS, "{}"))
            if not sums:
                return ["no sums were written with it"]
            wrong = [] if sums.get(_HEADER) == _header_sum(about, table) else ["the header is not as it was written"]
            for name in sorted(table.keys() | (sums.keys() - {_HEADER})):
                start, stop = table[name]["data_offsets"] if name in table else (0, 0)
                if name not in sums or name not in table or _sum(file, 8 + length + start, stop - start) != sums[name]:
                    wrong.append(f"{name}: its bytes are not those that were written")
            return wrong
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: its header cannot be read ({reason}); get it anew") from error


def _sum(file: BinaryIO, start: int, length: int) -> str:
    digest = hashlib.sha256()
    file.seek(start)
    while length > 0 and (data := file.read(min(length, 2**22))):
        digest.update(data)
        length -= len(data)
    return digest.hexdigest()


def _header(names: list[str], tensors: Mapping[str, Blocks], about: dict[str, str], sums: dict[str, str]) -> bytes:
    content = {"__metadata__": {**about, SUMS: json.dumps(sums)}, **_table(names, tensors)}
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _header_sum(about: Mapping[str, str], table: Mapping[str, Any]) -> str:
    plain = json.dumps([about, table], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _table(names: list[str], tensors: Mapping[str, Blocks]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    at = 0
    for name in names:
        size, shape = _size(tensors[name]), list(tensors[name].shape)
        table[name] = {"dtype": _CODES[tensors[name].dtype], "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return table


def _write_blocks(file: BinaryIO, name: str, tensor: Blocks) -> str:
    digest, written = hashlib.sha256(), 0
    for piece in tensor.pieces:
        data = piece.to(tensor.dtype).contiguous().reshape(-1).view(torch.uint8).numpy().data
        digest.update(data)
        written += file.write(data)
    if written != _size(tensor):
        raise ValueError(f"tensor {name}: {written} bytes came, its shape {tensor.shape} wants {_size(tensor)}")
    return digest.hexdigest()


def _size(tensor: Blocks) -> int:
    size = tensor.dtype.itemsize
    for length in tensor.shape:
        size *= length
    return size
