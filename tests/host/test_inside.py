"""Laws of the bridge, checked inside ComfyUI by its own interpreter: see inside.py, which has one function for each."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

INSIDE = Path(__file__).with_name("inside.py")
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def results(host: SimpleNamespace, base: Path, pack: Path) -> dict[str, str]:
    tiny = base / "models" / "humandiffusion"
    command = [host.python, INSIDE, host.path, pack, tiny]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout[run.stdout.index("{") :])


@pytest.mark.parametrize("law", LAWS)
def test_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
