"""Whether a memory file is what was written, all of it. Opening a memory checks only what tells where the rest is."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..safetensors_io import check_sums
from .columns import Texts
from .io import BUILTIN, delta_files, read_memory
from .memory import BLOCK, StyleMemory, blocks

_UNIT = 0.02  # how far a vector in half precision may be from a unit vector
_NORMS = 1e-3  # relative


def verify(path: Path | str) -> list[str]:
    """What is wrong with a memory file and the delta files beside it, one line each; empty if nothing is.

    Sums of all tensors and of the header, then the content: texts, ids, numbers. Reads all of it, some at a time.
    """
    path = BUILTIN if str(path) == "builtin" else Path(path)
    try:
        memory = read_memory(path)
    except InputError as error:
        return [str(error)]
    problems = _of_file(path, memory)
    for delta in delta_files(path):
        try:
            added = read_memory(delta)
            added.check_encoder(memory.encoder_id)
            problems += [f"{delta.name}: {problem}" for problem in _of_file(delta, added)]
        except InputError as error:
            problems.append(f"{delta.name}: {error}")
    return problems


def _of_file(path: Path, memory: StyleMemory) -> list[str]:
    problems: list[str] = []
    try:
        if "priors" in memory.__dict__:  # version 1 has no sums, and all of it was checked when it was read
            problems += check_sums(path)
        problems += _content(memory)
    except InputError as error:
        problems.append(str(error))
    return problems


def _content(memory: StyleMemory) -> Iterator[str]:
    if not bool(memory.ids.first_of_each().all()):
        yield "ids: some are there twice"
    for name, texts in (
        ("captions", memory.captions),
        ("sources", memory.sources.table),
        ("licences", memory.licences.table),
    ):
        yield from _texts(name, texts)
    memory.sources.numbers()
    memory.licences.numbers()
    yield from _numbers(memory)


def _texts(name: str, texts: Texts) -> Iterator[str]:
    if bool((texts.offsets.diff() < 0).any()):
        yield f"{name}: they do not follow one another"
        return
    for start in range(0, len(texts), BLOCK):
        ends = texts.offsets[start : start + BLOCK + 1]
        try:
            texts.data[int(ends[0]) : int(ends[-1])].numpy().tobytes().decode("utf-8")
        except UnicodeDecodeError:
            yield f"{name}: they are no UTF-8"
            return


def _numbers(memory: StyleMemory) -> Iterator[str]:
    finite, unit, fitting = True, True, True
    for start, block in enumerate(blocks(memory.vectors)):
        rows = block.float()
        finite &= bool(torch.isfinite(rows).all())
        unit &= bool(((_norms(rows) - 1).abs() < _UNIT).all())
        stored = memory.inverse_norms[start * BLOCK : start * BLOCK + len(rows)]
        computed = 1 / _norms(rows - memory.mean_image).clamp_min(1e-12)
        fitting &= bool(((stored - computed).abs() <= _NORMS * computed).all())
    if not finite:
        yield "vectors: some numbers are not finite"
    elif not unit:
        yield "vectors: some are not unit vectors"
    elif not fitting:
        yield "inverse_norms: they are not those of the vectors and their mean"


def _norms(rows: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(rows, dim=1)
    return norms
