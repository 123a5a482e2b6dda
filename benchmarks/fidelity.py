"""Do pictures show a person in the asked shape with garments in the asked colours? On maps of photos never trained on.

    python benchmarks/fidelity.py --data shared/data/ccp --judge mediapipe-0.10.21-....whl --json fidelity.json

For each held-out map a sentence names its garments of at least 1% of the picture, in basic colours dealt evenly;
pictures are made of sentence and map as the command line makes them. `--write-jobs DIR` writes them for
`humandiffusion generate --jobs`; `--pictures DIR` judges what that made. `--maps figure` and `--maps preset` ask the
same of maps that were drawn, not parsed: figures in the poses and garments of the same photos, and the presets. What is
measured, and by which networks: `humandiffusion/evaluation/`.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from common import Figures, report, start

WANTED = {
    "person_iou": ">= 0.82",
    "colour_accuracy": ">= 0.70, chance 0.09",
    "person_seen_ratio": ">= 0.9, over real photos",
    "kernel_ratio": "<= 0.5, over flat-coloured maps",
    "leak_rate": "shows a touching garment's colour, not its own",
    "understood": "asked colours that words carried to the right part",
    "seed_difference": "mean |difference| of sRGB 0..1, other seed",
}


def main() -> None:
    """Make or read the pictures, judge them, print and write the figures."""
    args = _arguments()
    from asks import Maps, load_maps, write_jobs
    from pictures import contact_sheet, make_pictures, read_pictures, save_pictures

    parsed: Maps = load_maps(args.data, args.seed, args.limit)
    maps = parsed
    if args.maps != "photo":
        from drawn_maps import drawn_maps

        maps = drawn_maps(args.maps, parsed, args.judge, args.seed)
    if args.write_jobs:
        write_jobs(maps, args.write_jobs, args.seed)
        print(f"jobs of {len(maps.asks)} pictures: {args.write_jobs / 'jobs.jsonl'}")
        return
    judges = _judges(args.judge)
    if args.pictures:
        pictures = read_pictures(args.pictures, maps)
    else:
        pictures = make_pictures(maps, args, range(len(maps.asks)), args.seed)
    if args.save:
        save_pictures(pictures, maps, args.save)
    if args.sheet:
        contact_sheet(pictures, maps, args.sheet)
    figures = {"maps": args.maps} | judge(pictures, maps, parsed, judges)
    if args.second and not args.pictures:
        figures |= _other_seed(pictures, maps, judges, args)
    report(f"Fidelity of {len(pictures)} pictures", figures, WANTED, args.json)


@dataclass(frozen=True)
class Judges:
    """The networks that judge; `silhouette` is None where only the pose network's file was given."""

    person: object
    silhouette: object | None
    features: object


def judge(pictures: list, maps, parsed, judges: Judges) -> Figures:
    """All figures of one set of pictures [3, H, W]; `pictures[i]` answers `maps.asks[i]`. What the judges say of real
    photos is told of those in `parsed`, with their own maps."""
    from humandiffusion.evaluation.asking import flat_picture
    from humandiffusion.evaluation.colours import colour_accuracy, leak_rate
    from humandiffusion.evaluation.kernel_distance import kernel_distance

    shape, rows = _shape(pictures, maps, judges), _colours(pictures, maps)
    real = _shape([parsed.photo(i) for i in range(len(parsed.asks))], parsed, judges)
    # All held-out photos, also where only some pictures are judged: a larger set is a steadier ruler.
    ruler = judges.features(maps.every_photo())
    flats = [flat_picture(labels, ask.asked) for labels, ask in zip(maps.labels, maps.asks, strict=True)]
    distance, flat = (kernel_distance(judges.features(some), ruler) for some in (pictures, flats))
    figures: Figures = {"pictures": len(pictures), **shape}
    figures |= {f"{name}_real": value for name, value in real.items()}
    figures |= {
        "person_seen_ratio": shape["person_seen"] / real["person_seen"],
        "colour_accuracy": colour_accuracy(rows),
        "colours_asked": len(rows),
        "leak_rate": leak_rate(rows),
        "understood": maps.understood(),
        "kernel_distance": distance,
        "kernel_distance_flat": flat,
        "kernel_ratio": distance / flat,
    }
    return figures | _by(rows, "colour", lambda row: row.asked) | _by(rows, "part", _part_name)


