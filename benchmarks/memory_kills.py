"""Is anything lost when the process dies while a memory is built or updated?

    python benchmarks/memory_kills.py --data shared/data/ccp --kills 50 --json memory_kills.json

Half of the kills (SIGKILL, at random moments) hit a build of the folder's first photos, which is started again each
time until it ends; half hit a process that adds items to a memory and now and then compacts it. After each one the file
must open and be whole (`verify`), what was reported done must be there, and the finished build must be the one that was
never killed. Needs a system with fork.
"""

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from common import Figures, report, start

WANTED = {"lost": "0", "not_opened": "0", "differing": "0"}


@dataclass
class Told:
    """What was seen after the kills."""

    kills: int = 0
    builds: int = 0
    appended: int = 0
    compacted: int = 0
    lost: int = 0
    not_opened: int = 0
    differing: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> None:
    """Kill; print and write the figures."""
    args = _arguments()
    import torch

    from humandiffusion.encoders.load import load_encoder

    torch.set_num_threads(1)  # a child of fork may use no thread of its parent
    told, rng = Told(), random.Random(args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        from memory_build import _folder

        folder = _folder(args.data, Path(scratch) / "photos", args.photos)
        encoder = load_encoder()
        kill_builds(folder, Path(scratch), encoder, args.kills // 2, rng, told)
        kill_updates(Path(scratch), encoder, args.kills - args.kills // 2, rng, told)
    for problem in told.problems:
        print(problem)
    figures: Figures = {name: value for name, value in vars(told).items() if name != "problems"}
    report("Killed while building and updating", figures | {"photos": args.photos}, WANTED, args.json)


def kill_builds(folder: Path, scratch: Path, encoder: object, kills: int, rng: random.Random, told: Told) -> None:
    """Kill builds at moments dealt over all that a whole one takes."""
    from humandiffusion.smr.build import build_from_folder

    whole, out = scratch / "whole.safetensors", scratch / "memory.safetensors"

    def build(path: Path) -> Callable[[Connection], None]:
        return lambda tell: build_from_folder(
            folder, path, encoder, licence="for measuring", progress=lambda done, _: tell.send(done)
        )

    began = time.monotonic()
    _killed(build(whole), None)
    whole_seconds = time.monotonic() - began
    last = told.kills + kills
    while told.kills < last:
        done = 0
        while True:
            wait = rng.random() * whole_seconds / 2 if told.kills < last else None
            reports, ended = _killed(build(out), wait)
            told.kills += not ended
            if reports and reports[0] <= done:
                told.lost += 1
                told.problems.append(f"build: {done} photos were done, and it went on from {reports[0]}")
            done = max([done, *reports])
            if out.is_file():
                _check(out, told)
            if ended:
                break
        told.builds += 1
        told.differing += not _same(out, whole)
        out.unlink()


def kill_updates(scratch: Path, encoder: object, kills: int, rng: random.Random, told: Told) -> None:
    """Kill a process that adds and compacts."""
    from humandiffusion.smr.io import load_memory

    path = scratch / "whole.safetensors"
    known = set(load_memory(path).ids)
    for turn in range(kills):
        reports, _ = _killed(lambda tell, turn=turn: _add_on(path, turn, tell), 0.05 + rng.random())
        told.kills += 1
        known |= {one for one in reports if one}
        told.appended += sum(1 for one in reports if one)
        told.compacted += sum(1 for one in reports if not one)
        if _check(path, told):
            missing = known - set(load_memory(path).ids)
            told.lost += len(missing)
            told.problems += [f"update: {len(missing)} items are gone"] if missing else []


def _add_on(path: Path, turn: int, tell: Connection) -> None:
    """Add items one by one, and compact after every fourth; tell the id, or "" for a compaction, when it is done."""
    import torch

    from humandiffusion.smr.io import append, compact, read_memory
    from humandiffusion.smr.memory import MemoryItem

    dim, draw = read_memory(path).dim, random.Random(turn)
    for number in range(10_000):
        identity = f"{draw.getrandbits(64):016x}"
        append(path, [MemoryItem(identity, torch.randn(dim), number % 24, "thing", f"new/{turn}", "none")])
        tell.send(identity)
        if number % 4 == 3:
            compact(path)
            tell.send("")


def _killed(work: Callable[[Connection], None], after: float | None) -> tuple[list, bool]:
    """Run `work` in a process of its own, killed after some seconds. What it told, and whether it came to its end."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(there,))
    process.start()
    there.close()
    process.join(after)
    ended = process.exitcode is not None
    if not ended and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    reports = []
    try:
        while here.poll():
            reports.append(here.recv())
    except (EOFError, OSError):
        pass
    if ended and process.exitcode != 0:
        raise RuntimeError(f"the process ended by itself with {process.exitcode}")
    return reports, ended


def _check(path: Path, told: Told) -> bool:
    from humandiffusion.smr.verify import verify

    problems = verify(path)
    told.not_opened += bool(problems)
    told.problems += problems
    return not problems


def _same(one: Path, other: Path) -> bool:
    import torch

    from humandiffusion.smr.io import load_memory

    first, second = load_memory(one), load_memory(other)
    return first.ids == second.ids and first.captions == second.captions and torch.equal(first.vectors, second.vectors)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and parsing/")
    parser.add_argument("--photos", type=int, default=64, metavar="N", help="the first N (default %(default)s)")
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures as one flat JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "safetensors", "PIL"))
