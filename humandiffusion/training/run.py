"""What every training run shares: device and precision, moving averages, resuming, and arguments of the command
line.
"""

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed
from torch import Tensor, nn
from tqdm import tqdm

from ..cli.common import whole_number
from ..errors import InputError


def add_common_arguments(parser: argparse.ArgumentParser, *, steps: int, batch: int) -> None:
    """Options of every `humandiffusion train ...`."""
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, samples and the weights")
    parser.add_argument("--steps", type=whole_number(1), default=steps, help="optimiser steps (default %(default)s)")
    parser.add_argument("--batch", type=whole_number(1), default=batch, help="pictures a step (default %(default)s)")
    parser.add_argument("--lr", type=float, default=None, help="peak learning rate")
    parser.add_argument("--minutes", type=float, default=None, help="stop after so many minutes even if steps remain")
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="bf16", help="mixed precision")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--save-every", type=whole_number(1), default=500, help="steps between checkpoints (default %(default)s)"
    )
    parser.add_argument(
        "--workers", type=whole_number(0), default=2, help="processes that prepare data (default %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")


def start(args: argparse.Namespace) -> Accelerator:
    """Seed everything and make the accelerator; bf16 works on CPUs and GPUs, fp16 on GPUs."""
    args.out.mkdir(parents=True, exist_ok=True)
    set_seed(args.seed)
    torch.set_flush_denormal(True)  # weights that fade away would slow a CPU down a hundredfold
    # Accelerate keeps the precision of a process's first run; a second run here may ask for another.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(mixed_precision=args.precision, cpu=not torch.cuda.is_available())


def resume(accelerator: Accelerator, out: Path) -> None:
    """Load the last checkpoint of a run. Raises InputError if there is none."""
    if not (out / "resume").is_dir():
        raise InputError(f"--resume: {out} holds no checkpoint yet; start without --resume")
    accelerator.load_state(str(out / "resume"))


class Ema:
    """Exponential moving average of a module's weights, with a warm-up so that early steps do not linger."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.weights = {name: tensor.detach().clone().float() for name, tensor in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """One step of the average."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, tensor in module.state_dict().items():
            if tensor.dtype.is_floating_point:
                self.weights[name].lerp_(tensor.detach().float(), 1 - decay)
            else:
                self.weights[name] = tensor.detach().clone()

    def state_dict(self) -> dict[str, object]:
        """For `Accelerator.register_for_checkpointing`."""
        return {"steps": self.steps, "weights": self.weights}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """The inverse of `state_dict`."""
        self.steps, self.weights = state["steps"], state["weights"]  # type: ignore[assignment]


class Progress:
    """Steps done and seconds spent, kept with a checkpoint and written to `log.jsonl`."""

    def __init__(self, out: Path) -> None:
        self.step, self.seconds, self.out = 0, 0.0, out
        self.losses: dict[str, Tensor] = {}

    def log(self, **values: float) -> None:
        """Append one line of figures."""
        line = {"step": self.step, "seconds": round(self.seconds, 1), **{k: round(v, 5) for k, v in values.items()}}
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def state_dict(self) -> dict[str, float]:
        """For `Accelerator.register_for_checkpointing`."""
        return {"step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """The inverse of `state_dict`."""
        self.step, self.seconds = int(state["step"]), state["seconds"]


@contextmanager
def stop_on_interrupt() -> Iterator[list[bool]]:
    """Ctrl-C asks the loop to finish its step and save: the yielded list is non-empty once it was pressed. Twice ends
    at once.
    """
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def steps(
    args: argparse.Namespace,
    accelerator: Accelerator,
    progress: Progress,
    *optimisers: torch.optim.Optimizer,
    peak: float,
    name: str,
    save: Callable[[], None],
) -> Iterator[None]:
    """Yield once for each step that is still to do, until `args.steps`, `args.minutes` or Ctrl-C.

    Around each step: the learning rate (`peak`, times a group's own `scale`), the count, a line of `progress.losses` in
    the log now and then, and checkpoints with `save` every `args.save_every` steps and at the end.
    """
    bar = tqdm(total=args.steps, initial=progress.step, desc=name, unit="step")
    with stop_on_interrupt() as stopped:
        while progress.step < args.steps and not stopped:
            began = time.monotonic()
            done = max(progress.step / args.steps, progress.seconds / 60 / args.minutes if args.minutes else 0.0)
            if done >= 1:
                break
            for group in (group for optimiser in optimisers for group in optimiser.param_groups):
                group["lr"] = (
                    peak * group.get("scale", 1.0) * warmup_cosine(int(done * 10_000), steps=10_000, warmup=100)
                )
            yield
            progress.step += 1
            progress.seconds += time.monotonic() - began
            bar.update()
            if progress.step % 20 < 2:  # two in a row, for runs whose steps differ in turn
                progress.log(**{key: float(loss) for key, loss in progress.losses.items()})
                bar.set_postfix({key: f"{float(loss):.3f}" for key, loss in progress.losses.items()})
            if progress.step % args.save_every == 0:
                accelerator.save_state(str(args.out / "resume"))
                save()
    accelerator.save_state(str(args.out / "resume"))
    save()


def warmup_cosine(step: int, *, steps: int, warmup: int) -> float:
    """Learning-rate factor: linear from 0 over `warmup` steps, then half a cosine down to a twentieth."""
    import math

    if step < warmup:
        return (step + 1) / warmup
    done = min((step - warmup) / max(steps - warmup, 1), 1.0)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))
