"""`humandiffusion pose from-photo`: a photo becomes a semantic pose map. Also how these commands read photos."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .common import Commands, output_picture, print_line

if TYPE_CHECKING:
    from torch import Tensor

    from ..pose.semantic_pose import SemanticPose


def add(verbs: Commands) -> None:
    """Register the verb under `humandiffusion pose`."""
    parser = verbs.add_parser("from-photo", help="find the garments and body parts in a photo")
    parser.add_argument("image", type=Path, metavar="PHOTO", help="of one person, whole or half")
    parser.add_argument("--out", type=output_picture, required=True, metavar="MAP.png", help="the map, as indexed PNG")
    parser.add_argument("--preview", type=output_picture, metavar="PIC.png", help="the map in colours, with names")
    parser.add_argument(
        "--parser",
        default="builtin",
        metavar="NAME",
        help="a .safetensors file of `train parser`, or a folder with a SegFormer for clothes (default %(default)s)",
    )
    parser.add_argument(
        "--keypoints",
        type=Path,
        metavar="FOLDER",
        help="find joints too, with controlnet_aux and the .pth files in this folder, which that package reads itself",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the map; print where it is and what was found."""
    from ..parsing.keypoints import load_keypoint_finder
    from ..parsing.load import load_parser
    from ..parts import part_names
    from ..pose.io import save_pose
    from ..pose.semantic_pose import SemanticPose

    photo = read_photo(args.image, "photo").movedim(-1, 1)
    finder = load_keypoint_finder(args.keypoints) if args.keypoints else None
    labels = load_parser(args.parser).parse(photo).labels
    pose = SemanticPose(labels, keypoints=finder.find(photo) if finder else None)
    save_pose(pose, args.out)
    if args.preview:
        _save_preview(pose, args.preview)
    found = pose.present()[0].nonzero().flatten().tolist()
    print_line(f"{args.out}: {', '.join(part_names(found))}")
    return 0


def read_photo(path: Path, what: str) -> "Tensor":
    """sRGB [1, H, W, 3] in 0..1, turned upright as the camera says. Raises InputError, which names the input `what`."""
    import numpy as np
    import torch
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            pixels = np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{what}: cannot read {path} ({reason}), wanted a photo as PNG, JPEG or WebP") from error
    return torch.from_numpy(pixels)[None].float() / 255


def _save_preview(pose: "SemanticPose", path: Path) -> None:
    from PIL import Image

    from ..pose.render import render
    from .common import appearing_whole

    pixels = (render(pose, legend=True)[0] * 255).round().byte().numpy()
    with appearing_whole(path) as beside:
        Image.fromarray(pixels).save(beside, format="PNG")
