"""Does an edit change its part, and nothing else? What does it cost, and do tiles hold together?

    COMFYUI_PATH=~/comfy/ComfyUI COMFYUI_PYTHON=~/comfy/venv/bin/python \\
        python benchmarks/editing.py --data shared/data/ccp --json editing.json

photos    The native model, on maps of photos that it was never trained on. For each a picture is made as `fidelity.py`
          makes it; then one of its garments, chosen evenly, is asked in another basic colour. `edited_colour`: that
          garment shows the new colour; `anew_colour`: it does in a whole new picture of the changed sentence.
          `untouched_before` and `_after`: the other garments show what was asked of them. `outside_changed`: pixels
          that differ where the mask is 0, over all edits. `farthest`: how many pixels away from the part the farthest
          changed pixel lies.
tiles     The native model on a picture of 512 x 768 in tiles. `tiles_outside`: the most attention that a cell gives to
          a part which its own pixels do not show, with each tile's own map, and with the whole map in every tile.
          `seam`: how much more the change jumps where tiles begin and end than elsewhere.
sd        The same zero on Stable Diffusion, through the node, with random weights; and the farthest pixel.
flops     An edit of a part that covers 5 % of 1024 x 1536, over sampling it whole: U-Net and VAE, 20 steps.
sd_tiles  The attention of tiles on Stable Diffusion with random weights.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from common import Figures, report, start

HERE = Path(__file__).resolve().parent
INSIDE = ("sd", "flops", "sd_tiles")
SECTIONS = ("photos", "tiles", *INSIDE)

WANTED = {
    "outside_changed": "0",
    "farthest": "<= 32 pixels of a picture of 256 x 384",
    "edited_colour": "as good as anew_colour",
    "untouched_after": "= untouched_before",
    "tiles_outside": "0",
    "tiles_outside_without_maps": "the whole map in every tile",
    "seam": "about 1",
    "seam_without_overlap": "tiles side by side",
    "sd_outside_changed": "0",
    "sd_farthest": "<= 32 pixels of a picture of 256 x 384",
    "sd_flops_ratio": "<= 0.25",
    "native_flops_ratio": "<= 0.25",
    "sd_tiles_outside": "0",
    "sd_tiles_outside_without_maps": "the whole map in every tile",
}


@dataclass(frozen=True)
class Change:
    """One edit: of which ask, which part, in which colour."""

    number: int
    part: int
    colour: str


def main() -> None:
    """Measure the sections asked for, print and write the figures."""
    args = _arguments()
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for section in args.sections:
            print(f"{section} ...", file=sys.stderr)
            found = _inside(args, Path(folder), section) if section in INSIDE else HERE_MEASURED[section](args)
            print(json.dumps(found), file=sys.stderr)  # a long way: what is found is not lost
            figures |= found
    report("Editing", figures, WANTED, args.json)


def _photos(args: argparse.Namespace) -> Figures:
    from pictures import make_pictures

    from humandiffusion.evaluation.maps import load_maps

    maps = load_maps(args.data, args.seed, args.limit)
    changes = list(_changes(maps, args.edits))
    pictures = make_pictures(maps, args, range(len(maps.asks)), args.seed)
    wholly = [_recoloured(maps.asks[one.number], one) for one in changes]
    labels = [maps.labels[one.number] for one in changes]
    anew = make_pictures(replace(maps, asks=wholly, labels=labels), args, range(len(changes)), args.seed + 1)
    return _measure(maps, changes, pictures, anew, args)


def _tiles(args: argparse.Namespace) -> Figures:
    import torch
    from editing_tiles import tiles

    from humandiffusion.pipeline import HumanDiffusionPipeline

    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    with torch.no_grad():
        return tiles(pipeline, args.steps, args.cfg)


HERE_MEASURED = {"photos": _photos, "tiles": _tiles}


def _inside(args: argparse.Namespace, folder: Path, section: str) -> Figures:
    """The same in ComfyUI's interpreter."""
    given = [args.comfyui_python, HERE / "editing_inside.py", args.comfyui, folder, section, f"--edits={args.edits}"]
    done = subprocess.run([str(word) for word in given], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _changes(maps: "Maps", wanted: int) -> "Iterator[Change]":  # noqa: F821
    """Garments dealt evenly over maps, colours over the basic ones; never the colour that was asked already."""
    from humandiffusion.evaluation.colours import BASIC_NAMES

    for turn in range(wanted):
        number = turn % len(maps.asks)
        asked = maps.asks[number].asked
        part = sorted(asked)[(turn + turn // len(maps.asks)) % len(asked)]
        colours = [name for name in BASIC_NAMES if name != asked[part]]
        yield Change(number, part, colours[turn % len(colours)])


def _recoloured(ask: "Ask", change: Change) -> "Ask":  # noqa: F821
    """The same ask with the garment in its new colour."""
    noun = _phrase(ask, change.part).split(" ", 1)[1]
    old, new = f"{ask.asked[change.part]} {noun}", f"{change.colour} {noun}"
    return replace(ask, text=ask.text.replace(old, new, 1), asked=ask.asked | {change.part: change.colour})


def _phrase(ask: "Ask", part: int) -> str:  # noqa: F821
    """Colour and name of a garment as the sentence has them."""
    from humandiffusion.describe import describe

    prompt = describe(ask.text).get(part)
    return prompt.phrase if prompt is not None else f"{ask.asked[part]} garment"


def _measure(maps: "Maps", changes: list[Change], pictures: list, anew: list, args: argparse.Namespace) -> Figures:  # noqa: F821
    from tqdm import tqdm

    from humandiffusion.editing.native import edit_native
    from humandiffusion.editing.plan import plan_edit
    from humandiffusion.evaluation.colours import judge_colours
    from humandiffusion.pipeline import HumanDiffusionPipeline
    from humandiffusion.pose.distances import distance
    from humandiffusion.pose.semantic_pose import SemanticPose

    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    outside, farthest = 0, 0.0
    edited: list[bool] = []
    whole: list[bool] = []
    before: list[bool] = []
    after: list[bool] = []
    for turn, change in enumerate(tqdm(changes, desc="edits", unit="picture")):
        ask, labels, picture = maps.asks[change.number], maps.labels[change.number], pictures[change.number]
        plan = plan_edit(picture.movedim(0, -1)[None], SemanticPose(labels=labels[None]), change.part, largest=1.0)
        noun = _phrase(ask, change.part).split(" ", 1)[1]
        done = edit_native(pipeline, plan, f"{change.colour} {noun}", seed=turn, steps=args.steps, guidance=args.cfg)
        changed = (done[0] != plan.picture[0]).any(-1)
        outside += int((changed & (plan.mask[0] == 0)).sum())
        if bool(changed.any()):
            farthest = max(farthest, float(distance(labels == change.part)[changed].max()))
        asked = ask.asked | {change.part: change.colour}
        now = judge_colours(done[0].movedim(-1, 0), labels, asked)
        edited += [row.right for row in now if row.part == change.part]
        after += [row.right for row in now if row.part != change.part]
        before += [row.right for row in judge_colours(picture, labels, ask.asked) if row.part != change.part]
        whole += [row.right for row in judge_colours(anew[turn], labels, asked) if row.part == change.part]
    return {
        "edits": len(changes), "outside_changed": outside, "farthest": farthest, "edited_colour": _mean(edited),
        "anew_colour": _mean(whole), "untouched_before": _mean(before), "untouched_after": _mean(after),
        "others": len(after),
    }  # fmt: skip


def _mean(hits: list[bool]) -> float:
    return sum(hits) / max(len(hits), 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    home = Path.home() / "comfy"
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS, help="default: all")
    parser.add_argument("--data", type=Path, help="photos: folder with images/, parsing/ and index.json")
    parser.add_argument("--comfyui", type=Path, default=os.environ.get("COMFYUI_PATH") or home / "ComfyUI")
    parser.add_argument(
        "--comfyui-python", type=Path, default=os.environ.get("COMFYUI_PYTHON") or home / "venv" / "bin" / "python"
    )
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--edits", type=int, default=100, help="default %(default)s")
    parser.add_argument("--limit", type=int, help="only the first N maps")
    parser.add_argument("--batch", type=int, default=4, help="pictures made at once (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of colours and noise (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--device", default="cpu")
    for name in ("model", "encoder", "memory"):
        parser.add_argument(f"--{name}", default="builtin", help="a file instead of the one that ships")
    args = parser.parse_args()
    if "photos" in args.sections and args.data is None:
        parser.error("photos: wanted --data, or --sections without it")
    return args


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
