"""Running the command line in this process, as its console script does."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from humandiffusion.cli import main


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The last line on standard error; progress bars, which a terminal overwrites, come before it."""
        return self.err.replace("\r", "\n").strip().splitlines()[-1] if self.err.strip() else ""


@pytest.fixture
def humandiffusion(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """`humandiffusion(*arguments)`."""

    def run(*arguments: object) -> Ended:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run
