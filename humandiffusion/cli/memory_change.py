"""`humandiffusion memory add|compact|merge|prune`: what changes a style memory, or makes one of others."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .common import Commands, output_weights, print_line, whole_number

if TYPE_CHECKING:
    from ..smr.merge import Chosen


def add(actions: Commands) -> None:
    """Register the actions under `humandiffusion memory`."""
    more = actions.add_parser("add", help="photos to a memory, as a small delta file beside it")
    more.add_argument("file", type=Path, metavar="FILE", help="the memory")
    more.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help="with maps beside, or --parser")
    more.add_argument("--licence", required=True, metavar="TEXT", help="of the photos; kept with every item")
    more.add_argument("--source", default="added", metavar="NAME", help="kept with every item (default %(default)s)")
    more.add_argument("--part", action="append", metavar="NAME", help="only this part; may be said several times")
    more.add_argument("--encoder", default="builtin", metavar="NAME", help="that of the memory (default %(default)s)")
    more.add_argument("--parser", metavar="NAME", help="finds the parts in photos without a map, as builtin")
    more.set_defaults(run=run_add)

    compact = actions.add_parser("compact", help="fold the delta files beside a memory into it")
    compact.add_argument("file", type=Path, metavar="FILE")
    compact.set_defaults(run=run_compact)

    merge = actions.add_parser("merge", help="several memories of one encoder become one")
    merge.add_argument(
        "files", nargs="+", metavar="FILE", help="or builtin; of rows that are in several the first counts"
    )
    merge.add_argument("--out", type=output_weights, required=True, metavar="FILE", help="the .safetensors to write")
    merge.set_defaults(run=run_merge)

    prune = actions.add_parser("prune", help="a memory without some of its items, or of some alone")
    prune.add_argument("file", metavar="FILE", help="or builtin")
    prune.add_argument("--out", type=output_weights, required=True, metavar="FILE", help="the .safetensors to write")
    for verb, about in (("keep", "only what has it"), ("drop", "not what has it")):
        for what in ("id", "source", "licence", "part"):
            prune.add_argument(
                f"--{verb}-{what}", action="append", default=[], metavar=what.upper(), help=f"{about}; may be repeated"
            )
    prune.add_argument("--most", type=whole_number(1), metavar="N", help="items of one part, at most")
    prune.set_defaults(run=run_prune)


def run_add(args: argparse.Namespace) -> int:
    """Write the delta file; the memory itself is left as it is."""
    from ..encoders.load import load_encoder
    from ..parsing.load import load_parser
    from ..parts import part_index
    from ..smr.io import append, read_memory
    from ..smr.remember import items_of_photo

    encoder = load_encoder(args.encoder)
    read_memory(args.file).check_encoder(encoder.encoder_id)
    parser = load_parser(args.parser) if args.parser else None
    parts = None if args.part is None else [part_index(name) for name in args.part]
    items = [
        item
        for path in args.photos
        for item in items_of_photo(path, encoder, parser=parser, source=args.source, licence=args.licence, parts=parts)
    ]
    print_line(str(append(args.file, items)))
    return 0


def run_compact(args: argparse.Namespace) -> int:
    """Rewrite the file; the delta files are gone afterwards."""
    from ..smr.io import compact

    compact(args.file)
    print_line(str(args.file))
    return 0


def run_merge(args: argparse.Namespace) -> int:
    """Write one memory of all."""
    from ..smr.io import check_no_deltas, load_memory, save_memory
    from ..smr.merge import merge_memories

    check_no_deltas(args.out)
    save_memory(merge_memories([load_memory(file) for file in args.files]), args.out)
    print_line(str(args.out))
    return 0


def run_prune(args: argparse.Namespace) -> int:
    """Write the smaller memory; the file itself is left as it is, unless --out names it."""
    from ..smr.io import check_no_deltas, load_memory, save_memory
    from ..smr.merge import prune

    check_no_deltas(args.out)
    keep = _chosen(args.keep_id, args.keep_source, args.keep_licence, args.keep_part)
    drop = _chosen(args.drop_id, args.drop_source, args.drop_licence, args.drop_part)
    save_memory(prune(load_memory(args.file), keep=keep, drop=drop, most=args.most), args.out)
    print_line(str(args.out))
    return 0


def _chosen(ids: list[str], sources: list[str], licences: list[str], parts: Iterable[str]) -> "Chosen | None":
    from ..parts import part_index
    from ..smr.merge import Chosen

    chosen = Chosen(ids, sources, licences, [part_index(name) for name in parts])
    return chosen if chosen != Chosen([], [], [], []) else None
