"""`humandiffusion pose convert`: maps of other label sets (ATR, LIP and so on) become ours, and ours theirs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import appearing_whole, output_picture, print_line

if TYPE_CHECKING:
    from torch import Tensor


def add(ways: Any) -> None:
    """Register the command."""
    parser = ways.add_parser("convert", help="a map of another label set becomes ours, or ours one of theirs")
    parser.add_argument("map", type=Path, metavar="MAP.png", help="indexed or grey, the pixel's value being the label")
    way = parser.add_mutually_exclusive_group(required=True)
    sets = "atr, lip, pascal, ccp, fashn, ade20k or deepfashion"
    way.add_argument("--from", dest="source", metavar="SET", help=f"the set of the map: {sets}")
    way.add_argument("--to", dest="target", metavar="SET", help="the set wanted; left and right by the map's keypoints")
    parser.add_argument("--out", required=True, type=output_picture, metavar="MAP.png", help="the new map")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the new map and print where it is."""
    from ..pose.crosswalks import crosswalk
    from ..pose.io import load_pose, read_indices, save_pose
    from ..pose.semantic_pose import SemanticPose

    if args.source is not None:
        known = crosswalk(args.source)
        save_pose(SemanticPose(known.to_parts(read_indices(args.map, "MAP"))[None]), args.out)
    else:
        _write(crosswalk(args.target).from_parts(load_pose(args.map))[0], args.out)
    print_line(str(args.out))
    return 0


def _write(labels: "Tensor", path: Path) -> None:
    """Labels [H, W] uint8 as a grey PNG."""
    from PIL import Image

    with appearing_whole(path) as beside:
        Image.fromarray(labels.numpy()).save(beside, "PNG")
