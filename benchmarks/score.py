"""Does the score tell right pictures from wrong ones, and is the best of a batch better? On photos never trained on.

    python benchmarks/score.py --data shared/data/ccp --judge mediapipe-0.10.21-....whl --json score.json

Each held-out photo is scored with its own map and caption, and with those of other photos: both, the map alone, the
caption alone. `separated` is the share of pairs in which its own score higher (a tie counts half).

Then for `--maps` of them the native model makes 8 pictures each, asked as in `fidelity.py`; the 2 with the best scores
are compared with 2 drawn at random: by the score itself, and by what it does not see: colours by their prototypes and
the person by mediapipe's pose network. Differences have their 95% bootstrap interval over maps.
"""

import argparse
import json
import random
import sys
from pathlib import Path

from common import Figures, report, start

KINDS = ("both", "map", "caption")
BATCH, KEPT = 8, 2
WANTED = {
    "separated_both": ">= 0.95: map and caption of another photo",
    "separated_map": "only the map is another's",
    "separated_caption": "only the caption is another's; some captions fit two photos",
    "gain_score_low": "> 0: best 2 of 8 over 2 random",
    "gain_colour_low": "the same by the colours asked, counted",
    "gain_person_iou_low": "the same by an independent judge of the person",
}


def main() -> None:
    """Measure, print and write the figures."""
    args = _arguments()
    figures = separation(args)
    if args.maps:
        figures |= best_of_a_batch(args)
    report("The score on held-out photos and the model's own pictures", figures, WANTED, args.json)


def separation(args: argparse.Namespace) -> Figures:
    """Own maps and captions against those of `--others` other photos each."""
    import torch
    from tqdm import tqdm

    from humandiffusion.describe import describe
    from humandiffusion.parsing.load import load_parser
    from humandiffusion.training.photos import PhotoSet

    photos = PhotoSet(args.data, held_out=True, limit=args.limit)
    records = json.loads((args.data / "index.json").read_text(encoding="utf-8"))["records"]
    captions = {str(record["id"]): describe(record["caption"]) for record in records}
    images = [photos.image(i).float() / 255 for i in photos.ids]
    maps, prompts = [photos.labels(i) for i in photos.ids], [captions[i] for i in photos.ids]
    parser = load_parser(args.parser)
    seen = torch.stack([parser.parse(image[None]).labels[0] for image in tqdm(images, desc="parse", file=sys.stderr)])
    score = _scorer(images, seen, args.encoder)

    own = [score(i, maps[i], prompts[i]) for i in range(len(images))]
    draw, wins = random.Random(args.seed), {kind: [] for kind in KINDS}
    for i in tqdm(range(len(images)), desc="shuffled", file=sys.stderr):
        for j in draw.sample([other for other in range(len(images)) if other != i], args.others):
            shuffled = {"both": (maps[j], prompts[j]), "map": (maps[j], prompts[i]), "caption": (maps[i], prompts[j])}
            for kind, given in shuffled.items():
                wins[kind].append((own[i], score(i, *given)))
    figures: Figures = {"photos": len(images), "pairs": len(wins["both"]), "score_own": _mean(own)}
    for kind, pairs in wins.items():
        figures[f"separated_{kind}"] = _mean([float(a > b) + 0.5 * (a == b) for a, b in pairs])
        figures[f"score_{kind}"] = _mean([b for _, b in pairs])
    return figures


def best_of_a_batch(args: argparse.Namespace) -> Figures:
    """The best 2 of 8 native pictures of a map against 2 random ones of the same 8."""
    import torch
    from tqdm import tqdm

    from humandiffusion.describe import describe
    from humandiffusion.encoders.builtin import load_encoder
    from humandiffusion.evaluation.best import best
    from humandiffusion.evaluation.colours import judge_colours
    from humandiffusion.evaluation.intervals import interval
    from humandiffusion.evaluation.maps import load_maps
    from humandiffusion.evaluation.person import load_person_judge
    from humandiffusion.evaluation.score import score_pictures
    from humandiffusion.evaluation.shape import mask_iou, person_mask
    from humandiffusion.parsing.load import load_parser
    from humandiffusion.pipeline import HumanDiffusionPipeline
    from humandiffusion.pose.semantic_pose import SemanticPose

    maps, judge = load_maps(args.data, args.seed, args.maps), load_person_judge(args.judge)
    pipeline = HumanDiffusionPipeline.from_files()
    pipeline.set_progress_bar_config(disable=True)
    parser, encoder = load_parser(args.parser), load_encoder(args.encoder)
    rows, draw = {"score": [], "colour": [], "person_iou": []}, random.Random(args.seed)
    for ask, labels in tqdm(list(zip(maps.asks, maps.labels, strict=True)), desc="batches", file=sys.stderr):
        pose, prompts = SemanticPose(labels=labels[None]), describe(ask.text, encoder)
        images = _painted(pipeline, ask.photo_id, prompts, pose, args)
        scores = [one.score for one in score_pictures(images, pose, prompts, parser=parser, encoder=encoder)]
        judged = {
            "score": scores,
            "colour": [_mean([c.right for c in judge_colours(one, labels, ask.asked)]) for one in images],
            "person_iou": [mask_iou(judge(one).mask, person_mask(labels)) for one in images],
        }
        kept, drawn = best(scores, KEPT), draw.sample(range(BATCH), KEPT)
        for name, values in judged.items():
            rows[name].append([_mean([values[i] for i in some]) for some in (kept, drawn)])
    figures: Figures = {"maps": len(maps.asks), "steps": args.steps, "batch": BATCH, "kept": KEPT}
    for name, pairs in rows.items():
        kept, drawn = torch.tensor(pairs).unbind(1)
        gain = interval(kept - drawn, torch.ones(len(pairs)))
        figures |= {f"{name}_best": float(kept.mean()), f"{name}_random": float(drawn.mean())}
        figures |= {f"gain_{name}": gain.mean, f"gain_{name}_low": gain.low, f"gain_{name}_high": gain.high}
    return figures


