"""Laws of editing one part, checked inside ComfyUI by its own interpreter: see inside_edit.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

INSIDE = Path(__file__).with_name("inside_edit.py")
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def results(run_laws: Callable[..., dict[str, str]], base: Path, random_sd: Path) -> dict[str, str]:
    return run_laws(INSIDE, base / "models" / "humandiffusion", random_sd)


@pytest.mark.parametrize("law", LAWS)
def test_editing_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
