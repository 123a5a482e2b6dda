"""Laws of encoder folders, checked inside ComfyUI: see inside_encoders.py."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

INSIDE = Path(__file__).with_name("inside_encoders.py")
TWO_TOWERS = Path(__file__).parents[1] / "encoders" / "two_towers.py"
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def results(
    host: SimpleNamespace, run_laws: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("encoders")
    subprocess.run([str(host.python), str(TWO_TOWERS), str(folder)], check=True, capture_output=True)
    return run_laws(INSIDE, folder)


@pytest.mark.parametrize("law", LAWS)
def test_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
