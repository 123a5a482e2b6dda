"""Reader of any folder of photos, sub-folders too; with maps beside them (`NAME.map.png`, `parsing/NAME.png` or
`maps/NAME.png`) or without any, and words in `NAME.txt`.
"""

from pathlib import Path

from ...errors import InputError
from ...smr.photos import Photo, find_photos
from .records import Listing, Record


def read_plain(root: Path) -> Listing:
    """The photos in the order of their names. Raises InputError if there are none."""
    try:
        photos = find_photos(root).photos
    except InputError as error:
        raise InputError(f"--data: {root} holds no photos; wanted a folder with some, in sub-folders or not") from error
    name = root.resolve().name
    records = tuple(
        Record(photo.name, f"{name}/{photo.name}", photo.image, photo.map, caption=_words(photo)) for photo in photos
    )
    return Listing(root, "photos", records)


def _words(photo: Photo) -> str:
    if photo.words is None or photo.words.suffix != ".txt":
        return ""
    try:
        return photo.words.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
