"""How well does the parser find people and their clothes? On photos never trained on, against their own maps.

    python benchmarks/parser.py --data shared/data/ccp --json parser.json

Also on upper and lower halves of the same photos, on photos twice as large, and how long one takes.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from common import Figures, report, start

WANTED = {
    "person_iou": ">= 0.85",
    "miou": "mean over the parts that the photos show, and background",
    "big_miou": "the same over parts of 1% of the people or more",
    "upper_person_iou": "on the upper halves of the photos",
    "lower_person_iou": "on their lower halves",
    "large_person_iou": "on photos of twice the size",
    "seconds": "for one photo in a call of its own",
    "megabytes": "<= 15",
}
BIG = 0.01  # of all people's pixels


def main() -> None:
    """Parse, compare; print and write the figures."""
    args = _arguments()
    import torch

    from humandiffusion.parsing.io import BUILTIN
    from humandiffusion.parsing.load import load_parser
    from humandiffusion.parts import NUM_PARTS, PART_NAMES
    from humandiffusion.training.data.photo_data import open_data
    from humandiffusion.training.decoder_data import load_photos
    from humandiffusion.training.parser_scores import scores

    parser = load_parser(args.parser)
    with TemporaryDirectory() as cache:
        held_out = open_data([args.data], Path(cache), parser=None).held_out.with_maps()
    photos = load_photos(held_out.first(args.limit) if args.limit else held_out)
    file = BUILTIN if args.parser == "builtin" else Path(args.parser)
    figures: Figures = {"photos": len(photos.ids), "parser_id": parser.parser_id}
    if file.is_file():
        figures["megabytes"] = file.stat().st_size / 1e6
    figures |= scores(parser, photos)
    pixels = torch.bincount(photos.labels.flatten().int(), minlength=NUM_PARTS)[1:]
    big = [PART_NAMES[i + 1].replace(" ", "_") for i in range(NUM_PARTS - 1) if pixels[i] > BIG * pixels.sum()]
    figures["big_miou"] = sum(float(figures[f"iou_{name}"] or 0) for name in big) / len(big)
    middle = photos.labels.shape[1] // 2
    for name, rows in (("upper", slice(None, middle)), ("lower", slice(middle, None))):
        half = replace(photos, images=photos.images[:, :, rows], labels=photos.labels[:, rows])
        figures |= {f"{name}_{key}": scores(parser, half)[key] for key in ("person_iou", "miou")}
    few = replace(photos, images=_twice(photos.images[:16]), labels=_twice(photos.labels[:16, None])[:, 0])
    figures["large_person_iou"] = scores(parser, few)["person_iou"]
    figures["seconds"] = _seconds(parser, photos.images[:6].float() / 255)
    report(f"Parser on {len(photos.ids)} held-out photos", figures, WANTED, args.json)


def _twice(pixels):
    return pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)


def _seconds(parser, images) -> float:
    """The median over single photos, after one to warm up."""
    taken = []
    for image in images:
        began = time.perf_counter()
        parser.parse(image[None])
        taken.append(time.perf_counter() - began)
    return sorted(taken[1:])[len(taken[1:]) // 2]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--parser", default="builtin", help="a file or a SegFormer's folder instead of the builtin one")
    parser.add_argument("--limit", type=int, default=None, help="only so many of the photos")
    parser.add_argument("--json", type=Path, help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "accelerate"))
