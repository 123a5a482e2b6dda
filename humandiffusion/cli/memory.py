"""`humandiffusion memory build|info|compact`: style memories of your own."""

import argparse
from pathlib import Path

from . import memory_build
from .common import Commands, print_json, print_line


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("memory", help="build a style memory, or tell what is in one")
    actions = parser.add_subparsers(metavar="build|info|compact", required=True)

    memory_build.add(actions)

    info = actions.add_parser("info", help="what a memory holds, as JSON")
    info.add_argument("file", nargs="?", default="builtin", metavar="FILE", help="default: the one that ships")
    info.set_defaults(run=run_info)

    compact = actions.add_parser("compact", help="fold the delta files beside a memory into it")
    compact.add_argument("file", type=Path, metavar="FILE")
    compact.set_defaults(run=run_compact)


def run_info(args: argparse.Namespace) -> int:
    """Print counts and provenance."""
    from ..parts import PART_NAMES
    from ..smr.io import load_memory
    from ..smr.memory import RECOLOURED

    memory = load_memory(args.file)
    print_json(
        {
            "items": len(memory),
            "encoder_id": memory.encoder_id,
            "dim": memory.dim,
            "parts": {PART_NAMES[part]: count for part, count in enumerate(memory.part.bincount().tolist()) if count},
            "recoloured": sum(RECOLOURED in source for source in memory.sources),
            "licences": sorted(set(memory.licences)),
            "thumbnails": memory.thumbnails is not None,
        }
    )
    return 0


def run_compact(args: argparse.Namespace) -> int:
    """Rewrite the file; the delta files are gone afterwards."""
    from ..smr.io import compact

    compact(args.file)
    print_line(str(args.file))
    return 0