def _shape(pictures: list, maps, judges: Judges) -> dict[str, float]:
    from humandiffusion.evaluation.shape import mask_iou, person_mask

    wanted = [person_mask(labels) for labels in maps.labels]
    seen = [judges.person(picture) for picture in pictures]
    ious = [mask_iou(one.mask, mask) for one, mask in zip(seen, wanted, strict=True)]
    figures = {"person_iou": _mean(ious), "person_iou_worst": min(ious)}
    figures["person_seen"] = _mean([one.score > 0.5 for one in seen])
    if judges.silhouette is not None:
        pairs = zip(pictures, wanted, strict=True)
        figures["person_iou_second"] = _mean([mask_iou(judges.silhouette(picture), mask) for picture, mask in pairs])
    return figures


def _colours(pictures: list, maps) -> list:
    from humandiffusion.evaluation.colours import judge_colours

    triples = zip(pictures, maps.labels, maps.asks, strict=True)
    return [row for picture, labels, ask in triples for row in judge_colours(picture, labels, ask.asked)]


def _other_seed(pictures: list, maps, judges: Judges, args: argparse.Namespace) -> Figures:
    from pictures import make_pictures

    from humandiffusion.evaluation.colours import colour_accuracy
    from humandiffusion.evaluation.shape import mask_iou

    chosen = range(min(args.second, len(maps.asks)))
    few = maps.first(len(chosen))
    others = make_pictures(few, args, chosen, args.seed + 500_000)
    pairs = list(zip(pictures, others, strict=False))
    masks = [(judges.person(one).mask, judges.person(other).mask) for one, other in pairs]
    return {
        "seed_pictures": len(others),
        "seed_difference": _mean([float((one - other).abs().mean()) for one, other in pairs]),
        "seed_mask_iou": _mean([mask_iou(one, other) for one, other in masks]),
        "seed_person_iou": _shape(others, few, judges)["person_iou"],
        "seed_colour_accuracy": colour_accuracy(_colours(others, few)),
    }


def _by(rows: list, what: str, key) -> Figures:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row.right)
    return {f"colour_accuracy_{what}_{name}": _mean(hits) for name, hits in sorted(groups.items())}


def _part_name(row) -> str:
    from humandiffusion.parts import PART_NAMES

    return PART_NAMES[row.part].replace(" ", "_")


def _mean(values: list) -> float:
    return sum(values) / len(values)


def _judges(path: Path | None) -> Judges:
    from humandiffusion.evaluation.kernel_distance import load_feature_judge
    from humandiffusion.evaluation.person import load_person_judge, load_silhouette_judge

    alone = path is not None and path.suffix == ".tflite"
    return Judges(load_person_judge(path), None if alone else load_silhouette_judge(path), load_feature_judge())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--judge", type=Path, help="mediapipe 0.10.21's wheel or its pose_landmark_full.tflite")
    parser.add_argument(
        "--maps", choices=("photo", "figure", "preset"), default="photo", help="which maps (default %(default)s)"
    )
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--pictures", type=Path, help="judge DIR/<id>.png instead of making pictures")
    parser.add_argument("--write-jobs", type=Path, help="only write DIR/jobs.jsonl and the maps it names")
    parser.add_argument("--save", type=Path, help="folder to save the pictures in")
    parser.add_argument("--sheet", type=Path, help="PNG of all pictures beside their flat-coloured maps")
    parser.add_argument("--limit", type=int, help="only the first N maps")
    parser.add_argument("--second", type=int, default=24, help="pictures made with a second seed (default %(default)s)")
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
