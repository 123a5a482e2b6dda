"""How fast is the style memory at a million garments, exactly and by an index, and what does an index miss?

    python benchmarks/retrieval_data.py --data shared/data/ccp --out rows.safetensors
    python benchmarks/retrieval.py --rows rows.safetensors --work DIR --json retrieval.json

Exact search runs in a process of its own, which only searches: `open_seconds` from opening the file to the first
answer for one part, `touched_mib` of its `file_mib` that had to be read for it, `ratio_to_matmul` the 16 best for 12
parts over the fp16 product of the same rows and queries, in turns in the same run, `peak_mib` of the process. The
engine that ships (USearch) and LanceDB, where it is installed, answer the same questions one part at a time: `recall16`
against exact search over all queries, `speedup` over it. Of the turns the fastest counts, because other work on the
machine only slows; `cpu_` figures are by the CPU seconds of the process. What is built lies in DIR and is used again;
building is timed apart.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from common import Figures, report, start

K = 16
WANTED = {
    "ratio_to_matmul": "<= 1.3, one query for each part, in the rows of its part",
    "ratio_to_matmul_all": "the same queries in all rows",
    "peak_mib": "< 2560",
    "open_seconds": "<= 1",
    "engine_recall16": ">= 0.95",
    "engine_speedup": ">= 10",
}


def main() -> None:
    """Build what is missing, measure, print and write the figures."""
    args = _arguments()
    memory = args.work / "memory.safetensors"
    if args.child:
        print(json.dumps({"exact": exact, "engine": engine, "lancedb": lance}[args.child](memory, args)))
        return
    from retrieval_memory import write_memory

    args.work.mkdir(parents=True, exist_ok=True)
    if not memory.is_file():
        write_memory(args.rows, memory)
    figures = _child("exact", args) | _child("engine", args)
    if find_spec("lancedb") is not None:
        figures |= _child("lancedb", args)
    report(f"Retrieval in {figures['rows']} rows of {figures['dim']}", figures, WANTED, args.json)


def exact(path: Path, args: argparse.Namespace) -> Figures:
    """Exact search as it is used: the file opened, a part asked, then all parts in turns with the bare product."""
    import torch

    from humandiffusion.smr.exact import ExactSearch
    from humandiffusion.smr.io import read_memory
    from humandiffusion.smr.query import centre

    torch.set_num_threads(args.threads)
    queries, parts = _questions(args)
    before, began = _resident("RssFile"), time.perf_counter()
    memory = read_memory(path)
    first = ExactSearch(memory).search(centre(memory, queries[:1], "image"), parts[:1], K)
    opened, touched = time.perf_counter() - began, _resident("RssFile") - before
    assert bool((first[0] >= 0).all())
    q = centre(memory, queries, "image")
    halves, search = q.to(memory.vectors.dtype), ExactSearch(memory)

    def product() -> None:
        for one, part in enumerate(parts.tolist()):
            halves[one : one + 1] @ memory.vectors[memory.rows_of(part)].T

    def product_of_all() -> None:
        for at in range(0, len(memory), 65536):
            halves @ memory.vectors[at : at + 65536].T

    by_part = _turns([lambda: search.search(q, parts, K), product], args.turns)
    over_all = _turns([lambda: search.search(q, parts, K, "all"), product_of_all], args.turns)
    return {
        "rows": len(memory),
        "dim": memory.dim,
        "parts": len(parts),
        "ratio_to_matmul": by_part[0].wall / by_part[1].wall,
        "cpu_ratio_to_matmul": by_part[0].cpu / by_part[1].cpu,
        "seconds": by_part[0].wall,
        "ratio_to_matmul_all": over_all[0].wall / over_all[1].wall,
        "cpu_ratio_to_matmul_all": over_all[0].cpu / over_all[1].cpu,
        "seconds_all": over_all[0].wall,
        "open_seconds": opened,
        "touched_mib": touched / 2**20,
        "file_mib": path.stat().st_size / 2**20,
        "peak_mib": _resident("VmHWM") / 2**20,
    }


def engine(path: Path, args: argparse.Namespace) -> Figures:
    """The engine that ships."""
    from humandiffusion.smr.engines import build_index, index_folder, open_index

    def build(memory) -> Path:
        return build_index(memory, path, threads=args.threads)

    figures = _compare(path, index_folder(path), build, lambda memory, _: open_index(memory, path), args)
    return {"engine": figures.pop("name")} | {f"engine_{key}": value for key, value in figures.items()}


def lance(path: Path, args: argparse.Namespace) -> Figures:
    """LanceDB."""
    import retrieval_lance

    folder = args.work / "lance"

    def build(memory) -> None:
        retrieval_lance.build(memory, folder)

    figures = _compare(path, folder, build, retrieval_lance.LanceEngine, args)
    name = figures.pop("name")
    return {f"{name}_{key}": value for key, value in figures.items()}


def _compare(path: Path, folder: Path, build: Callable, opened: Callable, args: argparse.Namespace) -> Figures:
    import torch
    from retrieval_memory import read_queries

    from humandiffusion.smr.exact import ExactSearch
    from humandiffusion.smr.io import read_memory
    from humandiffusion.smr.query import centre

    torch.set_num_threads(args.threads)
    memory = read_memory(path)
    times = folder.with_suffix(".json")
    if not (folder.is_dir() and times.is_file()):
        wall, cpu = time.perf_counter(), time.process_time()
        build(memory)
        spent = {"build_seconds": time.perf_counter() - wall, "build_cpu_seconds": time.process_time() - cpu}
        times.write_text(json.dumps(spent), encoding="utf-8")
    index, search = opened(memory, folder), ExactSearch(memory)
    every, of_part = read_queries(args.rows)
    near = centre(memory, every, "image")
    right, got = (one.search(near, of_part, K)[0].tolist() for one in (search, index))
    q, parts = centre(memory, _questions(args)[0], "image"), _questions(args)[1]

    def ask(one) -> None:
        for i in range(len(q)):
            one.search(q[i : i + 1], parts[i : i + 1], K)

    by_part = _turns([lambda: ask(search), lambda: ask(index)], args.turns)
    return {
        "name": index.name,
        "recall16": sum(len(set(a) & set(b)) for a, b in zip(right, got, strict=True)) / (K * len(right)),
        "speedup": by_part[0].wall / by_part[1].wall,
        "cpu_speedup": by_part[0].cpu / by_part[1].cpu,
        "part_ms": 1000 * by_part[1].wall / len(q),
        "exact_part_ms": 1000 * by_part[0].wall / len(q),
        "mib": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20,
        **json.loads(times.read_text(encoding="utf-8")),
    }


def _questions(args: argparse.Namespace):
    """One query for each part."""
    from retrieval_memory import read_queries

    queries, parts = read_queries(args.rows)
    first = [parts.tolist().index(part) for part in parts.unique().tolist()]
    return queries[first], parts[first]


@dataclass
class Took:
    """The fewest seconds that a job took, by the clock and of CPU."""

    wall: float = float("inf")
    cpu: float = float("inf")


def _turns(jobs: list[Callable[[], object]], turns: int) -> list[Took]:
    """Each job in every turn; the first, in which files come into memory, is left out."""
    took = [Took() for _ in jobs]
    for turn in range(turns + 1):
        for job, least in zip(jobs, took, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            if turn:
                least.wall = min(least.wall, time.perf_counter() - wall)
                least.cpu = min(least.cpu, time.process_time() - cpu)
    return took


def _resident(what: str) -> int:
    """Bytes of this process by a line of Linux's /proc/self/status; 0 where there is none."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) * 1024


def _child(name: str, args: argparse.Namespace) -> Figures:
    options = ["--rows", args.rows, "--work", args.work, "--threads", args.threads, "--turns", args.turns]
    command = [sys.executable, __file__, "--child", name, *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True, help="what retrieval_data.py wrote")
    parser.add_argument("--work", type=Path, required=True, help="folder for the memory file and the indexes")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--threads", type=int, default=2, help="default %(default)s")
    parser.add_argument("--turns", type=int, default=9, help="of each measurement (default %(default)s)")
    parser.add_argument("--child", choices=("exact", "engine", "lancedb"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch",))
