"""`humandiffusion train sd-adapter` on tiny pipelines with random weights and drawn photos."""

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.adapters.mca_io import load_mca_adapter
from humandiffusion.cli import main
from humandiffusion.encoders.load import load_encoder
from humandiffusion.parts import FACE, HAIR, PANTS, TOP

pytest.importorskip("accelerate")
pytest.importorskip("transformers")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from random_pipelines import WIDTH, write_sd15, write_sdxl  # noqa: E402


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn photos of 64 x 96 with maps; some of them are held out by their ids."""
    root = tmp_path_factory.mktemp("drawn")
    draw = np.random.default_rng(0)
    for name in ("images", "parsing"):
        (root / name).mkdir()
    for i in range(12):
        labels = np.zeros((96, 64), np.uint8)
        labels[4:10, 26:38], labels[10:20, 26:38], labels[20:50, 20:44], labels[50:90, 24:40] = HAIR, FACE, TOP, PANTS
        picture = np.clip(draw.integers(0, 256, (24, 3))[labels] + draw.normal(0, 8, (96, 64, 3)), 0, 255)
        Image.fromarray(picture.astype(np.uint8)).save(root / "images" / f"{i}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{i}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": str(i)} for i in range(12)]}))
    return root


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd15(tmp_path_factory.mktemp("sd15"))


def train(base: Path, data: Path, out: Path, *more: object) -> int:
    given = ["--base", base, "--data", data, "--out", out, "--workers", 0, "--batch", 2, "--precision", "no"]
    given += ["--size", "64x96", "--variants", 2, "--width", 32, "--log-every", 1, *more]
    return main(["train", "sd-adapter", *map(str, given)])


def losses(out: Path) -> list[float]:
    with (out / "metrics.csv").open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]


def test_the_loss_falls_and_only_the_adapter_is_written(base: Path, drawn: Path, tmp_path: Path):
    before = {path.name: path.read_bytes() for path in base.rglob("*.safetensors")}
    assert train(base, drawn, tmp_path, "--steps", 120, "--lr", 3e-3, "--samples", 1, "--minutes", 5) == 0
    curve = losses(tmp_path)
    assert len(curve) == 120 and np.mean(curve[-30:]) < 0.8 * np.mean(curve[:10])
    adapter, about = load_mca_adapter(tmp_path / "sd-adapter.safetensors")
    assert adapter.layout.encoder_id == load_encoder().encoder_id and about["steps"] == 120
    assert adapter.layout.context_width == WIDTH and adapter.layout.level_widths == (16, 32)
    changed = [*(site.zero_v for site in adapter.sites), *adapter.map_encoder.zero_projs]
    assert all(bool(layer.weight.any()) for layer in changed)
    assert (tmp_path / "sheet.png").is_file()
    assert before == {path.name: path.read_bytes() for path in base.rglob("*.safetensors")}
    kept = sum(path.stat().st_size for path in (tmp_path / "checkpoints").rglob("model*"))
    assert kept < 1.1 * sum(4 * weight.numel() for weight in adapter.state_dict().values()) * 2


def test_a_run_goes_on_as_if_it_had_not_stopped(base: Path, drawn: Path, tmp_path: Path):
    flags = ("--steps", 4, "--samples", 0, "--accumulate", 2)
    assert train(base, drawn, tmp_path / "whole", *flags) == 0
    assert train(base, drawn, tmp_path / "parts", *flags, "--stop-at", 2) == 0
    assert train(base, drawn, tmp_path / "parts", *flags, "--resume") == 0
    assert losses(tmp_path / "whole") == losses(tmp_path / "parts")
    whole, parts = (load_mca_adapter(tmp_path / run / "sd-adapter.safetensors")[0] for run in ("whole", "parts"))
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True))


def test_checkpointing_changes_no_digit(base: Path, drawn: Path, tmp_path: Path):
    for name, more in (("plain", ()), ("light", ("--checkpointing",))):
        assert train(base, drawn, tmp_path / name, "--steps", 2, "--samples", 0, *more) == 0
    assert losses(tmp_path / "plain") == losses(tmp_path / "light")


def test_sdxl_and_v_prediction_train_too(drawn: Path, tmp_path: Path):
    xl, v = write_sdxl(tmp_path / "xl"), write_sd15(tmp_path / "v", prediction="v_prediction")
    for base, family in ((xl, "sdxl"), (v, "sd15")):
        out = tmp_path / f"{family}-out"
        assert train(base, drawn, out, "--steps", 2, "--samples", 1, "--memory", "none", "--precision", "bf16") == 0
        adapter, about = load_mca_adapter(out / "sd-adapter.safetensors")
        assert adapter.layout.family == family and about["memory"] is None and np.isfinite(losses(out)).all()


def test_what_is_no_base_is_refused_by_name(
    base: Path, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "file.safetensors"
    file.write_bytes(b"")
    flux, broken, sd2 = tmp_path / "flux", tmp_path / "broken", write_sd15(tmp_path / "sd2", width=1024)
    for folder, index in ((flux, '{"_class_name": "FluxPipeline"}'), (broken, "{")):
        folder.mkdir()
        (folder / "model_index.json").write_text(index)
    hollow = tmp_path / "hollow"
    hollow.mkdir()
    (hollow / "model_index.json").write_bytes((base / "model_index.json").read_bytes())
    for given, word in (
        (tmp_path / "gone", "model_index.json"),
        (file, "from_single_file"),
        (flux, "FluxPipeline"),
        (broken, "cannot be read"),
        (hollow, "not a whole folder"),
        (sd2, "Stable Diffusion 2"),
    ):
        assert train(given, drawn, tmp_path / "out", "--steps", 1) == 2
        told = capsys.readouterr().err.strip().splitlines()[-1]
        assert word in told and "--base" in told
    assert train(base, drawn, tmp_path / "out", "--steps", 1, "--size", "72x96") == 2
    assert "--size" in capsys.readouterr().err
    assert not (tmp_path / "out" / "sd-adapter.safetensors").exists()


def test_two_processes_train_together_and_one_writes(base: Path, drawn: Path, tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--base", base, "--data", drawn, "--out", tmp_path, "--workers", 0, "--batch", 2, "--precision", "no"]
    flags += ["--size", "64x96", "--variants", 1, "--width", 32, "--samples", 0, "--steps", 2, "--log-every", 1]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", 2, "--num_machines", 1]
    launch += [
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        "--main_process_port",
        port,
        "-m",
        "humandiffusion",
        "train",
        "sd-adapter",
    ]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run([str(word) for word in (*launch, *flags)], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(losses(tmp_path)) == 2 and load_mca_adapter(tmp_path / "sd-adapter.safetensors")[1]["steps"] == 2
