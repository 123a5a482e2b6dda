"""The loop that every training run shares: one process or many, precision, accumulation, resuming, checkpoints.

A run is written as one process on one device:

    accelerator = start(args)
    found = training_data(args, accelerator)
    ema, progress = Ema(net, 0.999), Progress(args.out)
    net, optimiser = accelerator.prepare(net, optimiser)
    accelerator.register_for_checkpointing(ema, progress)
    if args.resume:
        resume(accelerator, args.out)
    for turn in steps(args, accelerator, progress, optimiser, nets=(net,), peak=..., name=..., save=...):
        loss = ...  # random only by `turn.generator()` and the global generators, which are seeded for the turn
        descend(accelerator, loss, net, optimiser, clip=1.0)
        if accelerator.sync_gradients:
            ema.update(accelerator.unwrap_model(net))
        progress.losses = {"loss": loss.detach()}
"""

import argparse
import json
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs, set_seed
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..cli.common import appearing_whole
from ..errors import InputError
from .checkpoints import cannot_write, keep_checkpoint, last_checkpoint, resume
from .data.crew import Crew
from .data.files import content_key
from .data.photo_data import Found, open_data
from .ema import Ema
from .flags import changed_flags, flags_of, write_flags
from .metrics import summary_writer
from .options import add_common_arguments
from .progress import Progress
from .turns import EndlessBatches, Turn, seed_of
from .watch import Watch

__all__ = [
    "Ema", "Progress", "Turn", "add_common_arguments", "crew_of", "descend", "endless_loader", "resume",
    "seed_net", "start", "steps", "tell", "training_data", "warmup_cosine",
]  # fmt: skip

# What one process does while the others wait (a sheet, the text tower, joined files) may take longer than 10 minutes.
_PATIENCE = timedelta(hours=3)
_LOOK_EVERY = 10  # steps between two looks at the losses on a GPU, which has to be waited for


def start(args: argparse.Namespace, *, resting: bool = False) -> Accelerator:
    """Seed everything and make the accelerator; bf16 works on CPUs and GPUs, fp16 on GPUs. `resting`: in some steps
    some weights have no part, which many processes have to know.

    Raises InputError if `args.out` holds another run, or this one with flags that it cannot go on with.
    """
    last = last_checkpoint(args.out)
    if args.resume and last is None:
        raise InputError(f"--resume: {args.out} holds no checkpoint yet; start without --resume")
    if last is not None and not args.resume:
        raise InputError(
            f"--out: {args.out} holds a run that is at step {int(last.name)}; go on with --resume, or give another "
            "folder"
        )
    inside = [folder for folder in (args.data, *args.more) if folder.resolve() in (args.out / "x").resolve().parents]
    if inside:
        raise InputError(f"--out: {args.out} lies in {inside[0]}, among the photos; give a folder outside")
    if args.precision == "fp16" and not torch.cuda.is_available():
        raise InputError("--precision: got fp16, which needs a GPU; give bf16 or no")
    if getattr(args, "tensorboard", False):
        summary_writer()
    # Accelerate keeps the precision of a process's first run; a second run here may ask for another.
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(
        mixed_precision=args.precision,
        cpu=not torch.cuda.is_available(),
        gradient_accumulation_steps=getattr(args, "accumulate", 1),
        kwargs_handlers=[
            DistributedDataParallelKwargs(find_unused_parameters=resting),
            InitProcessGroupKwargs(timeout=_PATIENCE),
        ],
    )
    set_seed(args.seed)
    torch.set_flush_denormal(True)  # weights that fade away would slow a CPU down a hundredfold
    if args.resume:
        for change in changed_flags(args.out, flags_of(args, accelerator.num_processes)):
            tell(accelerator, f"--resume: {change}; the run goes on with the new value, not as it would have without")
    return accelerator


def seed_net(args: argparse.Namespace) -> None:
    """Seed everything once more, right before a net is made: whether data was prepared or kept changes nothing then."""
    set_seed(args.seed)


def crew_of(accelerator: Accelerator) -> Crew:
    """The processes of this run."""
    return Crew(accelerator.process_index, accelerator.num_processes, accelerator.wait_for_everyone)


