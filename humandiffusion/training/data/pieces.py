"""What is made of each photo, one file a photo, each written whole: a kill loses the one that was being made."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from torch import Tensor

from ...safetensors_io import write_tensors
from .crew import Crew

Piece = tuple[dict[str, Tensor], dict[str, str]]
"""Tensors, and words for the header."""


def fill(pieces: Sequence[Path], make: Callable[[Sequence[int]], Iterator[Piece]], crew: Crew) -> None:
    """Make the files that are not there yet: `make` gives the pieces of some rows, in order. Each process of `crew`
    makes its share; all are there when it returns.
    """
    todo = [row for row in crew.share(range(len(pieces))) if not pieces[row].is_file()]
    if todo:
        for row, (tensors, header) in zip(todo, make(todo), strict=True):
            write_tensors(pieces[row], tensors, header or None)
    crew.wait()
