"""Laws of alignment on Stable Diffusion, checked inside ComfyUI by its own interpreter: see inside_sd*.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = [Path(__file__).with_name(name) for name in ("inside_sd.py", "inside_sd_chains.py")]
LAWS = [law for script in SCRIPTS for law in re.findall(r"^def (law_\w+)", script.read_text("utf-8"), re.M)]


@pytest.fixture(scope="session")
def results(run_laws: Callable[..., dict[str, str]], random_sd: Path) -> dict[str, str]:
    return {law: broke for script in SCRIPTS for law, broke in run_laws(script, random_sd).items()}


@pytest.mark.parametrize("law", LAWS)
def test_alignment_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
