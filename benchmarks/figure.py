"""How well the dressed figure, drawn from a photo's keypoints and its list of garments, covers what the photo shows.

    python benchmarks/figure.py --data CCP_FOLDER --judge mediapipe-0.10.21-....whl --json figure.json

For each photo: mediapipe's landmarks become OpenPose's 18 points, the names of what is worn (the index's, as "coat",
"jeans"; no pixels, no lengths) become garments as from part prompts, and the figure drawn from both is laid over the
photo's own map. Person: all that is not background. Big parts: those that cover 3 per cent of the person or more.
"""

import argparse
import json
from pathlib import Path

from common import Figures, report, start

BIG = 0.03
WANTED = {
    "person_iou": ">= 0.75, mean over the photos",
    "big_part_iou": ">= 0.5, mean over all big parts of all photos",
    "big_class_iou": "the same, each class of parts counting once",
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
    import torch

    from humandiffusion.errors import InputError
    from humandiffusion.evaluation.shape import mask_iou, person_mask
    from humandiffusion.parts import NUM_PARTS, PART_NAMES
    from humandiffusion.pose.from_keypoints import pose_from_keypoints
    from humandiffusion.pose.keypoints_io import KeypointFrame
    from humandiffusion.pose.semantic_pose import Keypoints
    from humandiffusion.pose.wardrobe import outfit

    worn = _worn(photos.root)
    person, by_part = [], {part: [] for part in range(1, NUM_PARTS)}
    for photo in photos.ids:
        wanted = photos.labels(photo)
        body, score = judge(photos.image(photo).float() / 255)
        size = (wanted.shape[0], wanted.shape[1])
        try:
            if score < 0.5:
                continue
            drawn = pose_from_keypoints([KeypointFrame((Keypoints(body),), size, False)], outfit(worn[photo]))
        except InputError:
            continue
        labels = drawn.labels[0]
        person.append(mask_iou(person_mask(labels), person_mask(wanted)))
        for part in torch.unique(wanted[wanted > 0]).tolist():
            if int((wanted == part).sum()) >= BIG * int((wanted > 0).sum()):
                by_part[part].append(mask_iou(labels == part, wanted == part))
        if out is not None:
            _picture(out / f"{photo}.png", photos.image(photo), wanted, labels)
    shares = [share for part in by_part.values() for share in part]
    means = {PART_NAMES[part]: _mean(found) for part, found in by_part.items() if len(found) >= 5}
    figures: Figures = {"person_iou": _mean(person), "big_part_iou": _mean(shares)}
    figures |= {"big_class_iou": _mean(list(means.values())), "seen": len(person) / len(photos.ids)}
    figures |= {"photos": len(photos.ids), "big_parts": len(shares)}
    return figures | {f"iou_{name}": value for name, value in means.items()}


def _worn(root: Path) -> dict[str, list[tuple[int, str]]]:
    """For each photo (part, name) of what is worn."""
    from humandiffusion.training.ccp import CCP_PARTS

    records = json.loads((root / "index.json").read_text(encoding="utf-8"))["records"]
    return {
        str(record["id"]): [
            (CCP_PARTS[item["label"]], item["label"]) for item in record["items"] if item["label"] in CCP_PARTS
        ]
        for record in records
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _picture(path: Path, image: "Tensor", wanted: "Tensor", labels: "Tensor") -> None:  # noqa: F821
    import torch
    from PIL import Image

    from humandiffusion.pose.render import render
    from humandiffusion.pose.semantic_pose import SemanticPose

    path.parent.mkdir(parents=True, exist_ok=True)
    maps = render(SemanticPose(torch.stack([wanted, labels])))
    sheet = torch.cat([image.permute(1, 2, 0).float() / 255, *maps], 1)
    Image.fromarray((sheet * 255).round().to(torch.uint8).numpy()).save(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="photos with maps: images/, parsing/")
    parser.add_argument("--judge", type=Path, metavar="FILE", help="mediapipe's wheel, or its pose_landmark_full.tflite")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos of either kind")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="photo, its map and the figure, side by side")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "ai_edge_litert"))
