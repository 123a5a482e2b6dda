"""Parts' features made in advance: kept by content, gone on with after a kill, the same by whomever they are made."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.encoders.load import load_encoder
from humandiffusion.training.data.crew import Crew
from humandiffusion.training.data.photo_data import open_data
from humandiffusion.training.kept_variants import kept_variants

ROOT = Path(__file__).parents[2]
MAKE = """
import sys
from pathlib import Path
from humandiffusion.encoders.load import load_encoder
from humandiffusion.training.data.photo_data import open_data
from humandiffusion.training.kept_variants import kept_variants
cache = Path(sys.argv[2])
kept_variants(cache, open_data([Path(sys.argv[1])], cache).train, load_encoder("builtin"), count=2, seed=0, workers=0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen drawn photos with maps."""
    root, draw = tmp_path_factory.mktemp("kept"), np.random.default_rng(0)
    for name in ("images", "parsing"):
        (root / name).mkdir()
    labels = np.zeros((96, 64), np.uint8)
    labels[10:50, 12:36], labels[50:90, 16:32] = 1, 5
    for number in range(16):
        picture = draw.integers(0, 256, (24, 3))[labels].astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{number}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{number}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": str(number)} for number in range(16)]}))
    return root


def test_after_a_kill_only_what_is_missing_is_made_and_nothing_differs(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    pieces, environment = cache / "variants", {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", MAKE, str(folder), str(cache)], env=environment)
    while process.poll() is None and len(list(pieces.glob("[0-9a-f]*"))) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in pieces.glob("[0-9a-f]*")}
    photos, encoder = open_data([folder], cache).train, load_encoder("builtin")
    made = kept_variants(cache, photos, encoder, count=2, seed=0, workers=0)
    assert before and all(path.stat().st_mtime_ns == then for path, then in before.items())
    whole = kept_variants(tmp_path / "other", photos, encoder, count=2, seed=0, workers=1)
    for name in ("latent", "occupancy", "queries", "photo"):
        assert torch.equal(getattr(made, name), getattr(whole, name))
    assert made.photo.tolist() == [row for row in range(len(photos)) for _ in range(2)]


def test_another_map_or_another_recipe_is_made_anew(folder: Path, tmp_path: Path) -> None:
    cache, encoder = tmp_path / "cache", load_encoder("builtin")
    photos = open_data([folder], cache).train.first(2)
    kept_variants(cache, photos, encoder, count=1, seed=0, workers=0)
    assert len(list((cache / "variants").iterdir())) == 2
    path = folder / "parsing" / f"{photos.ids[0]}.png"
    before = path.read_bytes()
    labels = np.array(Image.open(path))
    labels[:5] = 1
    Image.fromarray(labels).save(path)
    kept_variants(cache, photos, encoder, count=1, seed=0, workers=0, crew=Crew())
    assert len(list((cache / "variants").iterdir())) == 3
    kept_variants(cache, photos, encoder, count=1, seed=1, workers=0)
    assert len(list((cache / "variants").iterdir())) == 5
    path.write_bytes(before)