def _painted(pipeline, photo_id: str, prompts, pose, args: argparse.Namespace):
    """8 pictures [8, 3, H, W] of 8 bits a channel, other seeds; from `--pictures` where they are there already."""
    import numpy as np
    import torch
    from PIL import Image

    paths = [args.pictures / f"{photo_id}_{k}.png" for k in range(BATCH)] if args.pictures else []
    if paths and all(path.is_file() for path in paths):
        pixels = torch.stack([torch.from_numpy(np.array(Image.open(path).convert("RGB"))) for path in paths])
        return pixels.permute(0, 3, 1, 2).float() / 255
    seeds = [torch.Generator("cpu").manual_seed(1000 * args.seed + k) for k in range(BATCH)]
    options = {"num_inference_steps": args.steps, "output_type": "pt"}
    images = pipeline([prompts] * BATCH, pose, generator=seeds, **options).images
    pixels = (images.clamp(0, 1) * 255).round().byte()
    if args.pictures:
        args.pictures.mkdir(parents=True, exist_ok=True)
    for path, one in zip(paths, pixels, strict=False):
        Image.fromarray(one.permute(1, 2, 0).numpy()).save(path)
    return pixels.float() / 255


def _scorer(images: list, seen, encoder_name: str):
    """(number of the photo, map, prompts) -> score, with everything that pairs share done once."""
    from humandiffusion.encoders.builtin import load_encoder
    from humandiffusion.evaluation.score import score_pictures
    from humandiffusion.pose.semantic_pose import SemanticPose

    encoder = _Remembering(load_encoder(encoder_name))

    def score(number: int, labels, prompts) -> float:
        pose, parser = SemanticPose(labels=labels[None]), _Parsed(seen[number : number + 1])
        (one,) = score_pictures(images[number][None], pose, prompts, parser=parser, encoder=encoder)
        return one.score

    return score


class _Parsed:
    """A parser that has parsed already."""

    parser_id = "parsed"

    def __init__(self, labels) -> None:
        self.labels = labels

    def parse(self, images):
        """The labels, whatever the pictures."""
        from humandiffusion.pose.semantic_pose import SemanticPose

        return SemanticPose(labels=self.labels)


class _Remembering:
    """A part encoder that encodes no phrases twice."""

    def __init__(self, encoder) -> None:
        self.encoder_id, self.dim, self.crop_size = encoder.encoder_id, encoder.dim, encoder.crop_size
        self.encode_image, self._encoder, self._texts = encoder.encode_image, encoder, {}

    def encode_text(self, phrases: list[str]):
        """As the encoder's own."""
        key = tuple(phrases)
        if key not in self._texts:
            self._texts[key] = self._encoder.encode_text(phrases)
        return self._texts[key]


def _mean(values: list) -> float:
    return sum(values) / len(values) if values else float("nan")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--judge", type=Path, help="mediapipe 0.10.21's wheel or its pose_landmark_full.tflite")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--limit", type=int, help="only the first N held-out photos")
    parser.add_argument("--others", type=int, default=3, help="other photos for each (default %(default)s)")
    parser.add_argument("--maps", type=int, default=20, help="maps of which batches are made (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="of the batches (default %(default)s)")
    parser.add_argument("--pictures", type=Path, help="folder where the batches are kept, and found again")
    parser.add_argument("--parser", default="builtin", help="what finds the parts")
    parser.add_argument("--encoder", default="builtin", help="a file instead of the one that ships")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "diffusers", "tqdm"))
