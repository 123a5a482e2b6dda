"""The flags of a run, saved beside its weights as `flags.json`, and what a resume with others means."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import accelerate
import torch

from .. import __version__
from ..errors import InputError

FILE = "flags.json"
# Of these nothing that is learnt depends on.
_FREE = {
    "out", "resume", "workers", "save_every", "log_every", "stop_at", "tensorboard", "checkpointing", "cache", "data",
    "more", "unmapped",
}  # fmt: skip
# Another value goes on from the same weights, another way. Numbers with a point, as weights of losses, are such too.
_STATED = {"steps", "minutes", "lr", "batch", "accumulate", "precision", "processes"}


def flags_of(args: argparse.Namespace, processes: int) -> dict[str, Any]:
    """The flags as JSON has them, and how many processes there are."""
    plain = {name: _plain(value) for name, value in sorted(vars(args).items()) if not callable(value)}
    return {**plain, "processes": processes}


def write_flags(out: Path, flags: dict[str, Any]) -> None:
    """Keep them beside the weights, with the versions that they were used with."""
    versions = {"humandiffusion": __version__, "torch": torch.__version__, "accelerate": accelerate.__version__}
    beside = out / f".{FILE}.{os.getpid()}.part"
    beside.write_text(json.dumps({"flags": flags, "versions": versions}, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, out / FILE)


def changed_flags(out: Path, flags: dict[str, Any]) -> list[str]:
    """What is other than before and may be, in words. Raises InputError that names every flag that may not."""
    path = out / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        before = dict(content["flags"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"--resume: {path} cannot be read, so nobody knows the flags of the run in {out}") from error
    changed = [name for name in sorted(before.keys() | flags.keys()) if before.get(name) != flags.get(name)]
    refused: list[str] = []
    stated: list[str] = []
    for name in changed:
        was, now = before.get(name), flags.get(name)
        words = f"--{name.replace('_', '-')} was {_words(was)}, is {_words(now)}"
        if name in _FREE:
            continue
        (stated if name in _STATED or _is_weight(was, now) else refused).append(words)
    if refused:
        raise InputError(
            f"--resume: {'; '.join(refused)}: the run in {out} cannot go on so; give what it began with, or start anew "
            "in another --out"
        )
    return stated


def _is_weight(*values: Any) -> bool:
    return any(isinstance(value, float) for value in values) and all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    )


def _words(value: Any) -> str:
    return "not given" if value is None else json.dumps(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
