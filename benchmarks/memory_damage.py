"""What do damaged memory files do?

    python benchmarks/memory_damage.py --files 1000 --json memory_damage.json

A memory of some thousand rows is damaged in a thousand ways: changed bits and bytes, files cut short, grown or with a
run of zeros, headers of another length, and headers whose dtypes, shapes, places, versions and sums say something else.
Each one is opened, searched, read in words and verified. It must be found by opening it or by `verify`, in one line,
and nothing may crash, hang or fill the memory. Needs a system with fork.
"""

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from common import Figures, report, start

WANTED = {"not_found": "0", "crashes": "0", "unclear": "0", "peak_growth_mib": "small"}
ROWS, DIM = 4000, 64
Damage = Callable[[bytearray, random.Random], bytearray]


def main() -> None:
    """Damage, open, verify; print and write the figures."""
    args = _arguments()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "memory.safetensors"
        _write(path)
        whole = path.read_bytes()
        figures: Figures = {"files": args.files, "crashes": 0}
        seen: dict[str, float] = {"refused": 0, "found_by_verify": 0, "not_found": 0, "unclear": 0}
        at, peak, slowest = 0, 0.0, 0.0
        while at < args.files:
            told = _in_a_child(whole, path, at, args.files, args.seed)
            for one in told:
                seen[one["end"]] += 1
                peak, slowest = max(peak, one["growth"]), max(slowest, one["seconds"])
                if one["end"] in ("not_found", "unclear"):
                    print(f"file {one['number']}: {one['end']}: {one['says']}")
            at += len(told)
            if at < args.files:
                print(f"file {at}: the process died")
                figures["crashes"] = int(figures["crashes"] or 0) + 1
                at += 1
    figures |= {name: int(count) for name, count in seen.items()}
    figures |= {"peak_growth_mib": peak, "slowest_seconds": slowest}
    report(f"{args.files} damaged memory files", figures, WANTED, args.json)


