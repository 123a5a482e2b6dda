"""`--jobs`: one JSON object a line, `{"id": ..., "text": ..., "pose": ..., "seed": ...}`; other keys are ignored."""

import argparse
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputError
from .common import print_line, sentence

Pipeline = TypeVar("Pipeline")

# Names that every file system takes as one plain file.
_PLAIN_NAME = re.compile(r'[^<>:"/\\|?*\x00-\x1f]{1,150}')


@dataclass(frozen=True)
class Job:
    """One picture to make; `pose` is a path or `preset:NAME`."""

    text: str
    pose: str
    seed: int
    id: str = ""


def run_jobs(
    path: Path,
    folder: Path,
    *,
    seed: int,
    load: Callable[[], Pipeline],
    paint: Callable[[Pipeline, Job, Path], None],
) -> int:
    """Load once, paint every good line into `folder`/<id>.png, tell of each bad one; 1 if there was any, else 0.

    `seed` is for lines that name none. Raises InputError if the file itself cannot be read.
    """
    jobs, bad = _read_jobs(path, seed)
    if not jobs:
        return 1 if bad else 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out-dir: cannot make {folder} ({error.strerror}); give a folder to write to") from error
    pipeline = load()
    for number, job in jobs:
        out = folder / f"{job.id}.png"
        try:
            paint(pipeline, job, out)
        except Exception as error:
            bad += 1
            kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
            _tell(path, number, f"{kind}{error}")
        else:
            print_line(str(out))
    return 1 if bad else 0


def pictures_folder(text: str) -> Path:
    """An argparse type: a folder, there or to be made."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"got {text!r}, which is a file, wanted a folder")
    return path


def _read_jobs(path: Path, seed: int) -> tuple[list[tuple[int, Job]], int]:
    """The good lines with their numbers, and how many were bad (each is told of at once)."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--jobs: cannot read {path} ({error}); give a file with one JSON object a line") from error
    jobs: list[tuple[int, Job]] = []
    seen: dict[str, int] = {}
    bad = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            job = _job(line, seed)
            if job.id.casefold() in seen:
                raise InputError(f"id: got {job.id!r}, which line {seen[job.id.casefold()]} has too; name each once")
            seen[job.id.casefold()] = number
            jobs.append((number, job))
        except InputError as error:
            bad += 1
            _tell(path, number, str(error))
    if not jobs and not bad:
        raise InputError(f"--jobs: {path} holds no job; wanted one JSON object a line, with id, text and pose")
    return jobs, bad


def _job(line: str, seed: int) -> Job:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise InputError(f"got {line.strip()[:60]!r}, wanted a JSON object ({error})") from None
    if not isinstance(data, dict):
        raise InputError(f"got a JSON {type(data).__name__}, wanted an object with id, text and pose")
    name = _text(data, "id") if not _is_whole(data.get("id")) else str(data["id"])
    if not _PLAIN_NAME.fullmatch(name) or name.strip(" .") != name:
        raise InputError(f"id: got {name!r}, wanted a plain file name, as look-01")
    chosen = data.get("seed", seed)
    if not _is_whole(chosen) or not 0 <= chosen < 2**64:
        raise InputError(f"seed: got {chosen!r}, wanted a whole number of 0 to {2**64 - 1}")
    return Job(id=name, text=sentence(_text(data, "text"), "text"), pose=_text(data, "pose"), seed=chosen)


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        got = "nothing" if value is None else repr(value)
        raise InputError(f"{key}: got {got}, wanted text")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _tell(path: Path, number: int, message: str) -> None:
    sys.stderr.write(f"humandiffusion: error: {path} line {number}: {' '.join(message.split())}\n")
