"""Photos opened, parsed and cut ahead of the encoder: files and crops in threads, the parser where it is called."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from ..errors import InputError
from ..parsing.base import PersonParser
from .cutting import Crop, Cutter, Opened
from .photos import Photo, read_fine, read_image, read_labels, read_words
from .plan import Cut

AHEAD = 32  # photos
PARSED_AT_ONCE = 8
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The crops of photo `number`, or the reason why there are none."""

    number: int
    name: str
    crops: list[Crop]
    problem: str | None = None


@dataclass(frozen=True)
class _Failed:
    number: int
    name: str
    problem: str


@dataclass(frozen=True)
class Preparing:
    """How the photos are made ready: `cuts` by name (None: every part), `parser` for those without a map."""

    photos: Sequence[Photo]
    cutter: Cutter
    cuts: Mapping[str, Sequence[Cut]] | None
    parser: PersonParser | None
    workers: int

    def run(self, numbers: Sequence[int], stop: Callable[[], bool] | None) -> Generator[Prepared, None, None]:
        """The photos of these numbers, in order, until `stop` says so."""
        threads = torch.get_num_threads()
        pool = ThreadPoolExecutor(max(self.workers, 1), initializer=torch.set_num_threads, initargs=(1,))
        try:
            opened = _ahead(pool, self._open, numbers, AHEAD)
            for prepared in _ahead(pool, self._cut, self._with_maps(opened), AHEAD):
                if stop is not None and stop():
                    return
                yield prepared
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)  # what a thread sets is the default of those that come after it

    def _open(self, number: int) -> "Opened | _Failed":
        photo = self.photos[number]
        try:
            image = read_image(photo)
            size = (image.shape[1], image.shape[2])
            labels = read_labels(photo, size)
            empty = torch.zeros(0, 0, dtype=torch.uint8)
            return Opened(
                number,
                photo.name,
                image,
                empty if labels is None else labels,
                read_fine(photo, size),
                read_words(photo),
            )
        except InputError as error:
            return _Failed(number, photo.name, str(error))
        except Exception as error:  # whatever it is, it is of this one photo
            return _Failed(number, photo.name, f"{photo.image.name} cannot be read ({type(error).__name__})")

    def _with_maps(self, opened: "Iterable[Opened | _Failed]") -> "Iterator[Opened | _Failed]":
        """Those without a map get one, photos of one size together."""
        waiting: list[Opened] = []
        for one in opened:
            alone = one if isinstance(one, Opened) and not one.labels.numel() else None
            full = len(waiting) == PARSED_AT_ONCE
            if waiting and (full or alone is None or alone.image.shape != waiting[0].image.shape):
                yield from self._parsed(waiting)
                waiting = []
            if alone is None:
                yield one
            else:
                waiting.append(alone)
        yield from self._parsed(waiting)

    def _parsed(self, photos: list[Opened]) -> Iterator[Opened]:
        if photos and self.parser is not None:
            images = torch.stack([photo.image for photo in photos]).float() / 255
            labels = self.parser.parse(images).labels.cpu()
            yield from (replace(photo, labels=own) for photo, own in zip(photos, labels, strict=True))

    def _cut(self, photo: "Opened | _Failed") -> Prepared:
        if isinstance(photo, _Failed):
            return Prepared(photo.number, photo.name, [], photo.problem)
        crops = self.cutter.cut(photo, None if self.cuts is None else self.cuts.get(photo.name, ()))
        return Prepared(photo.number, photo.name, crops)


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[_Given], _Made], given: Iterable[_Given], count: int
) -> Iterator[_Made]:
    """`work` on each, in order, on `count` of them while the first is waited for."""
    waiting: deque[Future[_Made]] = deque()
    for one in given:
        waiting.append(pool.submit(work, one))
        if len(waiting) >= count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
