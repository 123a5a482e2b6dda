"""The held-out maps and what is asked of each."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ..colour import srgb_to_lab
from ..describe import describe
from ..errors import InputError
from ..training.ccp import CCP_PARTS
from ..training.photos import PhotoSet
from .asking import NOUNS, PLAIN_CARDS, Ask, Card, ask_all, large_garments
from .colours import name_colour
from .named_colours import basic_name, colours_asked
from .patterns import PATTERN_CARDS

# Of the maps' own ids, so that what is asked of one set does not hang on another.
_OFFSETS = {"colours": 0, "names": 1_000_003, "seen": 2_000_003, "patterns": 3_000_017}
SETS: dict[str, str] = {
    "colours": "the garments in the eleven basic colours, dealt evenly",
    "names": "the garments in XKCD names kept out of all training; right is the basic colour nearest to the name's",
    "seen": "the same with XKCD names that were trained on",
    "patterns": "the garments plain, striped, dotted, floral or plaid, in basic colours",
    "captions": "the photos' own captions",
}


class HeldOut(Protocol):
    """Photos kept for measuring: `PhotoSet` or `PhotoData`."""

    @property
    def ids(self) -> tuple[str, ...]: ...

    @property
    def fine_labels(self) -> tuple[str, ...]: ...

    def image(self, photo_id: str) -> Tensor: ...

    def labels(self, photo_id: str) -> Tensor: ...

    def fine(self, photo_id: str) -> Tensor | None: ...


@dataclass(frozen=True)
class Maps:
    """Asks and label maps uint8 [H, W], one for each picture."""

    photos: HeldOut
    asks: list[Ask]
    labels: list[Tensor]

    def photo(self, index: int) -> Tensor:
        """The photo whose map it is, sRGB 0..1 [3, H, W]: what the judges say of it is the ceiling."""
        return self.photos.image(self.asks[index].photo_id).float() / 255

    def every_photo(self) -> Iterator[Tensor]:
        """All held-out photos."""
        return (self.photos.image(photo_id).float() / 255 for photo_id in self.photos.ids)

    def first(self, count: int) -> "Maps":
        """The first few."""
        return replace(self, asks=self.asks[:count], labels=self.labels[:count])


def understood(ask: Ask) -> list[bool]:
    """For each part asked, whether its words are in the phrase that the description of the sentence gives it."""
    prompts = describe(ask.text)
    hits = []
    for part, colour in ask.asked.items():
        prompt = prompts.get(part)
        words = ask.words.get(part, colour).split()
        hits.append(prompt is not None and set(words) <= set(prompt.phrase.split()))
    return hits


def load_maps(data: Path, seed: int, limit: int | None, kind: str = "colours") -> Maps:
    """The held-out maps of a folder with index.json, with what one of SETS asks of them. Raises InputError."""
    photos = PhotoSet(data, held_out=True)
    labels = [photos.labels(photo_id) for photo_id in photos.ids]
    captions = read_captions(data) if kind == "captions" else {}
    return deal(photos, labels, captions, seed, kind).first(limit or len(labels))


def deal(photos: HeldOut, labels: Sequence[Tensor], captions: Mapping[str, str], seed: int, kind: str) -> Maps:
    """What one of SETS asks of the photos' maps [H, W].

    It is dealt to all of them together, so that what the first ones are asked does not hang on how many are used.
    Raises InputError for captions that are not there.
    """
    if kind == "captions":
        asks = [caption_ask(i, captions[i], one) for i, one in zip(photos.ids, labels, strict=True) if captions.get(i)]
        if not asks:
            raise InputError("--ask captions: the held-out photos have none; leave captions out")
        return Maps(photos, asks, [one for i, one in zip(photos.ids, labels, strict=True) if captions.get(i)])
    nouns = [(i, _nouns(photos, i, one)) for i, one in zip(photos.ids, labels, strict=True)]
    return Maps(photos, ask_all(nouns, seed + _OFFSETS[kind], _CARDS[kind]()), list(labels))


def caption_ask(photo_id: str, text: str, labels: Tensor) -> Ask:
    """What a sentence of people's own asks of a map [H, W]: of its large garments the first colour that each names."""
    asked, words = {}, {}
    prompts = describe(text)
    for part in large_garments(labels):
        prompt = prompts.get(part)
        named = colours_asked(prompt.phrase, part) if prompt is not None else {}
        if named:
            words[part], shades = next(iter(named.items()))
            asked[part] = basic_name(shades)
    return Ask(photo_id, text, asked, words)


def read_captions(data: Path) -> dict[str, str]:
    """The captions of a photo set by the photos' ids."""
    records = json.loads((data / "index.json").read_text(encoding="utf-8"))["records"]
    return {str(record["id"]): str(record["caption"]) for record in records if record.get("caption")}


def write_jobs(maps: Maps, folder: Path, seed: int) -> None:
    """`jobs.jsonl` for `humandiffusion generate --jobs`, and the maps that it names."""
    from ..pose.io import save_pose
    from ..pose.semantic_pose import SemanticPose

    (folder / "maps").mkdir(parents=True, exist_ok=True)
    lines = []
    for index, (ask, labels) in enumerate(zip(maps.asks, maps.labels, strict=True)):
        path = folder / "maps" / f"{ask.photo_id}.png"
        save_pose(SemanticPose(labels=labels[None]), path)
        lines.append(json.dumps({"id": ask.photo_id, "text": ask.text, "pose": str(path), "seed": seed + index}))
    (folder / "jobs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _nouns(photos: HeldOut, photo_id: str, labels: Tensor) -> dict[int, str]:
    """What to call each large garment: the photo set's own label of most of its pixels if it is a name of that part."""
    fine = photos.fine(photo_id)
    nouns = {}
    for part in large_garments(labels):
        nouns[part] = NOUNS[part]
        if fine is not None:
            most = photos.fine_labels[int(torch.bincount(fine[labels == part].long()).argmax())]
            nouns[part] = most if CCP_PARTS.get(most) == part else NOUNS[part]
    return nouns


def _name_cards(held_out: bool) -> Sequence[Card]:
    from ..training.xkcd import held_out_colours, training_colours

    names = held_out_colours() if held_out else training_colours()
    cards = [Card(name, name_colour(srgb_to_lab(torch.tensor(rgb) / 255))) for name, rgb in names.items()]
    # There may be more names than garments: those that are dealt shall not be the first of the alphabet.
    random.Random(0).shuffle(cards)
    return cards


_CARDS: dict[str, Callable[[], Sequence[Card]]] = {
    "colours": lambda: PLAIN_CARDS,
    "names": lambda: _name_cards(True),
    "seen": lambda: _name_cards(False),
    "patterns": lambda: PATTERN_CARDS,
}