def training_data(
    args: argparse.Namespace, accelerator: Accelerator, *, multiple: int = 1, parse: bool = True
) -> Found:
    """The photos of `--data` and `--more`, checked; what there is to say of them is told before anything starts.

    Folders without maps are parsed by `--parser`, if `parse`, and so are single photos by `--unmapped parse`. Sides of
    the pictures are multiples of `multiple`.
    """
    found = open_data(
        [args.data, *args.more],
        args.cache or args.out / "cache",
        parser=args.parser if parse else None,
        unmapped=args.unmapped == "parse",
        size=args.size,
        multiple=multiple,
        crew=crew_of(accelerator),
        workers=args.workers,
    )
    for line in found.lines:
        tell(accelerator, line)
    _note_data(args, accelerator, found)
    return found


def _note_data(args: argparse.Namespace, accelerator: Accelerator, found: Found) -> None:
    """Keep which photos a run learns from, and say so if it goes on with others."""
    path, now = args.out / "data.json", {"photos": len(found.train.ids), "key": content_key(*found.train.ids)}
    if args.resume and path.is_file():
        try:
            before = dict(json.loads(path.read_text(encoding="utf-8")))
            was = f"the photos are others ({before['photos']} photos before, {now['photos']} now)"
        except (OSError, ValueError, TypeError, KeyError):  # cut short by a kill, under an older version
            before, was = {}, f"{path.name} cannot be read, the photos may be others"
        if before != now:
            tell(accelerator, f"--resume: {was}; the run goes on, not as it would have before")
    if accelerator.is_main_process:
        args.out.mkdir(parents=True, exist_ok=True)
        with appearing_whole(path) as beside:
            beside.write_text(json.dumps(now), encoding="utf-8")


def endless_loader(
    dataset: Dataset[Any], args: argparse.Namespace, accelerator: Accelerator, progress: Progress
) -> DataLoader[Any]:
    """Batches of a dataset whose i-th item is random by i alone, for this process, from where the run is; call it after
    `resume`.
    """
    batches = EndlessBatches(args.batch, progress.step * args.accumulate, crew_of(accelerator))
    ahead = 4 if args.workers else None
    return DataLoader(dataset, batch_sampler=batches, num_workers=args.workers, prefetch_factor=ahead)


def tell(accelerator: Accelerator, text: str) -> None:
    """A line on standard error, once for all processes, without tearing the progress bar."""
    if accelerator.is_main_process:
        tqdm.write(text, file=sys.stderr)


def descend(
    accelerator: Accelerator, loss: Tensor, module: nn.Module, optimiser: torch.optim.Optimizer, *, clip: float
) -> None:
    """Backward, and once a step's gradients are whole: clipped to the norm `clip`, a step of the optimiser.

    A gradient that is no number never reaches the weights: that step is passed over and told.
    """
    accelerator.backward(loss)
    whole = True
    if accelerator.sync_gradients:
        norm = accelerator.clip_grad_norm_(module.parameters(), clip)
        whole = accelerator.scaler is not None or norm is None or math.isfinite(float(norm))  # a scaler looks itself
    if whole:
        optimiser.step()
    else:
        tell(accelerator, "a gradient is not a number: this step changes nothing; more of them ask for a smaller --lr")
    optimiser.zero_grad(set_to_none=True)


