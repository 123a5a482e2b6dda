"""What is done of a build, in a folder beside the file that it makes: pieces, each written whole.

A piece holds the rows of some photos as a memory file does, the sum of their faces' vectors, and which photos were
skipped. Whatever stops the work, the next run of the same build goes on after the pieces that are there. Several
processes may work on one build, each on pieces of its own.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..safetensors_io import Blocks, read_model, write_streamed
from .layout import memory_of, tensors_of
from .memory import StyleMemory

KIND = "humandiffusion-memory-piece"
_PIECE = "[0-9]" * 6 + ".safetensors"
_FACES = "face_sum"


@dataclass(frozen=True, eq=False)
class Piece:
    """Rows of some photos; of their faces only the vectors' sum [D] and the ids; (photo, reason) for what was skipped.

    `rows` counts what there was before duplicates were dropped.
    """

    memory: StyleMemory
    face_sum: Tensor
    faces: Sequence[str] = field(default=())
    skipped: Sequence[tuple[str, str]] = field(default=())
    rows: int = 0


class Journal:
    """The journal of the build of `out` whose every setting is in `job`; another build has another journal."""

    def __init__(self, out: Path, job: dict[str, Any]) -> None:
        digest = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
        self._name = f".{out.name}.building-"
        self.folder = out.with_name(f"{self._name}{digest[:12]}")

    def done(self, count: int) -> set[int]:
        """Which of `count` pieces are there, whole."""
        return {number for number in range(count) if self._path(number).is_file() and self._readable(number)}

    def write(self, number: int, piece: Piece) -> None:
        """Write a piece; it is there whole, or not at all."""
        about = {
            "encoder_id": piece.memory.encoder_id,
            "faces": list(piece.faces),
            "skipped": [list(one) for one in piece.skipped],
            "rows": piece.rows,
        }
        faces = Blocks(torch.float32, tuple(piece.face_sum.shape), [piece.face_sum])
        write_streamed(self._path(number), KIND, {**tensors_of(piece.memory), _FACES: faces}, about)

    def read(self, number: int) -> Piece:
        """A piece, its rows mapped. Raises InputError if it is damaged."""
        tensors, about = read_model(self._path(number), KIND, "piece of a memory")
        try:
            skipped = [(str(name), str(reason)) for name, reason in about["skipped"]]
            memory = memory_of(tensors, about)
            return Piece(memory, tensors[_FACES], list(map(str, about["faces"])), skipped, int(about["rows"]))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"piece of a memory {self._path(number)}: it is damaged; remove it") from error

    def wait(self, count: int, seconds: float) -> None:
        """Wait until all of `count` pieces are there. Raises InputError if none comes for long."""
        there, since = -1, time.monotonic()
        while there < count:
            now = sum(self._path(number).is_file() for number in range(count))
            there, since = (now, time.monotonic()) if now > there else (there, since)
            if time.monotonic() - since > seconds:
                raise InputError(
                    f"memory build: {count - there} of {count} pieces are missing, and none has come for "
                    f"{seconds:.0f} s; is another process gone? Run it again: it goes on where it was"
                )
            if there < count:
                time.sleep(0.05)

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove these pieces, where they are there."""
        for number in numbers:
            self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove it, and what builds of the same file with other settings have left."""
        beside = self.folder.parent
        for folder in list(beside.iterdir()) if beside.is_dir() else ():
            if folder.name.startswith(self._name) and folder.is_dir():
                for path in [*folder.glob(_PIECE), *folder.glob("." + _PIECE + ".*.part")]:
                    path.unlink(missing_ok=True)
                if not any(folder.iterdir()):
                    folder.rmdir()

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.safetensors"

    def _readable(self, number: int) -> bool:
        try:
            self.read(number)
        except InputError:
            return False
        return True
