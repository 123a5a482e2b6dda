import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.encoders.builtin import BuiltinPartEncoder, EncoderConfig, save_encoder
from humandiffusion.parts import HAIR, PANTS, TOP
from humandiffusion.training.photos import is_held_out

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(script: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def write_photos(root: Path, count: int) -> list[str]:
    """Photos that are all held out: a person of three flat parts on noise."""
    ids = [name for name in (f"photo{i}" for i in range(1000)) if is_held_out(name)][:count]
    (root / "images").mkdir(parents=True)
    (root / "parsing").mkdir()
    rng = np.random.default_rng(0)
    for name in ids:
        labels = np.zeros((96, 64), dtype=np.uint8)
        labels[4:12, 24:40], labels[12:50, 16:48], labels[50:90, 18:46] = HAIR, TOP, PANTS
        photo = rng.integers(0, 255, (96, 64, 3), dtype=np.uint8)
        for part in (HAIR, TOP, PANTS):
            photo[labels == part] = rng.integers(0, 255, 3)
        Image.fromarray(photo).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(labels).save(root / "parsing" / f"{name}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": name} for name in ids]}))
    return ids


@pytest.mark.parametrize(
    "script", ["native.py", "encoder.py", "fidelity.py", "figure.py", "sd_alignment.py", "score.py", "animation.py"]
)
def test_each_says_what_it_measures(script: str) -> None:
    done = run(script, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def test_encoder_writes_the_contracted_keys(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_photos(tmp_path / "data", 3)
    torch.manual_seed(0)
    config = EncoderConfig(buckets=256, word_dim=16, text_width=32, image_channels=(8, 16), image_width=32)
    save_encoder(BuiltinPartEncoder(config), tmp_path / "encoder.safetensors")
    out = tmp_path / "figures.json"
    done = run("encoder.py", "--data", tmp_path / "data", "--encoder", tmp_path / "encoder.safetensors", "--json", out)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    wanted = {"recall1_text_to_image", "recall5_text_to_image", "recall5_image_to_text", "crops", "texts"}
    assert wanted <= figures.keys()
    assert figures["crops"] == 6
    assert all(not isinstance(value, (dict, list)) for value in figures.values())


def test_fidelity_writes_jobs_for_the_command_line(tmp_path: Path) -> None:
    ids = write_photos(tmp_path / "data", 3)
    done = run("fidelity.py", "--data", tmp_path / "data", "--write-jobs", tmp_path / "jobs", "--seed", 7)
    assert done.returncode == 0, done.stderr
    jobs = [json.loads(line) for line in (tmp_path / "jobs" / "jobs.jsonl").read_text().splitlines()]
    assert [job["id"] for job in jobs] == ids
    assert [job["seed"] for job in jobs] == [7, 8, 9]
    assert all(Path(job["pose"]).is_file() and job["text"].startswith("A person in ") for job in jobs)


def test_a_folder_that_holds_no_photos_is_one_line_and_2(tmp_path: Path) -> None:
    done = run("fidelity.py", "--data", tmp_path, "--write-jobs", tmp_path / "jobs")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "index.json" in done.stderr


def test_score_writes_the_contracted_keys(tmp_path: Path) -> None:
    ids = write_photos(tmp_path / "data", 3)
    records = [{"id": name, "caption": "a person with brown hair in a red shirt and blue trousers"} for name in ids]
    (tmp_path / "data" / "index.json").write_text(json.dumps({"records": records}))
    out = tmp_path / "figures.json"
    done = run("score.py", "--data", tmp_path / "data", "--others", "1", "--maps", "0", "--json", out)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    assert {"separated_both", "separated_map", "separated_caption", "score_own"} <= figures.keys()
    assert figures["pairs"] == 3 and 0 <= figures["score_own"] <= 1
