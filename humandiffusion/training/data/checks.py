"""Every photo and map opened once before training starts, so that all that is wrong is told at once."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...errors import InputError
from ...parts import BACKGROUND
from .crew import Crew
from .files import content_key, read_fine, read_map, read_photo
from .records import Record

SHORTEST_SIDE = 32
PERSON_AT_LEAST = 0.005
"""Of the picture's pixels in a map of one's own; less teaches nothing."""
_EVERY = 500  # photos between two notes of what has been checked


def faults_of(records: Sequence[Record], folder: Path, crew: Crew, workers: int) -> dict[str, str]:
    """What is wrong with each of `records`, by source; nothing of those that are as they should be.

    What was checked stands in `folder`, so that a file is opened again only after it has changed.
    """
    names = {record.source: _state(record) for record in records}
    known = _read_notes(folder)
    todo = [record for record in crew.share(records) if names[record.source] not in known]
    if todo:
        own: dict[str, str] = {}
        with ThreadPoolExecutor(max(workers, 1)) as pool:
            found = pool.map(_fault, todo)
            for record, fault in tqdm(
                zip(todo, found, strict=True), total=len(todo), desc="checks", unit="photo", disable=not crew.leads
            ):
                own[names[record.source]] = fault
                if len(own) % _EVERY == 0:
                    _write_notes(folder, crew, own)
        _write_notes(folder, crew, own)
    crew.wait()
    known = _read_notes(folder)
    return {source: known[name] for source, name in names.items() if known[name]}


def _fault(record: Record) -> str:
    try:
        if not record.image.is_file():
            return "there is no such photo"
        photo = read_photo(record.image)
        size = (photo.shape[1], photo.shape[2])
        if min(size) < SHORTEST_SIDE:
            return f"it is {size[1]} x {size[0]}, wanted {SHORTEST_SIDE} pixels or more on each side"
        if record.map is not None:
            if not record.map.is_file():
                return "it has no map"
            person = float((read_map(record.map, size) != BACKGROUND).float().mean())
            if person < PERSON_AT_LEAST:
                return "its map shows nobody"
        if record.fine is not None and record.fine.is_file():
            read_fine(record.fine, size)
    except InputError as error:
        return str(error)
    return ""


def _state(record: Record) -> str:
    """A name for what the files of a photo are now."""
    about: list[Any] = []
    for path in (record.image, record.map, record.fine):
        there = path is not None and path.is_file()
        about.append([str(path), path.stat().st_size, path.stat().st_mtime_ns] if path and there else [str(path)])
    return content_key(json.dumps(about))


def _read_notes(folder: Path) -> dict[str, str]:
    notes: dict[str, str] = {}
    for path in sorted(folder.glob("checked-*.json")):
        try:
            notes |= json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # made anew
    return notes


def _write_notes(folder: Path, crew: Crew, own: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checked-{crew.index}.json"
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(before | own), encoding="utf-8")
    os.replace(beside, path)
