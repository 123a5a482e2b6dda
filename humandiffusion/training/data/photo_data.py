"""The photos of one or several folders as every training run takes them: all with maps, all of one size."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ...errors import InputError
from ...smr.photos import LONGEST_SIDE
from .checks import faults_of
from .crew import Crew
from .deepfashion import is_deepfashion, read_deepfashion
from .files import content_key, read_fine, read_map, read_photo
from .indexed import is_indexed, read_indexed
from .parsed import parse_records
from .plain import read_plain
from .records import Listing, Record
from .window import show, window_of

UNKNOWN = 255  # the part of a pixel that nobody knows
USUAL = (384, 256)  # of photos that are not all of one size: h, w


@dataclass(frozen=True)
class PhotoData:
    """Photos by their ids, in order. `size` (h, w) is that of all pictures and maps.

    Two folders' photos of one id are told apart by their folders' names.
    """

    ids: tuple[str, ...]
    records: Mapping[str, Record]
    size: tuple[int, int]
    fine_labels: tuple[str, ...] = ()
    name: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def source(self, photo_id: str) -> str:
        """How a style memory names a photo."""
        return self.records[photo_id].source

    def photo(self, photo_id: str) -> tuple[Tensor, Tensor]:
        """sRGB uint8 [3, h, w] and part indices uint8 [h, w], `UNKNOWN` where there is no map."""
        image, labels = self._whole(photo_id)
        window = window_of(labels, self.size)
        return show(image, window, self.size), show(labels[None], window, self.size, nearest=True)[0]

    def image(self, photo_id: str) -> Tensor:
        """sRGB uint8 [3, h, w]."""
        return self.photo(photo_id)[0]

    def labels(self, photo_id: str) -> Tensor:
        """Part indices uint8 [h, w]."""
        return self.photo(photo_id)[1]

    def fine(self, photo_id: str) -> Tensor | None:
        """Indices into `fine_labels`, uint8 [h, w], of photos that have them."""
        path = self.records[photo_id].fine
        if path is None or not path.is_file():
            return None
        image, labels = self._whole(photo_id)
        indices = read_fine(path, (image.shape[1], image.shape[2]))
        return show(indices[None], window_of(labels, self.size), self.size, nearest=True)[0]

    def key(self, photo_id: str) -> str:
        """A name for the contents of photo, map and finer map."""
        record = self.records[photo_id]
        paths = (record.image, record.map, record.fine)
        return content_key(str(self.size), *(path.read_bytes() if path and path.is_file() else b"" for path in paths))

    def first(self, count: int) -> "PhotoData":
        """The same with the first photos alone."""
        return replace(self, ids=self.ids[:count])

    def with_maps(self) -> "PhotoData":
        """The same without photos that have no map."""
        return replace(self, ids=tuple(name for name in self.ids if self.records[name].map is not None))

    def caption(self, photo_id: str) -> str:
        """What somebody wrote of the photo; empty if nobody did."""
        return self.records[photo_id].caption

    def facts(self, photo_id: str) -> Mapping[str, str]:
        """Annotations by name, in words, as `sleeves`: `long`."""
        return self.records[photo_id].facts

    def keypoints(self, photo_id: str) -> Tensor | None:
        """[21, 3] in the picture's pixels: x, y, and 0 visible, 1 hidden, 2 absent (where x and y are -1)."""
        points = self.records[photo_id].keypoints
        if points is None:
            return None
        image, labels = self._whole(photo_id)
        with Image.open(self.records[photo_id].image) as picture:
            scale = image.shape[2] / picture.width
        top, left, h, w = window_of(labels, self.size)
        moved = (points[:, :2] * scale - torch.tensor([left, top])) * torch.tensor([self.size[1] / w, self.size[0] / h])
        absent = points[:, 2:] == 2
        return torch.cat((torch.where(absent, -1.0, moved), points[:, 2:]), 1)

    def tags(self, photo_id: str) -> tuple[str, ...] | None:
        """What the photo shows, by the words of CCP; None where nobody said."""
        return self.records[photo_id].tags

    def _whole(self, photo_id: str) -> tuple[Tensor, Tensor]:
        record = self.records[photo_id]
        image = read_photo(record.image)
        size = (image.shape[1], image.shape[2])
        if record.map is None:
            return image, torch.full(size, UNKNOWN, dtype=torch.uint8)
        return image, read_map(record.map, size)


@dataclass(frozen=True)
class Found:
    """What a run learns from, what is kept for measuring, and what is told of both before it starts."""

    train: PhotoData
    held_out: PhotoData
    lines: list[str] = field(default_factory=list)

    @property
    def samples(self) -> PhotoData:
        """Photos for sample sheets: held out ones where there are any."""
        return self.held_out or self.train


