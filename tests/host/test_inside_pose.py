"""Laws of the pose nodes, checked inside ComfyUI: see inside_pose.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

INSIDE = Path(__file__).with_name("inside_pose.py")
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def results(run_laws: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return run_laws(INSIDE, tmp_path_factory.mktemp("poses"))


@pytest.mark.parametrize("law", LAWS)
def test_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]
