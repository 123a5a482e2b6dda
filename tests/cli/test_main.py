"""The frame of the command line: help, exit codes, one-line errors."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def test_help_names_the_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from humandiffusion.cli import main; code = main(['--help']);"
        "sys.exit(code or any(name in sys.modules for name in ('torch', 'numpy', 'PIL', 'diffusers')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=_ROOT)
    assert done.returncode == 0, done.stderr
    for command in ("generate", "describe", "retrieve", "memory", "train"):
        assert command in done.stdout


def test_module_runs_without_an_install() -> None:
    command = [sys.executable, "-m", "humandiffusion", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=_ROOT)
    assert done.returncode == 0 and done.stdout.startswith("humandiffusion ")


@pytest.mark.parametrize("command", ["generate", "describe", "retrieve", "memory", "train"])
def test_every_command_has_help(humandiffusion: Callable, command: str) -> None:
    ended = humandiffusion(command, "--help")
    assert ended.code == 0 and "usage" in ended.out and not ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("paint",),
        ("generate", "--seed", "one"),
        ("generate", "--seed", "-1"),
        ("generate", "--seed", str(2**64)),
        ("generate", "--steps", "0"),
        ("generate", "--cfg", "nan"),
        ("generate", "--size", "256"),
        ("generate", "--out", "picture.bmp"),
        ("generate", "--out", "no-such-folder/picture.png"),
        ("generate", "--fast"),
        ("retrieve", "--text", "a red shirt"),
        ("train",),
        ("train", "dog"),
        ("memory",),
    ],
)
def test_a_wrong_argument_is_one_line_and_two(humandiffusion: Callable, arguments: tuple[str, ...]) -> None:
    ended = humandiffusion(*arguments)
    assert ended.code == 2 and not ended.out
    assert ended.err.startswith("humandiffusion: error: ") and ended.err.count("\n") == 1
