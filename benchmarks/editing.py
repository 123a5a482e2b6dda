"""Does an edit change its part, and nothing else? The native model, on maps of photos that it was never trained on.

    python benchmarks/editing.py --data shared/data/ccp --json editing.json

For each held-out map a picture is made as `fidelity.py` makes it; then one of its garments, chosen evenly, is asked in
another basic colour. `edited_colour`: that garment shows the new colour; `anew_colour`: it does in a whole new picture
of the changed sentence. `untouched_before` and `_after`: the other garments show what was asked of them.
`outside_changed`: pixels that differ where the mask is 0, over all edits. `farthest`: how many pixels away from the
part the farthest changed pixel lies.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from common import Figures, report, start

WANTED = {
    "outside_changed": "0",
    "farthest": "<= 32 pixels of a picture of 256 x 384",
    "edited_colour": "as good as anew_colour",
    "untouched_after": "= untouched_before",
}


@dataclass(frozen=True)
class Change:
    """One edit: of which ask, which part, in which colour."""

    number: int
    part: int
    colour: str


def main() -> None:
    """Make, edit, judge, print and write."""
    args = _arguments()
    from pictures import make_pictures

    from humandiffusion.evaluation.maps import load_maps

    maps = load_maps(args.data, args.seed, args.limit)
    changes = list(_changes(maps, args.edits))
    pictures = make_pictures(maps, args, range(len(maps.asks)), args.seed)
    wholly = [_recoloured(maps.asks[one.number], one) for one in changes]
    labels = [maps.labels[one.number] for one in changes]
    anew = make_pictures(replace(maps, asks=wholly, labels=labels), args, range(len(changes)), args.seed + 1)
    report(f"{len(changes)} edits", _measure(maps, changes, pictures, anew, args), WANTED, args.json)


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
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--edits", type=int, default=50, help="default %(default)s")
    parser.add_argument("--limit", type=int, help="only the first N maps")
    parser.add_argument("--batch", type=int, default=4, help="pictures made at once (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of colours and noise (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--device", default="cpu")
    for name in ("model", "encoder", "memory"):
        parser.add_argument(f"--{name}", default="builtin", help="a file instead of the one that ships")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
