"""Building a memory from a folder of photos: opened and cut in threads, parsed and encoded in batches, and resumed
where it was stopped.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ..encoders.base import PartEncoder
from ..errors import InputError
from ..parsing.base import PersonParser
from ..parts import FACE
from .cutting import Cutter, Faces
from .io import save_memory
from .journal import Journal
from .photos import Folder, find_photos, state_of
from .pieces import assemble, encoded
from .plan import MIN_PIXELS, Cut, plan_cuts
from .preparing import Prepared, Preparing
from .swatches import Thumbnails

Progress = Callable[[int, int], None]
_PHOTOS, _MOST_PHOTOS, _PIECES = 16, 256, 1000  # of a piece at least and at most; pieces of a build, about


@dataclass(frozen=True)
class BuildReport:
    """What came of it: rows and photos in the memory, (file, reason) of what was skipped, crops that were there twice.

    `path` is None if it was stopped before it was done, or if another process writes the file.
    """

    path: Path | None
    items: int
    photos: int
    skipped: list[tuple[str, str]] = field(default_factory=list)
    duplicates: int = 0


@dataclass(frozen=True)
class Recipe:
    """Which crops are taken of a folder with an index: at most `most` of a part as they are (None: all), and copies in
    each colour of clothes (`plan_cuts`); of any folder the photos number i, i + n, i + 2n ... of `shard` (i, n).
    """

    most: int | None = None
    recoloured: int = 0
    seed: int = 0
    shard: tuple[int, int] = (0, 1)


def build_from_folder(
    folder: Path,
    out: Path,
    encoder: PartEncoder,
    *,
    licence: str,
    parser: PersonParser | None = None,
    source: str | None = None,
    thumbnails: Thumbnails = "swatch",
    faces: Faces = "mean",
    recipe: Recipe = Recipe(),  # noqa: B008 - frozen
    workers: int = 2,
    resume: bool = True,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> BuildReport:
    """Write the memory of a folder's photos (`photos.py` says which) to `out`.

    Photos without a map are looked at by `parser`. `licence` and `source` (the folder's name, if it is None) are kept
    with every item. Of faces one mean vector is kept (of few nothing: `LEAST_FACES`), or (`blur`) a few cells
    of each, or nothing. Files that cannot be read are skipped and reported. `progress` is told how many photos of how
    many are safely done; `stop` is asked between photos. What is done survives whatever ends the process, and the
    same build goes on from there, unless `resume` is False. Where RANK and WORLD_SIZE are set, as `accelerate launch`
    does, each process takes its share, and the first one writes the file. The same whatever the number of workers,
    processes and interruptions, but for the times of the items.

    Raises InputError for a folder without photos, photos without maps and no parser, or nothing to remember.
    """
    found = _of_shard(find_photos(folder), recipe.shard)
    cuts = _planned(found, recipe)
    unmapped = [photo.image.name for photo in found.photos if photo.map is None]
    if parser is None and unmapped:
        raise InputError(
            f"photos: {len(unmapped)} of {len(found.photos)} have no map beside, as {unmapped[0]}; choose a parser"
        )
    if not licence.strip():
        raise InputError(
            "licence: got none; say what the photos may be used for, as 'CC0', or 'mine, not to be shared'"
        )
    cutter = Cutter(
        encoder.crop_size, source or folder.resolve().name, licence.strip(), thumbnails, faces, recipe.seed,
        int(time.time()), found.fine_labels,
    )  # fmt: skip
    journal = Journal(out, _job(found, encoder, parser, cutter, recipe))
    chunks = _chunks(len(found.photos))
    rank, processes = _process()
    if not resume:  # of each process what it will write itself: others may be at work already
        journal.remove(range(rank, len(chunks), processes))
    done = journal.done(len(chunks))
    mine = [number for number in range(rank, len(chunks), processes) if number not in done]
    safe = sum(len(chunks[number]) for number in done)
    preparing = Preparing(found.photos, cutter, cuts, parser, workers)

    with closing(preparing.run([photo for number in mine for photo in chunks[number]], stop)) as prepared:
        for number, of_chunk in _by_chunk(prepared, chunks):
            journal.write(number, encoded(list(of_chunk), encoder, faces))
            safe += len(chunks[number])
            if progress is not None:
                progress(min(safe, len(found.photos)), len(found.photos))
    if rank or (stop is not None and stop()):
        return BuildReport(None, 0, safe)
    journal.wait(len(chunks), seconds=600)
    return _finish(out, journal, len(chunks), found, encoder, cutter)


def _finish(
    out: Path, journal: Journal, count: int, found: Folder, encoder: PartEncoder, cutter: Cutter
) -> BuildReport:
    pieces = [journal.read(number) for number in range(count)]
    skipped = [one for piece in pieces for one in piece.skipped]
    memory = assemble(pieces, encoder, cutter)
    if not len(memory):
        reason = f"; {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise InputError(
            f"photos: no part of {MIN_PIXELS} pixels or more in {found.root}{reason}; wanted photos of people"
        )
    mean_face = memory.holds(FACE) and any(piece.faces for piece in pieces)
    rows = sum(piece.rows for piece in pieces) + int(mean_face)
    save_memory(memory, out)
    journal.close()
    return BuildReport(out, len(memory), len(found.photos) - len(skipped), skipped, rows - len(memory))


def _of_shard(found: Folder, shard: tuple[int, int]) -> Folder:
    number, count = shard
    if count < 1 or not 0 <= number < count:
        raise InputError(f"shard: got {number}/{count}, wanted i/n with i from 0 to n - 1")
    return found if count == 1 else replace(found, photos=found.photos[number::count])


def _planned(found: Folder, recipe: Recipe) -> dict[str, list[Cut]] | None:
    """The cuts of each photo by its name; None for all parts of all photos."""
    if recipe.most is None and not recipe.recoloured:
        return None
    if found.photo_set is None:
        raise InputError(f"photos: --most and --recoloured need an index.json, and there is none in {found.root}")
    most = len(found.photo_set.ids) if recipe.most is None else recipe.most
    cuts = plan_cuts(found.photo_set, most=most, recoloured=recipe.recoloured, seed=recipe.seed)
    return {
        found.photo_set.ids[number]: list(of_photo) for number, of_photo in groupby(cuts, key=lambda cut: cut.photo)
    }


def _chunks(count: int) -> list[range]:
    """Numbers of photos by piece: the same for the same folder."""
    size = min(max(count // _PIECES, _PHOTOS), _MOST_PHOTOS)
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _by_chunk(prepared: Iterator[Prepared], chunks: Sequence[range]) -> Iterator[tuple[int, Iterator[Prepared]]]:
    """Photos by the chunk that they are of; one that was not finished is left out."""
    size = len(chunks[0])
    for number, of_chunk in groupby(prepared, key=lambda photo: photo.number // size):
        photos = list(of_chunk)
        if len(photos) == len(chunks[number]):
            yield number, iter(photos)


def _process() -> tuple[int, int]:
    """Number of this process and how many there are, as launchers tell."""
    try:
        rank, count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    except ValueError:
        return 0, 1
    return (rank, count) if 0 <= rank < count else (0, 1)


def _job(
    found: Folder, encoder: PartEncoder, parser: PersonParser | None, cutter: Cutter, recipe: Recipe
) -> dict[str, Any]:
    """Everything that the rows depend on, files by name, size and time."""
    settings = {name: value for name, value in asdict(cutter).items() if name != "added"}
    return {
        "encoder": encoder.encoder_id,
        "parser": None if parser is None else parser.parser_id,
        "settings": settings,
        "recipe": asdict(recipe),
        "files": state_of(found.photos),
    }