def _in_a_child(whole: bytes, path: Path, first: int, last: int, seed: int) -> list[dict]:
    """What was seen of the files from `first` on, until the last or a crash."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_look, args=(whole, path, first, last, seed, there))
    process.start()
    there.close()
    told = []
    try:
        while True:
            told.append(here.recv())
    except EOFError:
        process.join()
    return told


def _look(whole: bytes, path: Path, first: int, last: int, seed: int, tell: Connection) -> None:
    before = _peak_mib()
    for number in range(first, last):
        rng = random.Random(f"{seed} {number}")
        damaged = bytearray(whole)
        while damaged == whole:
            damaged = rng.choice(DAMAGES)(bytearray(whole), rng)
        path.write_bytes(damaged)
        began = time.perf_counter()
        end, says = _opened_and_verified(path)
        seconds = time.perf_counter() - began
        tell.send({"number": number, "end": end, "says": says, "seconds": seconds, "growth": _peak_mib() - before})


def _opened_and_verified(path: Path) -> tuple[str, str]:
    """How it ended: `refused` on opening or using it, `found_by_verify`, `not_found`, or `unclear` (another error)."""
    import torch

    from humandiffusion.errors import InputError
    from humandiffusion.smr.io import load_memory
    from humandiffusion.smr.query import query
    from humandiffusion.smr.verify import verify

    try:
        problems = verify(path)
        if any("\n" in problem for problem in problems):
            return "unclear", problems[0]
    except Exception as error:  # whatever it is, it is no clear error
        return "unclear", f"verify: {type(error).__name__}: {error}"
    try:
        memory = load_memory(path)
        q = torch.nn.functional.normalize(torch.ones(3, memory.dim), dim=1)
        rows = query(memory, q, [0, 5, 23], modality="text").rows.flatten().tolist()
        for row in rows:
            if row >= 0:
                _ = (memory.ids[row], memory.captions[row], memory.sources[row], memory.licences[row])
        _ = [memory.prior(part) for part in range(24)], memory.groups[:1]
    except InputError as error:
        return ("unclear" if "\n" in str(error) else "refused" if problems else "not_found"), str(error)
    except Exception as error:
        return "unclear", f"{type(error).__name__}: {error}"
    return ("found_by_verify" if problems else "not_found"), ""


def _bits(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 3, 50))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _header_bits(data: bytearray, rng: random.Random) -> bytearray:
    data[rng.randrange(8 + int.from_bytes(data[:8], "little"))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.choice((rng.randrange(16), rng.randrange(len(data)), len(data) - 1))]


def _grown(data: bytearray, rng: random.Random) -> bytearray:
    return data + rng.randbytes(rng.randrange(1, 5000))


def _zeros(data: bytearray, rng: random.Random) -> bytearray:
    at = rng.randrange(len(data))
    length = min(rng.randrange(1, 100_000), len(data) - at)
    data[at : at + length] = bytes(length)
    return data


def _noise(data: bytearray, rng: random.Random) -> bytearray:
    at = rng.randrange(len(data))
    length = min(rng.randrange(1, 3000), len(data) - at)
    data[at : at + length] = rng.randbytes(length)
    return data


def _length(data: bytearray, rng: random.Random) -> bytearray:
    length = rng.choice((0, 1, 2**63, 2**40, 10**8, int.from_bytes(data[:8], "little") + rng.randrange(-9, 9)))
    data[:8] = max(length, 0).to_bytes(8, "little")
    return data


def _said(data: bytearray, rng: random.Random) -> bytearray:
    """The header says something else of a tensor or of the file."""
    length = int.from_bytes(data[:8], "little")
    header, before = (json.loads(data[8 : 8 + length]) for _ in range(2))
    name = rng.choice(sorted(header.keys() - {"__metadata__"}))
    about = json.loads(header["__metadata__"]["about"])
    change = rng.randrange(8)
    if change == 0:
        header[name]["shape"] = [rng.choice((0, 1, 2**31, 2**62, 10**30, -5))] * rng.randrange(4)
    elif change == 1:
        header[name]["dtype"] = rng.choice(("F16", "F32", "F64", "I8", "U8", "BOOL", "I64", "X9"))
    elif change == 2:
        header[name]["data_offsets"] = sorted(rng.randrange(-9, 2 * len(data)) for _ in range(2))
    elif change == 3:
        header.pop(name)
    elif change == 4:
        header[name], other = header[sorted(header)[1]], header[name]
        header[sorted(header)[1]] = other
    elif change == 5:
        about = rng.choice(
            ([], None, "x", {**about, "version": 99}, {**about, "version": "x"}, {**about, "encoder_id": 3})
        )
    elif change == 6:
        header["__metadata__"]["sums"] = rng.choice(("{}", "[", json.dumps({name: "0" * 64})))
    else:
        header["__metadata__"]["kind"] = rng.choice(("", "humandiffusion-denoiser", "\n" * 5))
    header["__metadata__"]["about"] = "[" * 100_000 if rng.random() < 0.02 else json.dumps(about)
    if header == before:  # what it was by chance
        return data
    text = json.dumps(header).encode()
    return bytearray(len(text).to_bytes(8, "little") + text + data[8 + length :])


DAMAGES: tuple[Damage, ...] = (_bits, _header_bits, _cut, _grown, _zeros, _noise, _length, _said, _said)


def _write(path: Path) -> None:
    import torch
    import torch.nn.functional as F

    from humandiffusion.smr.io import save_memory
    from humandiffusion.smr.memory import MemoryItem, initialise

    draw = torch.Generator().manual_seed(0)
    vectors = F.normalize(torch.randn(ROWS, DIM, generator=draw) + 0.5, dim=1)
    pictures = torch.randint(0, 256, (ROWS, 8, 8, 3), generator=draw, dtype=torch.uint8)
    items = [
        MemoryItem(f"{row:016x}", vectors[row], row % 24, f"thing {row}", f"set/{row // 3}", "CC0", pictures[row], row)
        for row in range(ROWS)
    ]
    save_memory(initialise(items, encoder_id="e", mean_text=torch.full((DIM,), 0.01)), path)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000, metavar="N", help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures as one flat JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "safetensors"))
