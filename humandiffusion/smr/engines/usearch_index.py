"""Approximate search by USearch (Vardanian, 2023): one graph for each part, in files that are mapped and not read.

A graph holds m' in a byte a dimension, which is enough to find who may be near; what it names is scored again on the
memory's own vectors, so scores and order are exact and only a row that the graph misses is missed. Parts of few rows
have no graph and are searched whole.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ...parts import GARMENTS, NUM_PARTS
from ..exact import ExactSearch, Scope
from ..memory import StyleMemory

NAME = "usearch"
SMALL = 4096  # rows of a part that are searched whole
FETCH, LEAST_FETCHED = 2, 32  # candidates that are scored again: this many times k, and at least so many
_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 96, 96
_BLOCK = 16384


class UsearchEngine:
    """The graphs of one memory; a `SearchEngine`."""

    name = NAME

    def __init__(self, memory: StyleMemory, folder: Path) -> None:
        """Open the graphs in a folder. Raises InputError if the package is absent or a file is not of this memory."""
        library = _library()
        self._exact = ExactSearch(memory)
        self._graphs: dict[int, Any] = {}
        for part in large_parts(memory):
            path, rows = folder / file_of(part), memory.rows_of(part)
            graph = library.Index.restore(path, view=True) if path.is_file() else None
            if graph is None or len(graph) != rows.stop - rows.start or graph.ndim != memory.dim:
                raise InputError(f"index {path}: not the graph of this memory's rows; make the index anew")
            graph.expansion_search = _EXPANSION_SEARCH
            self._graphs[part] = graph

    def search(self, q: Tensor, parts: Tensor, k: int, scope: Scope = "part") -> tuple[Tensor, Tensor]:
        """See `SearchEngine`."""
        if not len(q):
            return self._exact.search(q, parts, k, scope)
        count = max(FETCH * k, LEAST_FETCHED)
        every = torch.arange(len(q))
        asked = range(NUM_PARTS) if scope == "all" else GARMENTS if scope == "garments" else parts.unique().tolist()
        who, rows = [every[:0]], [every[:0]]
        for part in asked:
            some = every[parts == part] if scope == "part" else every
            found = self._candidates(part, q[some], count)
            who.append(some.repeat_interleave(found.shape[1]))
            rows.append(found.flatten())
        pairs, candidates = torch.cat(who), torch.cat(rows)
        return self._exact.best(q, k, pairs[candidates >= 0], candidates[candidates >= 0])

    def _candidates(self, part: int, q: Tensor, count: int) -> Tensor:
        """Rows long [M, n] of a part that may be among the best, -1 where there are no more."""
        graph = self._graphs.get(part)
        if graph is None:
            return self._exact.search(q, torch.full((len(q),), part), count)[0]
        found = graph.search(q.numpy(), count)
        keys: Tensor = torch.from_numpy(found.keys.astype("int64")).reshape(len(q), -1)
        start = int(self._exact.memory.rows_of(part).start)
        if found.keys.ndim == 1:  # of one query it gives only those that there are
            return keys + start
        there = torch.arange(keys.shape[1]) < torch.from_numpy(found.counts.astype("int64"))[:, None]
        return torch.where(there, keys + start, -1)


def build(
    memory: StyleMemory, folder: Path, progress: Callable[[int, int], None] | None = None, threads: int = 0
) -> None:
    """Write the graphs of a memory into a folder. Rows are read block by block; a part's graph is held while it grows.

    `threads` 0 uses all cores. `progress` is told rows done and rows in all. Raises InputError without the package.
    """
    library = _library()
    parts = large_parts(memory)
    every = sum(memory.rows_of(part).stop - memory.rows_of(part).start for part in parts)
    done = 0
    for part in parts:
        rows = memory.rows_of(part)
        graph = library.Index(
            ndim=memory.dim,
            metric="cos",
            dtype="i8",
            connectivity=_CONNECTIVITY,
            expansion_add=_EXPANSION_ADD,
            enable_key_lookups=False,
        )
        for start in range(rows.start, rows.stop, _BLOCK):
            block = memory.vectors[start : min(start + _BLOCK, rows.stop)].float()
            keys = torch.arange(start - rows.start, start - rows.start + len(block))
            graph.add(
                keys.numpy().astype("uint64"), F.normalize(block - memory.mean_image, dim=1).numpy(), threads=threads
            )
            done += len(block)
            if progress is not None:
                progress(done, every)
        graph.save(folder / file_of(part))


def large_parts(memory: StyleMemory) -> list[int]:
    """The parts that have a graph."""
    counts = memory.part_bounds.diff().tolist()
    return [part for part, count in enumerate(counts) if count > SMALL]


def file_of(part: int) -> str:
    """The name of a part's graph."""
    return f"part-{part:02d}.usearch"


def _library() -> Any:
    try:
        from usearch import index
    except ImportError as error:
        raise InputError(
            'index: the package usearch is not installed, wanted for memories with an index; pip install "usearch", or '
            "delete the index folder to search exactly"
        ) from error
    return index
