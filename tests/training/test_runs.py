"""The training runs as the command line starts them, on drawn photos: a few real steps, and on from there."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from humandiffusion.cli import main
from humandiffusion.models.io import load_denoiser
from humandiffusion.parts import FACE, HAIR, PANTS, SKIN, TOP

pytest.importorskip("accelerate")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty drawn photos of 128 x 192 with maps; some of them are held out by their ids."""
    root = tmp_path_factory.mktemp("drawn")
    draw = np.random.default_rng(0)
    for name in ("images", "parsing"):
        (root / name).mkdir()
    for i in range(20):
        labels = np.zeros((192, 128), np.uint8)
        labels[10:20, 54:74], labels[20:40, 54:74], labels[90:100, 36:44] = HAIR, FACE, SKIN
        labels[40:100, 44:84], labels[100:180, 48:80] = TOP, PANTS
        colours = draw.integers(0, 256, (24, 3))
        picture = np.clip(colours[labels] + draw.normal(0, 8, (192, 128, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{i}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{i}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": str(i)} for i in range(20)]}))
    return root


def test_the_denoiser_trains_goes_on_and_its_pictures_train_a_decoder_to_go_with_it(drawn: Path, tmp_path: Path):
    out = tmp_path / "denoiser"
    common = ["--data", str(drawn), "--workers", "0"]
    few = ["train", "denoiser", *common, "--out", str(out), "--batch", "2", "--variants", "2", "--save-every", "2"]
    assert main([*few, "--steps", "2"]) == 0
    first = load_file(out / "unet.safetensors")
    assert main([*few, "--steps", "3", "--resume"]) == 0
    second = load_file(out / "unet.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in second.values())
    assert any(not torch.equal(first[name], second[name]) for name in first)
    assert (out / "sheet.png").is_file()

    recon = ["--denoiser", str(out), "--out", str(tmp_path / "recon"), "--variants", "2"]
    assert main(["train", "reconstructions", *common, *recon, "--count", "2", "--batch", "2"]) == 0
    with np.load(next((tmp_path / "recon").glob("*.npz"))) as file:
        assert file["recon"].shape == (2, 96, 64, 3) and len(file["ids"]) == 2

    shipped = load_denoiser()
    (tmp_path / "decoder").mkdir()
    save_file(shipped.decoder.state_dict(), tmp_path / "decoder" / "decoder.safetensors")
    model = tmp_path / "model.safetensors"
    parts = ["--denoiser", str(out), "--decoder", str(tmp_path / "decoder"), "--out", str(model)]
    assert main(["train", "assemble", *parts]) == 0
    assert load_denoiser(model).metadata["encoder_id"] == shipped.metadata["encoder_id"]


def test_a_folder_without_photos_is_refused_before_anything_is_written(tmp_path: Path):
    assert main(["train", "denoiser", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    assert not (tmp_path / "out" / "unet.safetensors").exists()
