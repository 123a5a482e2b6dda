"""Do pictures show a person in the asked shape with garments in the asked colours? On maps of photos never trained on.

    python benchmarks/fidelity.py --data shared/data/ccp --judge mediapipe-0.10.21-....whl --json fidelity.json

For each held-out map a sentence names its garments of at least 1% of the picture, in basic colours dealt evenly;
pictures are made of sentence and map as the command line makes them. `--write-jobs DIR` writes them for
`humandiffusion generate --jobs`; `--pictures DIR` judges what that made. `--maps figure` and `--maps preset` ask the
same of maps that were drawn, not parsed: figures in the poses and garments of the same photos, and the presets. What is
measured, and by which networks: `humandiffusion/evaluation/`.
"""

import argparse
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
# Of what the library measures, the figures of this benchmark.
CONTRACTED = ("person_", "colour_accuracy", "leak_rate", "understood", "kernel_distance")


def main() -> None:
    """Make or read the pictures, judge them, print and write the figures."""
    args = _arguments()
    from pictures import make_pictures

    from humandiffusion.evaluation.maps import Maps, load_maps, write_jobs
    from humandiffusion.evaluation.pictures import contact_sheet, read_pictures, save_picture

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
        pictures = read_pictures(args.pictures, maps.asks, maps.labels)
    else:
        pictures = make_pictures(maps, args, range(len(maps.asks)), args.seed)
    if args.save:
        for picture, ask in zip(pictures, maps.asks, strict=True):
            save_picture(picture, args.save / f"{ask.photo_id}.png")
    if args.sheet:
        contact_sheet(pictures, maps.asks, maps.labels, args.sheet)
    figures = {"maps": args.maps} | judge(pictures, maps, parsed, judges)
    if args.second and not args.pictures:
        figures |= _other_seed(pictures, maps, judges, args)
    report(f"Fidelity of {len(pictures)} pictures", figures, WANTED, args.json)


def judge(pictures: list, maps, parsed, judges) -> Figures:
    """All figures of one set of pictures [3, H, W]; `pictures[i]` answers `maps.asks[i]`. What the judges say of real
    photos is told of those in `parsed`, with their own maps."""
    from humandiffusion.evaluation.asking import Ask, flat_picture
    from humandiffusion.evaluation.measuring import measure
    from humandiffusion.evaluation.nearest import Looks, looks_of
    from humandiffusion.evaluation.ruler import Ruler, distances

    # All held-out photos, also where only some pictures are judged: a larger set is a steadier ruler.
    ruler = Ruler(looks_of(maps.every_photo(), judges.network))
    measured = measure(maps.asks, maps.labels, [pictures], judges, ruler)
    plain = [Ask(ask.photo_id, "", {}) for ask in parsed.asks]
    photos = [parsed.photo(index) for index in range(len(plain))]
    real = measure(plain, parsed.labels, [photos], judges, Ruler(Looks.none()))
    flats = (flat_picture(labels, ask.asked) for labels, ask in zip(maps.labels, maps.asks, strict=True))
    flat = distances(looks_of(flats, judges.network).features, ruler.held_out.features)["kernel_distance"].value
    found = {name: figure.value for name, figure in measured.figures.items() if name.startswith(CONTRACTED)}
    found |= {f"{name}_real": figure.value for name, figure in real.figures.items() if name.startswith("person_")}
    return {
        "pictures": len(pictures),
        **found,
        "person_seen_ratio": found["person_seen"] / found["person_seen_real"],
        "colours_asked": measured.figures["colour_accuracy"].count,
        "kernel_distance_flat": flat,
        "kernel_ratio": found["kernel_distance"] / flat,
    }


def _other_seed(pictures: list, maps, judges, args: argparse.Namespace) -> Figures:
    from pictures import make_pictures

    from humandiffusion.evaluation.measuring import measure
    from humandiffusion.evaluation.nearest import Looks
    from humandiffusion.evaluation.painting import TURN
    from humandiffusion.evaluation.ruler import Ruler
    from humandiffusion.evaluation.shape import mask_iou

    chosen = range(min(args.second, len(maps.asks)))
    few = maps.first(len(chosen))
    others = make_pictures(few, args, chosen, args.seed + TURN)
    pairs = list(zip(pictures, others, strict=False))
    figures = measure(few.asks, few.labels, [others], judges, Ruler(Looks.none())).figures
    return {
        "seed_pictures": len(others),
        "seed_difference": _mean([float((one - other).abs().mean()) for one, other in pairs]),
        "seed_mask_iou": _mean([mask_iou(*(judges.person(one).mask for one in pair)) for pair in pairs]),
        "seed_person_iou": figures["person_iou"].value,
        "seed_colour_accuracy": figures["colour_accuracy"].value,
    }


def _judges(path: Path | None):
    """Only the networks that the figures need; nothing of ours judges."""
    from humandiffusion.evaluation.judges import Judges
    from humandiffusion.evaluation.kernel_distance import load_feature_judge
    from humandiffusion.evaluation.networks import FeatureNetwork
    from humandiffusion.evaluation.person import load_person_judge, load_silhouette_judge

    alone = path is not None and path.suffix == ".tflite"
    network = FeatureNetwork("EfficientNet-Lite0", load_feature_judge())
    return Judges(network, person=load_person_judge(path), silhouette=None if alone else load_silhouette_judge(path))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


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
