"""A drawn photo set with captions, most of it held out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from humandiffusion.parts import FACE, HAIR, PANTS, TOP
from humandiffusion.training.photos import is_held_out

SIZE = (96, 64)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photos that are held out and three that are not: a person of flat parts on noise."""
    root = tmp_path_factory.mktemp("drawn")
    names = [f"photo{i}" for i in range(1000)]
    held_out = [name for name in names if is_held_out(name)][:4]
    ids = [*held_out, *(name for name in names if not is_held_out(name))][:7]
    for folder in ("images", "parsing"):
        (root / folder).mkdir()
    draw = np.random.default_rng(0)
    for name in ids:
        labels = np.zeros(SIZE, dtype=np.uint8)
        labels[4:12, 24:40], labels[12:20, 26:38] = HAIR, FACE
        labels[20:50, 16:48], labels[50:90, 18:46] = TOP, PANTS
        photo = draw.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
        for part in (HAIR, FACE, TOP, PANTS):
            photo[labels == part] = draw.integers(0, 255, 3)
        Image.fromarray(photo).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(labels).save(root / "parsing" / f"{name}.png")
    caption = "A woman with brown hair in a navy top and red trousers"
    (root / "index.json").write_text(json.dumps({"records": [{"id": name, "caption": caption} for name in ids]}))
    return root
