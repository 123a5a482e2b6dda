"""How well the dressed figure, drawn from a photo's keypoints and its list of garments, covers what the photo shows.

    python benchmarks/figure.py --data CCP_FOLDER --judge mediapipe-0.10.21-....whl --json figure.json

For each photo: mediapipe's landmarks (the mean of what its network says of the photo and of its mirror image) become
OpenPose's 18 points, the list of what is worn becomes garments as from
part prompts, and the figure drawn from both is laid over the photo's own map. The list has two forms: bare names, as
the index has it ("coat", "jeans"); and described, as an artist would, with one word each for length, sleeves and fit of
a garment and for the hair ("long closed coat"), the nearest to what the map shows. Person: all that is not background.
Big parts: those that cover a tenth of the person or more.
"""

import argparse
from pathlib import Path

from common import Figures, report, start

BIG = 0.1
WANTED = {
    "person_iou": ">= 0.75, mean over the photos",
    "big_part_iou": ">= 0.5, mean over all big parts of all photos; bare names",
    "described_person_iou": ">= 0.75, with words for lengths",
    "described_big_part_iou": ">= 0.5, with words for lengths",
    "seen": "share of photos in which the network sees a person and its torso",
}


def main() -> None:
    """Draw, compare, print and write the figures."""
    args = _arguments()
    from humandiffusion.evaluation.landmarks import load_landmark_judge
    from humandiffusion.training.photos import PhotoSet

    judge = load_landmark_judge(args.judge)
    figures: Figures = {}
    for held_out in (True, False):
        photos = PhotoSet(args.data, held_out=held_out, limit=args.limit)
        measured = _measure(photos, judge, args.out if held_out else None)
        figures |= measured if held_out else {f"{name}_other": value for name, value in measured.items()}
    report("Figure against photo (held-out photos; _other: the rest)", figures, WANTED, args.json)


def _measure(photos: "PhotoSet", judge: "LandmarkJudge", out: Path | None) -> Figures:  # noqa: F821
    from worn import described, figure_labels, worn

    from humandiffusion.errors import InputError
    from humandiffusion.evaluation.shape import mask_iou, person_mask

    lists, seen = worn(photos.root), 0
    person: dict[str, list[float]] = {"": [], "described_": []}
    parts: dict[str, dict[int, list[float]]] = {"": {}, "described_": {}}
    for photo in photos.ids:
        wanted = photos.labels(photo)
        body, score = judge(photos.image(photo).float() / 255)
        maps = []
        for form in person:
            said = [(part, described(part, name, wanted, body) if form else name) for part, name in lists[photo]]
            try:
                labels = figure_labels(body, score, said, (wanted.shape[0], wanted.shape[1]))
            except InputError:
                break
            maps.append(labels)
            person[form].append(mask_iou(person_mask(labels), person_mask(wanted)))
            for part, iou in _big_parts(labels, wanted):
                parts[form].setdefault(part, []).append(iou)
        seen += len(maps) == len(person)
        if out is not None and maps:
            _picture(out / f"{photo}.png", photos.image(photo), wanted, *maps)
    figures: Figures = {"seen": seen / len(photos.ids), "photos": len(photos.ids)}
    for form, by_part in parts.items():
        figures |= {f"{form}person_iou": _mean(person[form])}
        figures |= {f"{form}big_part_iou": _mean([iou for found in by_part.values() for iou in found])}
        figures |= {f"{form}iou_{_name(p)}": _mean(found) for p, found in sorted(by_part.items()) if len(found) >= 5}
    return figures | {"big_parts": sum(len(found) for found in parts[""].values())}


def _big_parts(labels: "Tensor", wanted: "Tensor") -> "Iterator[tuple[int, float]]":  # noqa: F821
    import torch

    from humandiffusion.evaluation.shape import mask_iou

    for part in torch.unique(wanted[wanted > 0]).tolist():
        if int((wanted == part).sum()) >= BIG * int((wanted > 0).sum()):
            yield part, mask_iou(labels == part, wanted == part)


def _name(part: int) -> str:
    from humandiffusion.parts import PART_NAMES

    return PART_NAMES[part].replace(" ", "_")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _picture(path: Path, image: "Tensor", *maps: "Tensor") -> None:  # noqa: F821
    import torch
    from PIL import Image

    from humandiffusion.pose.render import render
    from humandiffusion.pose.semantic_pose import SemanticPose

    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = render(SemanticPose(torch.stack(maps)))
    sheet = torch.cat([image.permute(1, 2, 0).float() / 255, *drawn], 1)
    Image.fromarray((sheet * 255).round().to(torch.uint8).numpy()).save(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="photos with maps: images/, parsing/"
    )
    parser.add_argument(
        "--judge", type=Path, metavar="FILE", help="mediapipe's wheel, or its pose_landmark_full.tflite"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos of either kind")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="photo, map and both figures")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
