"""`humandiffusion memory build`: a style memory of a folder of photos."""

import argparse
import os
import sys
from pathlib import Path

from .common import Commands, output_weights, print_line, whole_number

MOST, RECOLOURED = 400, 15  # of a folder with an index


def add(actions: Commands) -> None:
    """Register the action under `humandiffusion memory`."""
    build = actions.add_parser("build", help="from a folder of photos, with maps of their parts or without")
    where = build.add_mutually_exclusive_group(required=True)
    where.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="photos; sub-folders count")
    where.add_argument("--data", type=Path, metavar="FOLDER", help="the same")
    build.add_argument("--out", type=output_weights, required=True, metavar="FILE", help="the .safetensors to write")
    build.add_argument("--licence", required=True, metavar="TEXT", help="of the photos; kept with every item")
    build.add_argument("--source", metavar="NAME", help="kept with every item (default: the folder's name)")
    build.add_argument("--encoder", default="builtin", metavar="NAME", help="part encoder (default %(default)s)")
    build.add_argument(
        "--device", metavar="NAME", help="where the encoder runs, as cuda:0 (default: this process's GPU, or the CPU)"
    )
    build.add_argument(
        "--parser",
        metavar="NAME",
        help="finds the parts in photos without a map: builtin, a .safetensors file, or a folder with a SegFormer",
    )
    build.add_argument(
        "--thumbnails", choices=("swatch", "picture", "none"), default="swatch", help="default %(default)s"
    )
    build.add_argument(
        "--faces",
        choices=("mean", "blur", "none"),
        default="mean",
        help="the mean of all, a few blurred cells of each, or nothing (default %(default)s)",
    )
    build.add_argument(
        "--most",
        type=whole_number(1),
        metavar="N",
        help=f"crops of one part as they are, at most; needs an index.json (default {MOST})",
    )
    build.add_argument(
        "--recoloured",
        type=whole_number(0, 100),
        metavar="N",
        help=f"recoloured crops of each part in each of 11 colours; needs an index.json (default {RECOLOURED})",
    )
    build.add_argument("--seed", type=whole_number(0, 2**64 - 1), default=0, metavar="N", help="default %(default)s")
    build.add_argument("--workers", type=whole_number(1, 256), default=2, metavar="N", help="default %(default)s")
    build.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on where an interrupted run of the same build was (default), or from the start",
    )
    build.add_argument(
        "--shard", type=_shard, default=(0, 1), metavar="I/N", help="every N-th photo from the I-th on, I from 0"
    )
    build.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the memory; tell what was skipped on standard error."""
    from tqdm import tqdm

    from ..encoders.load import load_encoder
    from ..parsing.load import load_parser
    from ..smr.build import Recipe, build_from_folder
    from ..smr.io import check_no_deltas

    check_no_deltas(args.out)
    folder = args.folder or args.data
    indexed = (folder / "index.json").is_file()
    most = MOST if args.most is None and indexed else args.most
    recoloured = (RECOLOURED if indexed else 0) if args.recoloured is None else args.recoloured
    bar = tqdm(desc="memory", unit="photo", delay=0.01)  # none for an error at once

    def progress(done: int, count: int) -> None:
        bar.total = count
        bar.update(done - bar.n)

    with bar:
        report = build_from_folder(
            folder,
            args.out,
            load_encoder(args.encoder, args.device or _device()),
            licence=args.licence,
            parser=load_parser(args.parser) if args.parser else None,
            source=args.source,
            thumbnails=args.thumbnails,
            faces=args.faces,
            recipe=Recipe(most, recoloured, args.seed, args.shard),
            workers=args.workers,
            resume=args.resume,
            progress=progress,
        )
    for name, reason in report.skipped:
        sys.stderr.write(f"skipped {name}: {reason}\n")
    if report.path is not None:
        told = f"{report.items} items of {report.photos} photos, {report.duplicates} duplicates left out"
        sys.stderr.write(f"{told}, {len(report.skipped)} photos skipped\n")
        print_line(str(report.path))
    return 0


def _device() -> str:
    """The GPU that a launcher gives this process, or the first; the CPU if there is none."""
    import torch

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not slash or not number.isdecimal() or not count.isdecimal() or not int(number) < int(count):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted I/N, as 0/4, 1/4, 2/4 and 3/4")
    return int(number), int(count)
