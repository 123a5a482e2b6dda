"""Laws of alignment on Stable Diffusion, checked inside ComfyUI by its own interpreter: see inside_sd.py."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

INSIDE, FILES = (Path(__file__).with_name(name) for name in ("inside_sd.py", "sd_files.py"))
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def results(
    host: SimpleNamespace, run_laws: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("sd")
    subprocess.run([str(part) for part in (host.python, FILES, host.path, folder)], check=True, capture_output=True)
    return run_laws(INSIDE, folder)


@pytest.mark.parametrize("law", LAWS)
def test_alignment_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