@contextmanager
def stop_on_interrupt() -> Iterator[list[bool]]:
    """Ctrl-C, or SIGTERM of a queue, asks the loop to finish its step and save: the yielded list is non-empty once it
    came. Twice ends at once.
    """
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def steps(
    args: argparse.Namespace,
    accelerator: Accelerator,
    progress: Progress,
    *optimisers: torch.optim.Optimizer,
    nets: Sequence[nn.Module],
    peak: float,
    name: str,
    save: Callable[[], None],
) -> Iterator[Turn]:
    """Yield once for each forward and backward that is still to do, until `args.steps`, `args.minutes` or Ctrl-C.

    `nets` are as `accelerator.prepare` gave them: between processes their gradients travel once a step, at its last
    batch.
    Around each step: random generators, the learning rate (`peak`, times a group's own `scale`), the count,
    `progress.losses` in the log now and then, a look whether they are numbers, and checkpoints with `save` (of the main
    process alone) every `args.save_every` steps and at the end. Raises InputError where it cannot go on; the last
    checkpoint then is what it was.
    """
    watch, first, saved = Watch(args.out, args.precision), progress.step, progress.step if args.resume else -1
    spoilt = torch.zeros(2, device=accelerator.device)
    if accelerator.is_main_process:
        args.out.mkdir(parents=True, exist_ok=True)
        write_flags(args.out, flags_of(args, accelerator.num_processes))
        progress.metrics.begin(progress.step, args.tensorboard)
    bar = tqdm(
        total=args.steps, initial=first, desc=name, unit="step", disable=not accelerator.is_main_process,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]",
    )  # fmt: skip
    pictures, busy = 0, 0.0
    with stop_on_interrupt() as stopped, bar:
        while not (stopping := _agreed(accelerator, progress, bool(stopped))):
            done = _done(args, progress)
            if done >= 1 or (args.stop_at is not None and progress.step >= args.stop_at):
                break
            began = time.monotonic()
            rate = peak * warmup_cosine(int(done * 10_000), steps=10_000, warmup=100)
            for group in (group for optimiser in optimisers for group in optimiser.param_groups):
                group["lr"] = rate * group.get("scale", 1.0)
            for part in range(args.accumulate):
                seed = seed_of(args.seed, progress.step, part, accelerator.process_index)
                turn = Turn(progress.step, part, seed)
                turn.seed_everything()
                with accelerator.accumulate(*nets):
                    yield turn
                pictures += progress.batch or args.batch
            progress.step += 1
            saving = progress.step % args.save_every == 0
            if accelerator.device.type == "cpu" or saving or progress.step % _LOOK_EVERY == 0:
                spoilt[0] = float(not watch.look(progress.losses))
                if float(accelerator.reduce(spoilt, "sum")[0]):
                    raise watch.failure(progress.step)
                if watch.warning:
                    tell(accelerator, f"step {progress.step}: {watch.warning}")
            spent = time.monotonic() - began
            progress.seconds += spent
            busy += spent
            bar.update()
            if progress.step % args.log_every in (0, 1 % args.log_every):  # two in a row: runs whose steps take turns
                speed = pictures * accelerator.num_processes / max(busy, 1e-9)
                with _disk(args.out):
                    _report(args, accelerator, progress, bar, rate, speed, (progress.step - first) / max(busy, 1e-9))
                pictures, busy, first = 0, 0.0, progress.step
            if saving:
                _save(args, accelerator, progress, save)
                saved = progress.step
        if saved != progress.step:
            _save(args, accelerator, progress, save)
    if stopping:
        tell(accelerator, f"stopped at step {progress.step}; --resume goes on from there")


def warmup_cosine(step: int, *, steps: int, warmup: int) -> float:
    """Learning-rate factor: linear from 0 over `warmup` steps, then half a cosine down to a twentieth."""
    if step < warmup:
        return (step + 1) / warmup
    done = min((step - warmup) / max(steps - warmup, 1), 1.0)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def _done(args: argparse.Namespace, progress: Progress) -> float:
    by_time = progress.seconds / 60 / float(args.minutes) if args.minutes else 0.0
    return max(progress.step / int(args.steps), by_time)


def _agreed(accelerator: Accelerator, progress: Progress, stopped: bool) -> bool:
    """Whether anybody was asked to stop; many processes take the main one's time, so that all stop at the same step."""
    if accelerator.num_processes == 1:
        return stopped
    mine = progress.seconds if accelerator.is_main_process else 0.0
    told = torch.tensor([float(stopped), mine], dtype=torch.float64, device=accelerator.device)
    stop, progress.seconds = accelerator.reduce(told, "sum").tolist()
    return float(stop) > 0


def _report(
    args: argparse.Namespace, accelerator: Accelerator, progress: Progress, bar: "tqdm[None]", rate: float,
    speed: float, pace: float,
) -> None:  # fmt: skip
    """Means over the processes, into the log and beside the bar; what is left by steps or by minutes."""
    losses = {key: float(accelerator.reduce(loss.float(), "mean")) for key, loss in progress.losses.items()}
    progress.log(lr=rate, pictures_per_second=speed, **losses)
    left = (args.steps - progress.step) / pace
    if args.minutes:
        left = min(left, max(args.minutes * 60 - progress.seconds, 0))
    told = {key: f"{loss:.3f}" for key, loss in losses.items()}
    bar.set_postfix({**told, "pictures/s": f"{speed:.1f}", "left": tqdm.format_interval(int(left))})


def _save(args: argparse.Namespace, accelerator: Accelerator, progress: Progress, save: Callable[[], None]) -> None:
    keep_checkpoint(accelerator, args.out, progress.step)
    if accelerator.is_main_process:
        with _disk(args.out):
            save()
    accelerator.wait_for_everyone()


@contextmanager
def _disk(out: Path) -> Iterator[None]:
    """A disk that takes no more is one line, and what of the run is whole."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise InputError(cannot_write(out, " ".join(str(error).split())[:120])) from error
