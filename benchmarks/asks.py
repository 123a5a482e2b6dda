"""The held-out maps and what is asked of each, for `fidelity.py`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from humandiffusion.describe import describe
from humandiffusion.evaluation.asking import NOUNS, Ask, ask_all, large_garments
from humandiffusion.training.ccp import CCP_PARTS
from humandiffusion.training.photos import PhotoSet


@dataclass(frozen=True)
class Maps:
    """Asks and label maps uint8 [H, W], one for each picture."""

    photos: PhotoSet
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
        return Maps(self.photos, self.asks[:count], self.labels[:count])

    def understood(self) -> float:
        """Share of the asked colours that the description of the sentence has in the phrase of their part."""
        hits = []
        for ask in self.asks:
            prompts = describe(ask.text)
            for part, colour in ask.asked.items():
                prompt = prompts.get(part)
                hits.append(prompt is not None and colour in prompt.phrase.split())
        return sum(hits) / len(hits)


def load_maps(data: Path, seed: int, limit: int | None) -> Maps:
    """Asks of all held-out maps are dealt together, so that `limit` does not change what is asked of the first ones."""
    photos = PhotoSet(data, held_out=True)
    labels = [photos.labels(photo_id) for photo_id in photos.ids]
    asks = ask_all([(i, _nouns(photos, i, one)) for i, one in zip(photos.ids, labels, strict=True)], seed)
    return Maps(photos, asks[:limit], labels[:limit])


def write_jobs(maps: Maps, folder: Path, seed: int) -> None:
    """`jobs.jsonl` for `humandiffusion generate --jobs`, and the maps that it names."""
    from humandiffusion.pose.io import save_pose
    from humandiffusion.pose.semantic_pose import SemanticPose

    (folder / "maps").mkdir(parents=True, exist_ok=True)
    lines = []
    for index, (ask, labels) in enumerate(zip(maps.asks, maps.labels, strict=True)):
        path = folder / "maps" / f"{ask.photo_id}.png"
        save_pose(SemanticPose(labels=labels[None]), path)
        lines.append(json.dumps({"id": ask.photo_id, "text": ask.text, "pose": str(path), "seed": seed + index}))
    (folder / "jobs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _nouns(photos: PhotoSet, photo_id: str, labels: Tensor) -> dict[int, str]:
    """What to call each large garment: the photo set's own label of most of its pixels if it is a name of that part."""
    fine = photos.fine(photo_id)
    nouns = {}
    for part in large_garments(labels):
        nouns[part] = NOUNS[part]
        if fine is not None:
            most = photos.fine_labels[int(torch.bincount(fine[labels == part].long()).argmax())]
            nouns[part] = most if CCP_PARTS.get(most) == part else NOUNS[part]
    return nouns
