"""Options of the command line that every training run has."""

import argparse
from pathlib import Path

from ..cli.common import whole_number


def add_common_arguments(parser: argparse.ArgumentParser, *, steps: int, batch: int) -> None:
    """Options of every `humandiffusion train ...` with a loop."""
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for checkpoints, figures, samples and the weights"
    )
    add_data_arguments(parser)
    parser.add_argument("--steps", type=whole_number(1), default=steps, help="optimiser steps (default %(default)s)")
    parser.add_argument(
        "--batch", type=whole_number(1), default=batch, help="pictures of a process at once (default %(default)s)"
    )
    parser.add_argument(
        "--accumulate", type=whole_number(1), default=1, help="batches of one step, for large steps in little memory"
    )
    parser.add_argument("--lr", type=float, default=None, help="peak learning rate")
    parser.add_argument("--minutes", type=float, default=None, help="stop after so many minutes even if steps remain")
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="bf16", help="mixed precision")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--save-every", type=whole_number(1), default=500, help="steps between checkpoints (default %(default)s)"
    )
    parser.add_argument(
        "--log-every", type=whole_number(1), default=20, help="steps between rows of metrics.csv (default %(default)s)"
    )
    parser.add_argument(
        "--stop-at", type=whole_number(1), default=None, help="save and stop at this step; --resume goes on from it"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="figures in OUT/tensorboard as well (needs the tensorboard package)"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that say which photos to learn from."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder of photos: with an index.json, DeepFashion-MultiModal, or any photos",
    )
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="further such folders")
    parser.add_argument(
        "--parser", default="builtin", help="maps photos without a map: builtin, a .safetensors file or a folder"
    )
    parser.add_argument(
        "--unmapped",
        choices=("skip", "parse"),
        default="skip",
        help="photos without a map in a folder that has maps: left out, or mapped by --parser (default %(default)s)",
    )
    parser.add_argument(
        "--size", type=_size, default=None, metavar="WxH", help="of the pictures (default: the photos' own, or 256x384)"
    )
    parser.add_argument("--cache", type=Path, default=None, help="keeps what is made of photos (default: OUT/cache)")
    parser.add_argument(
        "--workers", type=whole_number(0), default=2, help="processes that prepare data (default %(default)s)"
    )


def add_checkpointing_argument(parser: argparse.ArgumentParser) -> None:
    """Option of the runs whose blocks can be computed twice."""
    parser.add_argument(
        "--checkpointing", action="store_true", help="compute each block again in the backward: less memory, more time"
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 64 and int(height) >= 64):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted width x height in pixels, as 256x384")
    return int(height), int(width)
