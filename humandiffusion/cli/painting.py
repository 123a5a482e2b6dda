"""What the commands that paint share: options of the models, and loading what they name."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .common import whole_number

if TYPE_CHECKING:
    from ..pipeline import HumanDiffusionPipeline
    from ..pose.semantic_pose import SemanticPose


def add_sampling(group: Any) -> None:
    """Options of a sampling run."""
    group.add_argument("--seed", type=whole_number(0, 2**64 - 1), default=0, metavar="N", help="default %(default)s")
    group.add_argument("--steps", type=whole_number(1, 1000), default=20, metavar="N", help="default %(default)s")
    group.add_argument(
        "--cfg", type=number(0, 100), default=2.0, metavar="X", help="guidance, 1: none (default %(default)s)"
    )


def add_models(group: Any) -> None:
    """Options that name models."""
    group.add_argument("--memory", default="builtin", metavar="FILE", help="style memory (default %(default)s)")
    group.add_argument("--encoder", default="builtin", metavar="NAME", help="part encoder (default %(default)s)")
    group.add_argument("--model", default="builtin", metavar="NAME", help="denoiser (default %(default)s)")
    group.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or mps (default %(default)s)")


def load_pipeline(args: argparse.Namespace) -> "HumanDiffusionPipeline":
    """The pipeline of the models named, on its device. Raises InputError."""
    # diffusers imports transformers if it is there, which then warns of what it lacks for models that we do not use.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from ..pipeline import HumanDiffusionPipeline

    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    check_device(args.device)
    pipeline.to(args.device)
    return pipeline


def open_pose(source: str, size: tuple[int, int] | None = None) -> "SemanticPose":
    """The map of `preset:NAME`, drawn at the picture's size if one was asked, or of a file. Raises InputError."""
    from ..pose.io import load_pose
    from ..pose.presets import load_preset

    if not source.startswith("preset:"):
        return load_pose(Path(source))
    name = source.removeprefix("preset:")
    return load_preset(name, size=size) if size else load_preset(name)


def number(low: float, high: float) -> Any:
    """An argparse type: a number of `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number of {low:g} to {high:g}")
        return value

    return parse


def check_device(name: str) -> None:
    """Raises InputError unless torch can use the device here."""
    import torch

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"--device: got {name!r}, which this torch cannot use here; give cpu ({error})") from error


def picture_size(text: str) -> tuple[int, int]:
    """An argparse type: `WxH` -> (height, width)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT, as 256x384")
    return int(height), int(width)
