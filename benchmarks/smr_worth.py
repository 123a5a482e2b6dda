"""What is SMR worth? The native model on held-out maps with its features refreshed, and with others in their place.

    python benchmarks/smr_worth.py --data shared/data/ccp --judge mediapipe-0.10.21-....whl --json smr_worth.json

Four looks for the same sentences, maps and noise; they differ in the features of the described parts alone:

    smr      the phrase's feature refreshed by the memory, as the pack does it
    words    the phrase's feature itself (blend 0)
    shifted  that, moved by the difference of the two modalities' means: the gap closed without a memory
    random   rows of the same part drawn at random, mixed as those found would be

Every figure has its 95% bootstrap interval over maps, every difference to `smr` too. Colours and shape are judged as
`fidelity.py` does; `detail` is the mean gradient of lightness inside the described garments, over that of the photos.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from common import Figures, report, start

VARIANTS = ("smr", "words", "shifted", "random")
WANTED = {
    **{f"{figure}_smr_minus_{other}_low": "> 0: SMR wins" for figure in ("colour", "iou") for other in VARIANTS[1:]},
    "leak_smr_minus_words_high": "< 0: SMR wins",
}


def main() -> None:
    """Make and judge the pictures of every variant, print and write the figures."""
    args = _arguments()
    import torch

    from humandiffusion.evaluation.maps import load_maps
    from humandiffusion.evaluation.person import load_person_judge
    from humandiffusion.evaluation.pictures import contact_sheet, read_pictures, save_picture
    from humandiffusion.pipeline import HumanDiffusionPipeline

    maps = load_maps(args.data, args.seed, args.limit)
    judge = load_person_judge(args.judge)
    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    pipeline.set_progress_bar_config(disable=True)
    scores = {}
    for variant in args.variants:
        rounds = []
        for turn in range(args.rounds):
            if turn == 0 and args.pictures and (args.pictures / variant).is_dir():
                pictures = read_pictures(args.pictures / variant, maps.asks, maps.labels)
            else:
                pictures = make(pipeline, maps, look_of(variant, args), args, args.seed + 500_000 * turn)
            rounds.append(judged(pictures, maps, judge))
            if turn == 0 and args.save:
                for picture, ask in zip(pictures, maps.asks, strict=True):
                    save_picture(picture, args.save / variant / f"{ask.photo_id}.png")
                contact_sheet(pictures, maps.asks, maps.labels, args.save / f"{variant}.png")
        scores[variant] = {name: torch.stack([one[name] for one in rounds]).sum(0) for name in rounds[0]}
    figures: Figures = {"maps": len(maps.asks), "rounds": args.rounds, "k": args.k, "tau": args.tau, **table(scores)}
    report(f"SMR's worth on {len(maps.asks)} held-out maps", figures, WANTED, args.json)


def look_of(variant: str, args: argparse.Namespace) -> Callable:
    """The features of part prompts in one variant: (pipeline, prompts, number of the picture) -> PartFeatures."""
    import torch
    import torch.nn.functional as F

    from humandiffusion.smr.features import retrieve

    def look(pipeline, prompts, number: int):
        memory = pipeline.memory.memory
        found = retrieve(pipeline.encoder, memory, prompts, k=args.k, tau=args.tau)
        words = retrieve(pipeline.encoder, memory, prompts, k=args.k, tau=args.tau, blend=0.0)
        features = (found if variant == "smr" else words).features.clone()
        draw = torch.Generator().manual_seed(args.seed + number)
        for row in found.retrieved:
            if row.how != "text":
                continue
            if variant == "shifted":
                moved = words.features[0, row.part] - memory.mean_text + memory.mean_image
                features[0, row.part] = F.normalize(moved, dim=0)
            if variant == "random":
                of_part = memory.rows_of(row.part)
                rows = torch.randint(of_part.start, of_part.stop, (len(row.weights),), generator=draw)
                mixed = torch.tensor(row.weights) @ memory.vectors[rows].float()
                features[0, row.part] = F.normalize(mixed, dim=0)
        return replace(found, features=features)

    return look


def make(pipeline, maps, look: Callable, args: argparse.Namespace, seed: int) -> list:
    """One picture [3, H, W] for each map; of 8 bits a channel, as files have."""
    import sys

    import torch
    from tqdm import tqdm

    from humandiffusion.describe import describe
    from humandiffusion.pose.semantic_pose import SemanticPose

    pictures = []
    for first in tqdm(range(0, len(maps.asks), args.batch), unit="batch", file=sys.stderr):
        some = range(first, min(first + args.batch, len(maps.asks)))
        prompts = [describe(maps.asks[number].text, pipeline.encoder) for number in some]
        done = pipeline(
            [look(pipeline, prompt, number) for prompt, number in zip(prompts, some, strict=True)],
            [SemanticPose(labels=maps.labels[number][None]) for number in some],
            num_inference_steps=args.steps,
            guidance_scale=args.cfg,
            generator=[torch.Generator("cpu").manual_seed(seed + number) for number in some],
            output_type="pt",
        )
        pictures += list((done.images.clamp(0, 1) * 255).round() / 255)
    return pictures


def judged(pictures: list, maps, judge) -> dict:
    """Sums and counts of every figure, each [N] over the pictures."""
    import torch

    from humandiffusion.evaluation.colours import judge_colours
    from humandiffusion.evaluation.shape import mask_iou, person_mask

    rows = []
    for number, (picture, labels, ask) in enumerate(zip(pictures, maps.labels, maps.asks, strict=True)):
        colours = judge_colours(picture, labels, ask.asked)
        open_to = [colour for colour in colours if colour.can_leak]
        inside = sum(labels == part for part in ask.asked).bool()
        rows.append(
            {
                "colour": (sum(colour.right for colour in colours), len(colours)),
                "leak": (sum(colour.leaked for colour in open_to), len(open_to)),
                "iou": (mask_iou(judge(picture).mask, person_mask(labels)), 1),
                "detail": (_detail(picture, inside), _detail(maps.photo(number), inside)),
            }
        )
    return {name: torch.tensor([row[name] for row in rows], dtype=torch.float64) for name in rows[0]}


def table(scores: dict) -> Figures:
    """Means with their intervals, and the differences between SMR and each other variant."""
    from humandiffusion.evaluation.intervals import interval

    figures: Figures = {}
    for figure in ("colour", "iou", "leak", "detail"):
        for variant, found in scores.items():
            sums, counts = found[figure].unbind(1)
            _put(figures, f"{figure}_{variant}", interval(sums, counts))
        for variant in [other for other in scores if other != "smr" and "smr" in scores]:
            sums = scores["smr"][figure][:, 0] - scores[variant][figure][:, 0]
            _put(figures, f"{figure}_smr_minus_{variant}", interval(sums, scores["smr"][figure][:, 1]))
    return figures


def _put(figures: Figures, name: str, found) -> None:
    figures[name], figures[f"{name}_low"], figures[f"{name}_high"] = found.mean, found.low, found.high


def _detail(picture, inside) -> float:
    """Mean length of lightness' gradient between neighbours that both lie inside; edges of the map do not count."""
    from humandiffusion.colour import srgb_to_lab

    lightness = srgb_to_lab(picture.permute(1, 2, 0))[..., 0]
    down, across = lightness.diff(dim=0)[:, :-1], lightness.diff(dim=1)[:-1]
    both = inside[1:, :-1] & inside[:-1, :-1] & inside[:-1, 1:]
    return float((down.square() + across.square()).sqrt()[both].mean()) if bool(both.any()) else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--judge", type=Path, help="mediapipe 0.10.21's wheel or its pose_landmark_full.tflite")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--save", type=Path, help="folder for the pictures, and a sheet of each variant")
    parser.add_argument("--pictures", type=Path, help="a folder of --save: what it holds of the first round is read")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="only these")
    parser.add_argument("--limit", type=int, help="only the first N maps")
    parser.add_argument("--rounds", type=int, default=1, help="pictures of each map, other noise (default %(default)s)")
    parser.add_argument("--batch", type=int, default=4, help="pictures made at once (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of colours, noise and random rows (default %(default)s)")
    parser.add_argument("--k", type=int, default=4, help="rows that SMR finds (default %(default)s)")
    parser.add_argument("--tau", type=float, default=0.05, help="of their weights (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=2.0)
    for name in ("model", "encoder", "memory"):
        parser.add_argument(f"--{name}", default="builtin", help="a file instead of the one that ships")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "diffusers"))
