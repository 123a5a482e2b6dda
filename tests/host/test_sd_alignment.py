"""The benchmark of alignment on Stable Diffusion, on small networks: its laws hold there as well."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "sd_alignment.py"


@pytest.fixture(scope="module")
def figures(host: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    out = tmp_path_factory.mktemp("figures") / "figures.json"
    command = [sys.executable, BENCHMARK, "--quick", "--json", out, "--sections", "laws", "parity"]
    env = {**os.environ, "COMFYUI_PATH": str(host.path), "COMFYUI_PYTHON": str(host.python)}
    run = subprocess.run([str(word) for word in command], env=env, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(out.read_text("utf-8"))


def test_diffusers_and_comfyui_agree_with_mca_on(figures: dict[str, float]) -> None:
    # Both compute in float32, in another order.
    for name in ("parity_one_step", "parity_four_steps", "parity_one_step_plain", "parity_four_steps_plain"):
        assert figures[name] < 1e-4, name


def test_a_phrase_changes_nothing_outside_its_region_in_exclusive_mode(figures: dict[str, float]) -> None:
    assert figures["leak_exclusive"] <= 1e-6 and figures["change_inside"] > 1e-3


def test_a_batch_of_three_is_its_singles(figures: dict[str, float]) -> None:
    assert figures["batch_error"] < 1e-4
