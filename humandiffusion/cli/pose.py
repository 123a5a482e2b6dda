"""`humandiffusion pose from-keypoints|to-masks|preview|convert|from-photo`: maps made, taken apart and drawn."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from . import pose_convert, pose_photo
from .common import Commands, appearing_whole, output_picture, print_json, print_line, whole_number

if TYPE_CHECKING:
    from torch import Tensor

    from ..pose.semantic_pose import SemanticPose


def add(commands: Commands) -> None:
    """Register the command and its own commands."""
    parser = commands.add_parser("pose", help="make a pose map from keypoints or a photo, take one apart, or draw it")
    ways = parser.add_subparsers(metavar="from-keypoints|to-masks|preview|convert|from-photo", required=True)
    _add_from_keypoints(ways)
    _add_to_masks(ways)
    _add_preview(ways)
    pose_convert.add(ways)
    pose_photo.add(ways)


def _add_from_keypoints(ways: Any) -> None:
    parser = ways.add_parser("from-keypoints", help="OpenPose JSON becomes a map of dressed people")
    parser.add_argument("json", type=Path, metavar="FILE.json", help="as controlnet_aux or a pose editor writes it")
    parser.add_argument("--text", metavar="TEXT", help='what they wear, as "a woman in a long coat and boots"')
    parser.add_argument(
        "--out", required=True, type=output_picture, metavar="MAP.png", help="further frames: MAP_2.png"
    )
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the map (default: the keypoints' own canvas)")
    parser.add_argument("--build", default="average", metavar="NAME", help="average, slender, broad or curvy")
    parser.add_argument("--encoder", default="builtin", metavar="NAME", help="reads the text (default %(default)s)")
    parser.set_defaults(run=_from_keypoints)


def _add_to_masks(ways: Any) -> None:
    parser = ways.add_parser("to-masks", help="a grey PNG for each part of a map")
    parser.add_argument("pose", metavar="MAP.png|preset:NAME", help="the map")
    parser.add_argument("--out-dir", required=True, type=Path, metavar="DIR", help="PART.png go there")
    parser.add_argument("--all", action="store_true", help="write the parts that are not in the map as well")
    parser.set_defaults(run=_to_masks)


def _add_preview(ways: Any) -> None:
    parser = ways.add_parser("preview", help="a map in colours, on demand over a photo")
    parser.add_argument("pose", metavar="MAP.png|preset:NAME", help="the map")
    parser.add_argument("--out", required=True, type=output_picture, metavar="PIC.png", help="the picture")
    parser.add_argument("--image", type=Path, metavar="PHOTO", help="a photo to lay the colours over")
    parser.add_argument("--opacity", type=whole_number(0, 100), default=60, metavar="N", help="per cent (%(default)s)")
    parser.add_argument("--no-legend", action="store_true", help="do not name the parts")
    parser.add_argument("--outline", action="store_true", help="draw a line where two parts meet")
    parser.set_defaults(run=_preview)


def _from_keypoints(args: argparse.Namespace) -> int:
    from ..pose.files import load_map_or_skeleton
    from ..pose.io import save_pose
    from ..pose.wardrobe import garments_for

    if args.json.suffix.lower() != ".json":
        raise InputError(f"keypoints: got {args.json}, wanted the name of a .json file")
    prompts = None
    if args.text is not None:
        from ..describe import describe
        from ..encoders.load import load_encoder

        prompts = describe(args.text, load_encoder(args.encoder))
    pose = load_map_or_skeleton(args.json, garments_for(prompts), args.size, args.build)
    for i in range(pose.batch):
        path = args.out if i == 0 else args.out.with_name(f"{args.out.stem}_{i + 1}{args.out.suffix}")
        save_pose(pose.select(i), path)
        print_line(str(path))
    return 0


def _to_masks(args: argparse.Namespace) -> int:
    from ..pose.masks import masks_of

    masks, names = masks_of(_map(args.pose), absent=args.all)
    if not args.out_dir.is_dir():
        args.out_dir.mkdir(parents=True)
    files = {name: args.out_dir / f"{name.replace(' ', '_')}.png" for name in names}
    for mask, path in zip(masks, files.values(), strict=True):
        _write(mask, path)
    print_json({name: str(path) for name, path in files.items()})
    return 0


def _preview(args: argparse.Namespace) -> int:
    from ..pose.render import overlay, render

    pose, legend = _map(args.pose), not args.no_legend
    if args.image is None:
        picture = render(pose, legend=legend, outline=args.outline)
    else:
        picture = overlay(
            pose,
            pose_photo.read_photo(args.image, "--image"),
            opacity=args.opacity / 100,
            legend=legend,
            outline=args.outline,
        )
    _write(picture[0], args.out)
    print_line(str(args.out))
    return 0


def _map(name: str) -> "SemanticPose":
    from ..pose.io import load_pose
    from ..pose.presets import load_preset

    return load_preset(name.removeprefix("preset:")) if name.startswith("preset:") else load_pose(name)


def _write(picture: "Tensor", path: Path) -> None:
    """Floats [H, W] or [H, W, 3] in 0..1 as a PNG, whole or not at all."""
    import torch
    from PIL import Image

    with appearing_whole(path) as beside:
        Image.fromarray((picture * 255).round().to(torch.uint8).numpy()).save(beside, "PNG")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 1 <= int(width) <= 16384 and 1 <= int(height) <= 16384):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted WIDTHxHEIGHT in pixels, as 512x768")
    return int(height), int(width)
