"""The photos of a folder, and what lies beside each: its map of parts, and words for it.

Three kinds of folder are read: one with `index.json`, `images/ID.jpg` and `parsing/ID.png` (and, if there, finer
`labels59/ID.png`), of which the photos kept for measuring are left out; photos with maps beside, as `NAME.map.png`,
`parsing/NAME.png` or `maps/NAME.png`; and photos alone, which a parser looks at. Sub-folders are looked into. A map
belongs to the one photo at the same place in its tree, never to one of the same name elsewhere.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ..describe import describe
from ..errors import InputError
from ..parts import BODY, FACE, PART_NAMES, part_index
from ..pose.io import load_pose
from ..training.photos import PhotoSet

LONGEST_SIDE = 1024  # of a photo, in pixels; a larger one is made smaller
MOST_PIXELS = 120_000_000  # of a file, before it is made smaller: the largest cameras' and no more
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_MAP_FOLDERS = ("parsing", "maps")
_MAP_ENDING = ".map.png"
_NOT_PHOTOS = (*_MAP_FOLDERS, "labels59")


@dataclass(frozen=True)
class Photo:
    """One photo: its name in the folder (without ending, `/` between folders) and its files."""

    name: str
    image: Path
    map: Path | None = None
    fine: Path | None = None
    words: Path | None = None


@dataclass(frozen=True)
class Folder:
    """The photos of a folder in the order of their names, or of its index; `photo_set` if it has one."""

    root: Path
    photos: tuple[Photo, ...]
    photo_set: PhotoSet | None = None

    @property
    def fine_labels(self) -> tuple[str, ...]:
        """What the indices of the finer maps mean."""
        return () if self.photo_set is None else self.photo_set.fine_labels


def find_photos(root: Path) -> Folder:
    """The photos of a folder. Raises InputError if there is no such folder, or none in it."""
    if not root.is_dir():
        raise InputError(f"photos: there is no folder {root}; give the path of a folder with photos")
    if (root / "index.json").is_file():
        return _indexed(root)
    photos, been = [], set()
    for folder, below, files in os.walk(root, followlinks=True):
        been.add(os.path.realpath(folder))
        below[:] = [
            name
            for name in sorted(below)
            if not (name in _NOT_PHOTOS or name.startswith(".") or os.path.realpath(os.path.join(folder, name)) in been)
        ]
        paths = sorted(Path(folder) / name for name in files if not name.startswith("."))
        photos += [photo_at(path, root) for path in paths if _is_photo(path)]
    if not photos:
        raise InputError(f"photos: there is none in {root}; wanted {', '.join(_PICTURES)} files")
    return Folder(root, tuple(sorted(photos, key=lambda photo: photo.name)))


def photo_at(path: Path, root: Path | None = None) -> Photo:
    """The photo of a file and what lies beside it, named by its path below `root` (None: its own folder)."""
    stem = path.with_suffix("")
    name = stem.relative_to(root or path.parent).as_posix()
    found = next((candidate for candidate in _maps_beside(path, root) if candidate.is_file()), None)
    return Photo(name, path, found, None, _words_beside(stem))


def state_of(photos: Sequence[Photo]) -> list[list[Any]]:
    """Of every photo its name, and sizes and times of the files that are there of it."""
    states = []
    for photo in photos:
        paths = [path for path in (photo.image, photo.map, photo.fine, photo.words) if path is not None]
        stats = [path.stat() for path in paths if path.is_file()]
        states.append([photo.name, *[[stat.st_size, stat.st_mtime_ns] for stat in stats]])
    return states


def read_image(photo: Photo) -> Tensor:
    """sRGB uint8 [3, H, W], upright, on white where it is transparent, the longest side at most 1,024 pixels.

    Raises InputError for a file that cannot be read as a picture.
    """
    try:
        with Image.open(photo.image) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"it has {picture.width} x {picture.height} pixels, wanted {MOST_PIXELS:,} at most")
            if picture.format == "JPEG":
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            return torch.from_numpy(np.array(_small_and_upright(picture))).permute(2, 0, 1).contiguous()
    except Exception as error:  # a damaged file raises whatever the library's readers happen to stumble over
        raise InputError(f"{photo.image.name} cannot be read as a picture ({_brief(error)})") from error


def read_labels(photo: Photo, size: tuple[int, int]) -> Tensor | None:
    """Part indices uint8 [H, W] of `size`, None if there is no map beside. Raises InputError if it cannot be read, or
    is of another shape than its photo.
    """
    return None if photo.map is None else _of_size(load_pose(photo.map).labels[0], size, photo.map)


def read_fine(photo: Photo, size: tuple[int, int]) -> Tensor | None:
    """Indices of the finer labels, uint8 [H, W], if there are any. Raises InputError."""
    if photo.fine is None:
        return None
    try:
        with Image.open(photo.fine) as picture:
            return _of_size(torch.from_numpy(np.array(picture)), size, photo.fine)
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{photo.fine.name} cannot be read as a map ({_brief(error)})") from error


def read_words(photo: Photo) -> dict[int, str]:
    """Captions of parts from the file of words beside a photo: `NAME.txt` is a description, `NAME.json` an object of
    part and phrase. Raises InputError if it cannot be read.
    """
    if photo.words is None:
        return {}
    try:
        text = photo.words.read_text(encoding="utf-8-sig")
        return _described(text) if photo.words.suffix.lower() == ".txt" else _listed(json.loads(text))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{photo.words.name} cannot be read as words ({_brief(error)})") from error


def _indexed(root: Path) -> Folder:
    photo_set = PhotoSet(root)
    fine = root / "labels59" if photo_set.fine_labels else None
    photos = tuple(
        Photo(
            photo_id,
            root / "images" / f"{photo_id}.jpg",
            root / "parsing" / f"{photo_id}.png",
            None if fine is None else fine / f"{photo_id}.png",
            _words_beside(root / "images" / photo_id),
        )
        for photo_id in photo_set.ids
    )
    return Folder(root, photos, photo_set)


def _maps_beside(path: Path, root: Path | None) -> list[Path]:
    """Where the map of a photo may be, the likeliest first; nothing above `root`."""
    beside = [path.with_name(path.stem + _MAP_ENDING)]
    beside += [path.parent / name / f"{path.stem}.png" for name in _MAP_FOLDERS]
    if path.parent.name.lower() == "images" and path.parent != root:
        beside += [path.parent.parent / name / f"{path.stem}.png" for name in _MAP_FOLDERS]
    if root is not None:
        below = path.relative_to(root).with_suffix(".png")
        beside += [root / name / below for name in _MAP_FOLDERS]
    return beside


def _small_and_upright(picture: Image.Image) -> Image.Image:
    """RGB. Made small before anything else where its mode can be, because each step copies all its pixels."""
    clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if picture.mode in (("RGBA", "LA") if clear else ("RGB", "L")):
        _shrink(picture)
        upright = ImageOps.exif_transpose(picture)
    else:
        upright = ImageOps.exif_transpose(picture).convert("RGBA" if clear else "RGB")
        _shrink(upright)
    if clear:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, (255, 255, 255, 255)), upright)
    return upright.convert("RGB")


def _shrink(picture: Image.Image) -> None:
    picture.load()
    if max(picture.size) > LONGEST_SIDE:
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in _PICTURES and not path.name.lower().endswith(_MAP_ENDING)


def _words_beside(stem: Path) -> Path | None:
    beside = [stem.with_name(f"{stem.name}{ending}") for ending in (".json", ".txt")]
    return next((candidate for candidate in beside if candidate.is_file()), None)


def _of_size(labels: Tensor, size: tuple[int, int], path: Path) -> Tensor:
    if tuple(labels.shape) == size:
        return labels
    height, width = labels.shape
    if abs(width / height - size[1] / size[0]) > 0.02 * size[1] / size[0]:
        raise InputError(f"{path.name} is {width} x {height}, which is not the shape of its photo")
    rows = (torch.arange(size[0]) * height + height // 2) // size[0]
    columns = (torch.arange(size[1]) * width + width // 2) // size[1]
    return labels[rows.clamp_max(height - 1)][:, columns.clamp_max(width - 1)]


def _described(text: str) -> dict[int, str]:
    """The phrases of a description that say how a part looks; of the body only hair's, and not who wears it."""
    prompts = describe(text)
    captions = {}
    for prompt in prompts.parts:
        words = set(prompt.phrase.lower().split()) - {PART_NAMES[prompt.part], "of", "a", "an", "the", "and"}
        if prompt.part in BODY:
            words -= set(prompts.person.lower().split())
        if words and prompt.part != FACE:
            captions[prompt.part] = prompt.phrase
    return captions


def _listed(content: Any) -> dict[int, str]:
    if not isinstance(content, dict) or not all(isinstance(phrase, str) for phrase in content.values()):
        raise ValueError("wanted an object of part and phrase")
    return {part_index(name): phrase.strip() for name, phrase in content.items() if phrase.strip()}


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
