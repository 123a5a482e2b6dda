"""The benchmarks of memory files, run whole on small data: they measure, and find nothing lost and nothing unfound."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from humandiffusion.parts import PANTS, TOP

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="kills and counts memory as POSIX has it")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("set")
    (root / "images").mkdir()
    (root / "parsing").mkdir()
    labels = np.repeat(np.uint8([0, TOP, PANTS]), 20)[:, None].repeat(40, 1)
    for number in range(40):
        image = np.random.default_rng(number).integers(0, 255, (60, 40, 3), dtype=np.uint8)
        Image.fromarray(image).save(root / "images" / f"{number:03d}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{number:03d}.png")
    return root


def figures(name: str, out: Path, *options: object) -> dict[str, float]:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--json", str(out), *map(str, options)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, float] = json.loads(out.read_text())
    return told


def test_building_is_measured_against_the_bare_encoder(photos: Path, tmp_path: Path) -> None:
    told = figures("memory_build", tmp_path / "f.json", "--data", photos, "--turns", 1, "--threads", 1)
    assert told["photos"] == 40 and told["crops"] == 120
    assert told["ratio_to_forward"] > 0 and told["cpu_ratio"] > 0 and told["photos_a_second"] > 0


@posix
def test_every_damaged_file_is_found(tmp_path: Path) -> None:
    told = figures("memory_damage", tmp_path / "f.json", "--files", 60, "--seed", 1)
    assert told["refused"] + told["found_by_verify"] == told["files"] == 60
    assert told["crashes"] == told["not_found"] == told["unclear"] == 0 and told["peak_growth_mib"] < 500


@posix
def test_kills_lose_nothing(photos: Path, tmp_path: Path) -> None:
    told = figures("memory_kills", tmp_path / "f.json", "--data", photos, "--photos", 20, "--kills", 4)
    assert told["kills"] >= 4 and told["lost"] == told["not_opened"] == told["differing"] == 0
