"""`humandiffusion memory build|info|compact`: style memories of your own."""

import argparse
from pathlib import Path

from .common import Commands, output_weights, print_json, print_line, whole_number


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("memory", help="build a style memory, or tell what is in one")
    actions = parser.add_subparsers(metavar="build|info|compact", required=True)

    build = actions.add_parser("build", help="from a folder of photos with part maps")
    build.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    build.add_argument("--out", type=output_weights, required=True, metavar="FILE", help="the .safetensors to write")
    build.add_argument("--licence", required=True, metavar="TEXT", help="of the photos; kept with every item")
    build.add_argument("--encoder", default="builtin", metavar="NAME", help="part encoder (default %(default)s)")
    build.add_argument(
        "--most",
        type=whole_number(1),
        default=400,
        metavar="N",
        help="crops of one part as they are, at most (default %(default)s)",
    )
    build.add_argument(
        "--recoloured",
        type=whole_number(0, 100),
        default=15,
        metavar="N",
        help="recoloured crops of each part in each of 11 colours (default %(default)s)",
    )
    build.add_argument("--seed", type=whole_number(0, 2**64 - 1), default=0, metavar="N", help="default %(default)s")
    build.add_argument("--workers", type=whole_number(0, 256), default=0, metavar="N", help="default %(default)s")
    build.set_defaults(run=run_build)

    info = actions.add_parser("info", help="what a memory holds, as JSON")
    info.add_argument("file", nargs="?", default="builtin", metavar="FILE", help="default: the one that ships")
    info.set_defaults(run=run_info)

    compact = actions.add_parser("compact", help="fold the delta files beside a memory into it")
    compact.add_argument("file", type=Path, metavar="FILE")
    compact.set_defaults(run=run_compact)


def run_build(args: argparse.Namespace) -> int:
    """Write the memory of a folder's photos, those held out left aside."""
    from ..encoders.builtin import load_encoder
    from ..smr.build import build_memory
    from ..smr.io import save_memory
    from ..training.photos import PhotoSet

    encoder, photos = load_encoder(args.encoder), PhotoSet(args.data)
    memory = build_memory(
        photos,
        encoder,
        licence=args.licence,
        most=args.most,
        recoloured=args.recoloured,
        seed=args.seed,
        workers=args.workers,
    )
    save_memory(memory, args.out)
    print_line(str(args.out))
    return 0


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