def open_data(
    folders: Sequence[Path],
    cache: Path,
    *,
    parser: str | None = "builtin",
    unmapped: bool = False,
    size: tuple[int, int] | None = None,
    multiple: int = 1,
    crew: Crew | None = None,
    workers: int = 2,
) -> Found:
    """Everything that can be learnt from in `folders`, whatever their layouts.

    All photos and maps are opened once; what is wrong with them is listed in `Found.lines` and left out. A folder
    without any map is parsed by `parser`; None: its photos have no map then. In a folder that has maps, photos without
    one are left out, or, if `unmapped`, parsed too. What was checked and parsed is kept in `cache`. Pictures are of
    `size` (h, w), a multiple of `multiple` both ways; None: that of all photos if they have one, else 256 x 384 (w x
    h). Raises InputError for a folder that is none, and if nothing good is left.
    """
    crew = crew or Crew()
    listings = [_listing(root) for root in folders]
    fine_labels = next((one.fine_labels for one in listings if one.fine_labels), ())
    lines: list[str] = []
    good: list[Record] = []
    for listing in listings:
        taken = _taken(listing, unmapped)
        faults = faults_of(taken, cache, crew, workers)
        fit = [record for record in taken if record.source not in faults]
        bare, doubted = [record for record in fit if record.map is None], list[tuple[str, str]]()
        if bare and parser is not None:
            maps, doubted = parse_records(bare, parser, cache / "maps", crew)
            every_map = {record.source: record.map for record in fit if record.map is not None} | maps
            fit = [replace(record, map=every_map[record.source]) for record in fit if record.source in every_map]
        if listing.fine_labels != fine_labels:
            fit = [replace(record, fine=None) for record in fit]
        good += fit
        lines += _told(listing, fit, faults, doubted, len(listing.records) - len(taken))
        if listing.mapped and bare:
            lines.append(f"  without a map, as the others have one: {len(bare)}" + (", parsed" if parser else ""))
    if not good:
        raise InputError(f"--data: no photo can be learnt from; {'; '.join(lines)}")
    every = _named(good)
    if size is None:
        size = _size_of(every.values(), multiple)
    if size[0] % multiple or size[1] % multiple:
        raise InputError(f"--size: got {size[1]}x{size[0]}, wanted multiples of {multiple}, as {USUAL[1]}x{USUAL[0]}")
    made = [
        PhotoData(
            tuple(name for name, record in every.items() if record.held_out == held_out),
            every,
            size,
            fine_labels,
            "+".join(listing.root.resolve().name for listing in listings),
        )
        for held_out in (False, True)
    ]
    if not made[0].ids:
        raise InputError(f"--data: all of the {len(good)} good photos are kept for measuring; give more photos")
    lines.append(
        f"{len(made[0].ids)} photos to learn from, {len(made[1].ids)} kept for measuring, {size[1]} x {size[0]}"
    )
    return Found(made[0], made[1], lines)


def _listing(root: Path) -> Listing:
    if not root.is_dir():
        raise InputError(f"--data: there is no folder {root}; give the path of a folder with photos")
    if is_indexed(root):
        return read_indexed(root)
    return read_deepfashion(root) if is_deepfashion(root) else read_plain(root)


def _taken(listing: Listing, unmapped: bool) -> list[Record]:
    """Of a folder that has maps the photos with one, or all; a map that is named and not there is none then."""
    if not unmapped:
        return [record for record in listing.records if record.map is not None or not listing.mapped]
    there = (record.map is not None and record.map.is_file() for record in listing.records)
    return [record if map_ else replace(record, map=None) for record, map_ in zip(listing.records, there, strict=True)]


def _told(
    listing: Listing, fit: list[Record], faults: Mapping[str, str], doubted: list[tuple[str, str]], unmapped: int
) -> list[str]:
    """What is said of one folder."""
    lines = [f"{listing.root} ({listing.layout}): {len(fit)} of {len(listing.records)} photos can be learnt from"]
    if listing.absent:
        lines.append(f"  not there: {', '.join(listing.absent)}")
    if unmapped:
        lines.append(f"  left out, because they have no map as the others have: {unmapped} (--unmapped parse)")
    if doubted:
        lines.append(f"  left out, because the parser is not sure of them: {len(doubted)}")
    lines += [f"  left out: {source}: {fault}" for source, fault in faults.items()]
    return lines


def _named(records: Sequence[Record]) -> dict[str, Record]:
    often = Counter(record.id for record in records)
    named = {record.id if often[record.id] == 1 else record.source: record for record in records}
    if len(named) < len(records):
        raise InputError("--data: the same folder, or two of one name, were given twice; give each once, rename one")
    return named


def _size_of(records: Iterable[Record], multiple: int) -> tuple[int, int]:
    """That of all photos if they have one, and it divides; else the usual one."""
    sizes = set()
    for record in records:
        with Image.open(record.image) as picture:
            sizes.add(picture.size)
        if len(sizes) > 1:
            return USUAL
    width, height = sizes.pop()
    return (
        (height, width) if max(width, height) <= LONGEST_SIDE and not (width % multiple or height % multiple) else USUAL
    )
