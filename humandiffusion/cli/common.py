"""What several commands share: checks of arguments, printing JSON, and files that appear whole or not at all."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import InputError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]
else:
    Commands = object

_LONGEST_NAME = 255  # bytes, of the common file systems


def sentence(text: str, name: str) -> str:
    """The text without surrounding space. Raises InputError if nothing is left of it."""
    stripped = text.strip()
    if not stripped:
        raise InputError(f'{name}: got an empty text, wanted a description, as "a woman in a red dress"')
    return stripped


def whole_number(low: int, high: int | None = None) -> Any:
    """An argparse type: a whole number of `low` to `high`."""

    def parse(text: str) -> int:
        wanted = f"wanted a whole number of {low} {'or more' if high is None else f'to {high}'}"
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"got {text!r}, {wanted}") from None
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"got {value}, {wanted}")
        return value

    return parse


def output_picture(text: str) -> Path:
    """An argparse type: where a PNG can be written. Known before any work begins."""
    path = _writable(Path(text))
    if path.suffix.lower() != ".png" or path.is_dir():
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted the name of a .png file")
    return path


def output_weights(text: str) -> Path:
    """An argparse type: where a safetensors file can be written."""
    path = _writable(Path(text))
    if path.suffix.lower() != ".safetensors" or path.is_dir():
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted the name of a .safetensors file")
    return path


def _writable(path: Path) -> Path:
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"got a name of {len(path.name)} letters, wanted at most {_LONGEST_NAME}")
    folder = path.parent
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"got {str(path)!r}, but there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"got {str(path)!r}, but the folder {folder} cannot be written to")
    return path


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and is gone if it does not."""
    # As short as can be: a name may be as long as the file system takes.
    beside = path.with_name(f".{uuid4().hex}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def print_line(text: str) -> None:
    """One line of the result on standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """One JSON value on standard output, in ASCII, which every console can show."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
