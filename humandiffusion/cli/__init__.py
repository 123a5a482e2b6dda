"""The command line: `humandiffusion COMMAND ...`, one file per command.

Exit 0: done. 2: something was wrong with what was given. 1: it failed while working. Errors are one line on standard
error; progress goes there too; results go to standard output. A command imports what it needs when it runs, so that
`--help` is instant.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from ..errors import InputError
from . import describe, edit, evaluate, generate, memory, pose, retrieve, train


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(words).parse_args(words)
        return int(args.run(args))
    except SystemExit as ended:  # argparse: --help, or an argument that it refuses
        return ended.code if isinstance(ended.code, int) else 2
    except InputError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted; no half-written file was left", 1)
    except ModuleNotFoundError as error:
        return _fail(f"package {error.name}: not installed; in this pack's folder: pip install -e .[cli,train]", 1)
    except Exception as error:
        if os.environ.get("HUMANDIFFUSION_TRACEBACK"):
            raise
        return _fail(f"{type(error).__name__}: {error}; set HUMANDIFFUSION_TRACEBACK=1 to see where it failed", 1)


class _OneLineParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"humandiffusion: error: {message}; see {self.prog} --help\n")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="humandiffusion", description="A sentence and a semantic pose map become a person.")
    parser.add_argument("--version", action="version", version=f"humandiffusion {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (generate, edit, describe, retrieve, memory, pose, evaluate):
        command.add(commands)
    train.add(commands, words)
    return parser


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"humandiffusion: error: {' '.join(message.split())}\n")
    return code
