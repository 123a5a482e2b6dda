"""`humandiffusion edit`: one part of a picture becomes another, and nothing else."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .common import Commands, appearing_whole, output_picture, print_line
from .painting import add_models, add_sampling, load_pipeline, number, open_pose
from .pose_photo import read_photo

if TYPE_CHECKING:
    from torch import Tensor

    from ..pose.semantic_pose import SemanticPose


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "edit",
        help="change one part of a picture of a person and nothing else",
        description="One part of a picture, by words, by another picture or in a new shape. Every pixel outside the "
        "part's mask stays exactly as it is.",
    )
    what = parser.add_argument_group("what")
    what.add_argument("--image", type=Path, required=True, metavar="PIC", help="the picture: PNG, JPEG or WebP")
    what.add_argument("--part", required=True, metavar="NAME", help="which part, as top, pants, hair, background")
    what.add_argument("--text", default="", metavar="PHRASE", help='what it is to look like, as "green velvet blouse"')
    what.add_argument("--reference", type=Path, metavar="PIC", help="a picture of what it is to look like")
    what.add_argument("--pose", metavar="MAP.png|preset:NAME", help="the picture's map (default: the builtin parser's)")
    what.add_argument("--new-pose", metavar="MAP.png|preset:NAME", help="a map in which the part has its new shape")
    what.add_argument(
        "--person", type=int, default=0, metavar="N", help="whose part, counted from 1, if the map has several people"
    )
    what.add_argument("--out", type=output_picture, required=True, metavar="PIC.png", help="the picture to write")
    mask = parser.add_argument_group("mask, in pixels of a picture of 256 x 384, larger in proportion on larger ones")
    mask.add_argument("--grow", type=number(0, 256), metavar="N", help="how far around the part all is painted anew")
    mask.add_argument("--feather", type=number(0, 256), metavar="N", help="how softly it ends beyond that")
    how = parser.add_argument_group("how")
    add_sampling(how)
    how.add_argument("--denoise", type=number(0.01, 1), default=1.0, metavar="X", help="1 paints it wholly anew")
    add_models(how)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the picture. What can be told to be wrong before models are loaded is told then."""
    from ..editing.native import edit_native
    from ..editing.plan import plan_edit
    from ..parts import part_index

    part = part_index(args.part)
    if not (args.text.strip() or args.reference or args.new_pose):
        raise InputError("--text, --reference, --new-pose: got none of them, wanted what is to change")
    picture, profile = _read(args.image)
    reference = read_photo(args.reference, "--reference")[0] if args.reference else None
    plan = plan_edit(
        picture,
        _map_of(picture[..., :3], args.pose),
        part,
        new_pose=open_pose(args.new_pose) if args.new_pose else None,
        largest=1.0,
        person=args.person,
        **{name: value for name in ("grow", "feather") if (value := getattr(args, name)) is not None},
    )
    changed = edit_native(
        load_pipeline(args),
        plan,
        args.text,
        reference=reference,
        seed=args.seed,
        steps=args.steps,
        guidance=args.cfg,
        denoise=args.denoise,
    )
    _save(changed[0], args.out, profile)
    print_line(str(args.out))
    return 0


def _map_of(picture: "Tensor", source: str | None) -> "SemanticPose":
    if source:
        return open_pose(source)
    from ..parsing.load import load_parser

    return load_parser("builtin").parse(picture.movedim(-1, 1))


def _read(path: Path) -> "tuple[Tensor, bytes | None]":
    """The picture [1, H, W, 3], or 4 with its alpha, and its colour profile. Raises InputError."""
    import numpy as np
    import torch
    from PIL import Image, ImageOps

    picture = read_photo(path, "--image")
    with Image.open(path) as file:
        if file.mode.startswith(("I", "F")):
            raise InputError(f"--image: {path} has more than 8 bits a channel, wanted 8; save it as an ordinary PNG")
        profile = file.info.get("icc_profile")
        if file.has_transparency_data:
            pixels = np.array(ImageOps.exif_transpose(file).convert("RGBA"))
            picture = torch.from_numpy(pixels)[None].float() / 255
    return picture, profile


def _save(picture: "Tensor", out: Path, profile: bytes | None) -> None:
    from PIL import Image

    # A level of 0 to 255 that was divided by 255 comes back as it was.
    pixels = (picture * 255).round().byte().numpy()
    with appearing_whole(out) as beside:
        Image.fromarray(pixels).save(beside, format="PNG", icc_profile=profile)
