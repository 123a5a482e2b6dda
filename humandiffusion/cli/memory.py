"""`humandiffusion memory build|info|verify|add|compact|merge|prune|index`: style memories of your own."""

import argparse
from pathlib import Path

from . import memory_build, memory_change
from .common import Commands, print_json, print_line, whole_number

_SHOWN = 20


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("memory", help="build a style memory, change one, or tell what is in one")
    actions = parser.add_subparsers(metavar="build|info|verify|add|compact|merge|prune|index", required=True)
    memory_build.add(actions)

    info = actions.add_parser("info", help="what a memory holds, as JSON")
    info.add_argument("file", nargs="?", default="builtin", metavar="FILE", help="default: the one that ships")
    info.set_defaults(run=run_info)

    verify = actions.add_parser("verify", help="whether a memory file is what was written, all of it")
    verify.add_argument("file", nargs="?", default="builtin", metavar="FILE", help="default: the one that ships")
    verify.set_defaults(run=run_verify)
    memory_change.add(actions)

    index = actions.add_parser("index", help="beside a large memory, to search it faster (needs usearch)")
    index.add_argument("file", type=Path, metavar="FILE", help="the memory; without delta files beside it")
    index.add_argument("--threads", type=whole_number(0, 1024), default=0, metavar="N", help="default: all cores")
    index.set_defaults(run=run_index)


def run_info(args: argparse.Namespace) -> int:
    """Print counts and provenance."""
    from ..parts import PART_NAMES
    from ..smr.io import BUILTIN, delta_files, load_memory
    from ..smr.memory import group_of

    memory = load_memory(args.file)
    path = BUILTIN if args.file == "builtin" else Path(args.file)
    sets = sorted({group_of(source).rsplit("/", 1)[0] for source in memory.sources.table})
    times = [] if memory.added is None else memory.added[memory.added > 0].tolist()
    print_json(
        {
            "items": len(memory),
            "encoder_id": memory.encoder_id,
            "dim": memory.dim,
            "parts": {
                PART_NAMES[part]: count for part, count in enumerate(memory.part_bounds.diff().tolist()) if count
            },
            "recoloured": len(memory) - int(memory.natural.sum()),
            "sources": sets[:_SHOWN] + [f"and {len(sets) - _SHOWN} more"] * (len(sets) > _SHOWN),
            "licences": sorted(set(memory.licences.table)),
            "added": [_date(min(times)), _date(max(times))] if times else None,
            "thumbnails": memory.thumbnails is not None,
            "deltas": len(delta_files(path)),
        }
    )
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Print what is wrong; the exit code is 2 if anything is."""
    from ..errors import InputError
    from ..smr.verify import verify

    problems = verify(args.file)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise InputError(f"style memory {args.file}: {problems[0]}{more}; get the file anew")
    print_line(f"{args.file}: whole")
    return 0


def run_index(args: argparse.Namespace) -> int:
    """Write the index; memories of a few thousand garments gain nothing by one."""
    from tqdm import tqdm

    from ..errors import InputError
    from ..smr.engines import build_index
    from ..smr.io import delta_files, read_memory

    if delta_files(args.file):
        raise InputError(f"{args.file}: has delta files beside it; run humandiffusion memory compact on it first")
    memory = read_memory(args.file)
    with tqdm(total=len(memory), desc="index", unit="row") as bar:
        folder = build_index(memory, args.file, lambda done, _: bar.update(done - bar.n), args.threads)
    print_line(str(folder))
    return 0


def _date(seconds: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
