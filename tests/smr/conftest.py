"""An encoder that sees colour alone, a small wardrobe that it made, and a folder of drawn photos."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from humandiffusion.colour import BASIC_COLOURS
from humandiffusion.parts import BACKGROUND, FACE, HAIR, PANTS, SKIN, TOP
from humandiffusion.smr.memory import MemoryItem, StyleMemory, initialise

LABELS59 = ("null", "hair", "skin", "shirt", "t-shirt", "jeans")


class ColourEncoder:
    """A real part encoder: the mean colour inside the mask, or that of the first colour word of a phrase."""

    encoder_id = "mean-colour"
    dim = 6
    crop_size = 80

    def encode_text(self, phrases: list[str]) -> Tensor:
        """Grey where there is no colour word."""
        words = [next((word for word in phrase.split() if word in BASIC_COLOURS), "grey") for phrase in phrases]
        return _vectors(torch.tensor([BASIC_COLOURS[word] for word in words]).reshape(-1, 3) / 255)

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Crops [N, 3, H, W] and masks [N, 1, H, W]."""
        return _vectors((images * masks).sum((2, 3)) / masks.sum((2, 3)))


def _vectors(rgb: Tensor) -> Tensor:
    return F.normalize(torch.cat((rgb, 1 - rgb), 1) + 0.2, dim=1)


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


@pytest.fixture
def item(encoder: ColourEncoder) -> Callable[..., MemoryItem]:
    """One item of a colour: `item(TOP, "red", 3)`."""

    def make(part: int, colour: str, number: int, source: str = "", **more: object) -> MemoryItem:
        rgb = torch.tensor(BASIC_COLOURS[colour])
        return MemoryItem(
            id=f"{part:08x}{number:08x}",
            vector=_vectors(rgb[None] / 255 + 0.003 * number)[0],
            part=part,
            caption=f"{colour} thing",
            source=source or f"set/{number}",
            licence="CC0",
            thumbnail=rgb.to(torch.uint8).expand(4, 4, 3).clone(),
            **more,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def wardrobe(item: Callable[..., MemoryItem], encoder: ColourEncoder) -> StyleMemory:
    """Tops and pants in all basic colours twice, brown hair and its green copies, a face, skin, three backgrounds."""
    items = [
        item(part, colour, 2 * i + copy, f"set/{2 * i + copy}")
        for part in (TOP, PANTS)
        for i, colour in enumerate(BASIC_COLOURS)
        for copy in (0, 1)
    ]
    items += [item(HAIR, "brown", 0), item(HAIR, "brown", 1)]
    items += [item(HAIR, "green", 2 + i, f"set/{i} recoloured green") for i in range(6)]
    items += [item(FACE, "pink", 0, "set/mean of 9 faces"), item(SKIN, "pink", 1), item(SKIN, "brown", 2)]
    items += [item(BACKGROUND, colour, i) for i, colour in enumerate(("grey", "blue", "white"))]
    return initialise(items, encoder_id=encoder.encoder_id, mean_text=encoder.encode_text(list(BASIC_COLOURS)).mean(0))


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 drawn photos of 48 x 96: black hair, pink face and skin, a grey top, black jeans on a white wall."""
    root = tmp_path_factory.mktemp("drawn photos")
    for folder in ("images", "parsing", "labels59"):
        (root / folder).mkdir()
    ids = [f"{number:04d}" for number in range(24)]
    for number, photo_id in enumerate(ids):
        _draw(root, photo_id, "t-shirt" if number % 4 == 0 else "shirt", number)
    records = {"labels59": LABELS59, "records": [{"id": photo_id} for photo_id in ids]}
    (root / "index.json").write_text(json.dumps(records), encoding="utf-8")
    return root


def _draw(root: Path, photo_id: str, kind: str, shade: int) -> None:
    image = np.full((96, 48, 3), 235, dtype=np.uint8)
    parts, fine = np.zeros((96, 48), dtype=np.uint8), np.zeros((96, 48), dtype=np.uint8)
    rows = (
        (slice(2, 12), HAIR, "hair", (20, 18, 18)),
        (slice(12, 22), FACE, "skin", (220 - 3 * shade, 170, 150)),
        (slice(22, 32), SKIN, "skin", (215, 165, 145)),
        (slice(32, 62), TOP, kind, (120 + shade, 120, 122)),
        (slice(62, 94), PANTS, "jeans", (24, 24, 26 + shade)),
    )
    for row, part, label, colour in rows:
        image[row, 12:36], parts[row, 12:36], fine[row, 12:36] = colour, part, LABELS59.index(label)
    Image.fromarray(image).save(root / "images" / f"{photo_id}.jpg", quality=95)
    for folder, labels in (("parsing", parts), ("labels59", fine)):
        picture = Image.fromarray(labels, mode="P")
        picture.putpalette([value for index in range(24) for value in (index * 10,) * 3])
        picture.save(root / folder / f"{photo_id}.png")
