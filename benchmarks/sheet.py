"""A sheet of pictures that nobody chose: held-out maps in a shuffled order, with what was asked.

    humandiffusion evaluate --data shared/data/ccp --out runs/judged --ask colours captions
    python benchmarks/sheet.py --data shared/data/ccp --judged runs/judged --ask captions --out docs/sheet_captions.jpg

Each picture stands to the right of its map, the sentence below both.
"""

import argparse
import random
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from common import start
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from torch import Tensor

WIDTH, HEIGHT = 144, 216  # of one picture on the sheet
LINES, LINE = 2, 13
A_ROW = 8


def main() -> None:
    """Read what `evaluate` made, and write the sheet."""
    args = _arguments()
    from humandiffusion.errors import InputError
    from humandiffusion.evaluation.asking import flat_picture
    from humandiffusion.evaluation.maps import load_maps
    from humandiffusion.evaluation.pictures import plain_name, to_image

    folder = args.judged / "pictures" / args.model / args.ask
    maps = load_maps(args.data, args.seed, None, args.ask)
    made = [_pictures(folder, plain_name(ask.photo_id)) for ask in maps.asks]
    there = [index for index, paths in enumerate(made) if paths]
    if not there:
        raise InputError(f"--judged: no pictures in {folder}; run evaluate --ask {args.ask}")
    tiles = []
    for index in random.Random(args.seed).sample(there, min(args.count, len(there))):
        ask, labels = maps.asks[index], maps.labels[index]
        shown = flat_picture(labels, ask.asked) if args.ask != "captions" else _coloured(labels)
        with Image.open(made[index][0]) as picture:
            tiles.append(_tile(to_image(shown), picture.convert("RGB"), ask.text))
    _joined(tiles).save(args.out, quality=85, optimize=True)
    print(f"{args.out}: {len(tiles)} pictures, {args.out.stat().st_size / 1024:.0f} KiB")


def _pictures(folder: Path, name: str) -> list[Path]:
    """Those called <name>-<seed>, not those of a name that begins alike, by their seeds."""
    named = (path for path in folder.glob(f"{name}-*.png") if path.stem.removeprefix(f"{name}-").isdigit())
    return sorted(named, key=lambda path: int(path.stem.removeprefix(f"{name}-")))


def _coloured(labels: "Tensor") -> "Tensor":
    """A map in the colours of its parts, sRGB 0..1 [3, H, W]."""
    import torch

    from humandiffusion.pose.palettes import OURS

    table = torch.tensor(OURS, dtype=torch.float32) / 255
    return table[labels.long()].permute(2, 0, 1)


def _tile(shape: Image.Image, picture: Image.Image, text: str) -> Image.Image:
    tile = Image.new("RGB", (2 * WIDTH + 4, HEIGHT + LINES * LINE + 6), "white")
    tile.paste(shape.resize((WIDTH, HEIGHT), Image.Resampling.BOX), (0, 0))
    tile.paste(picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), (WIDTH, 0))
    told = textwrap.wrap(text, 54, max_lines=LINES, placeholder=" ...")
    ImageDraw.Draw(tile).multiline_text(
        (1, HEIGHT + 2), "\n".join(told), "black", ImageFont.load_default(10), spacing=1
    )
    return tile


def _joined(tiles: list[Image.Image]) -> Image.Image:
    width, height = tiles[0].size
    sheet = Image.new("RGB", (width * min(A_ROW, len(tiles)), height * -(-len(tiles) // A_ROW)), "white")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (width * (number % A_ROW), height * (number // A_ROW)))
    return sheet


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="photo set with index.json")
    parser.add_argument("--judged", type=Path, required=True, help="the --out folder of `humandiffusion evaluate`")
    parser.add_argument("--model", default="builtin", help="name of the model's folder there")
    parser.add_argument("--ask", default="captions", help="which set (default %(default)s)")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0, help="of evaluate, and of the choice")
    parser.add_argument("--out", type=Path, required=True, help="a .jpg file")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
