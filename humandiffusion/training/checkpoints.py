"""Checkpoints that are there whole or not at all: `OUT/checkpoints/STEP/`, the last two kept."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import torch
from accelerate import Accelerator
from safetensors import SafetensorError

from ..errors import InputError

KEPT = 2


def last_checkpoint(out: Path) -> Path | None:
    """The folder of the last whole checkpoint of a run."""
    whole = [path for path in (out / "checkpoints").glob("[0-9]*") if path.is_dir()]
    return max(whole, key=lambda path: int(path.name), default=None)


def resume(accelerator: Accelerator, out: Path) -> None:
    """Load the last checkpoint of a run. Raises InputError if there is none."""
    last = last_checkpoint(out)
    if last is None:
        raise InputError(f"--resume: {out} holds no checkpoint yet; start without --resume")
    accelerator.load_state(str(last))


def keep_checkpoint(accelerator: Accelerator, out: Path, step: int) -> None:
    """Save the state of all processes; it appears once all of it is on the disk. Raises InputError if it cannot be
    written, in every process.
    """
    target, beside = out / "checkpoints" / f"{step:08d}", out / "checkpoints" / f".{step:08d}.part"
    fault = ""
    if accelerator.is_main_process:
        shutil.rmtree(beside, ignore_errors=True)
    accelerator.wait_for_everyone()
    try:
        accelerator.save_state(str(beside))
    except (OSError, RuntimeError, SafetensorError) as error:  # a full disk is any of these, by who meets it
        fault = " ".join(str(error).split())[:120]
    failed = accelerator.reduce(torch.tensor(float(bool(fault)), device=accelerator.device), "sum")
    if accelerator.is_main_process and not float(failed):
        try:
            _settle(beside, target)
        except OSError as error:
            fault = str(error)
    failed = accelerator.reduce(torch.tensor(float(bool(fault)), device=accelerator.device), "sum")
    if float(failed):
        if accelerator.is_main_process:
            shutil.rmtree(beside, ignore_errors=True)
        raise InputError(cannot_write(out, fault))


def cannot_write(out: Path, fault: str) -> str:
    """What is said when a run's folder takes no more."""
    last = last_checkpoint(out)
    kept = f"the checkpoint of step {int(last.name)} is whole: make room, then --resume" if last else "make room"
    return f"--out: {out} cannot be written ({fault or 'in another process'}); {kept}"


def _settle(beside: Path, target: Path) -> None:
    for path in beside.rglob("*"):
        if path.is_file():
            with path.open("r+b") as file:  # Windows flushes only what may be written to
                os.fsync(file.fileno())
    if target.is_dir():  # of the same step: a run that went on and stopped at once
        shutil.rmtree(beside)
    else:
        os.rename(beside, target)
    whole = sorted((path for path in target.parent.glob("[0-9]*") if path.is_dir()), key=lambda path: int(path.name))
    for old in whole[:-KEPT]:
        with suppress(OSError):  # renamed first: a kill amid deleting would leave a part of it under a whole one's name
            os.rename(old, old.with_name(f".{old.name}.old"))
    for rest in target.parent.glob(".[0-9]*"):  # of runs that were killed while writing or deleting, too
        shutil.rmtree(rest, ignore_errors=True)
