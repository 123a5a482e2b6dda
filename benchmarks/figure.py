"""How well the dressed figure, drawn from a photo's keypoints and its list of garments, covers what the photo shows.

    python benchmarks/figure.py --data CCP_FOLDER --judge mediapipe-0.10.21-....whl --json figure.json

For each photo: mediapipe's landmarks become OpenPose's 18 points, the list of what is worn becomes garments as from
part prompts, and the figure drawn from both is laid over the photo's own map. The list has two forms: bare names, as
the index has it ("coat", "jeans"); and described, as an artist would, with one word each for length, sleeves and fit of
a garment and for the hair ("long closed coat"), the nearest to what the map shows. Person: all that is not background.
Big parts: those that cover a tenth of the person or more.
"""

import argparse
import json
from pathlib import Path

from common import Figures, report, start

BIG = 0.1
# For the lengths of garments, words of wardrobe.json and where they end, in body lengths.
HEMS = {
    "skirt": ("mini", "short", "knee-length", "midi", "ankle-length"),
    "outer": ("cropped", "short", "hip-length", "thigh-length", "mid-length", "knee-length", "long", "ankle-length"),
    "top": ("cropped", "hip-length", "thigh-length"),
    "pants": ("short", "knee-length", "three-quarter", "cropped", "full-length"),
}
SLEEVES = ("sleeveless", "short-sleeved", "half-sleeve", "three-quarter sleeve", "long-sleeved")
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
    from humandiffusion.errors import InputError
    from humandiffusion.evaluation.shape import mask_iou, person_mask
    from humandiffusion.pose.from_keypoints import pose_from_keypoints
    from humandiffusion.pose.keypoints_io import KeypointFrame
    from humandiffusion.pose.semantic_pose import Keypoints
    from humandiffusion.pose.wardrobe import outfit

    worn, seen = _worn(photos.root), 0
    person: dict[str, list[float]] = {"": [], "described_": []}
    parts: dict[str, dict[int, list[float]]] = {"": {}, "described_": {}}
    for photo in photos.ids:
        wanted = photos.labels(photo)
        body, score = judge(photos.image(photo).float() / 255)
        size = (wanted.shape[0], wanted.shape[1])
        maps = []
        for form in person:
            said = [(p, _described(p, name, wanted, body) if form else name) for p, name in worn[photo]]
            try:
                frame = KeypointFrame((Keypoints(body if score >= 0.5 else body * 0),), size, False)
                labels = pose_from_keypoints([frame], outfit(said)).labels[0]
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


def _described(part: int, name: str, wanted: "Tensor", body: "Tensor") -> str:  # noqa: F821
    """The name with the words for its lengths that fit the map best."""
    from humandiffusion.parts import DRESS, HAIR, OUTER, PANTS, ROMPERS, SKIRT, TOP
    from humandiffusion.pose.wardrobe import word_lengths

    rows = (wanted == part).any(1).nonzero()[:, 0]
    if not len(rows):
        return name
    words = []
    kinds = {SKIRT: "skirt", DRESS: "skirt", OUTER: "outer", TOP: "top", PANTS: "pants", ROMPERS: "pants"}
    if part in kinds:
        counted = (wanted == part).sum(1).cumsum(0).float()
        end = int((counted < 0.985 * counted[-1]).sum())
        hems = word_lengths(part)
        words.append(min(HEMS[kinds[part]], key=lambda word: abs(hems[word] - _body_length(end, body))))
    if part in (TOP, DRESS, OUTER, ROMPERS):
        sleeves = word_lengths(part, sleeves=True)
        words.append(min(SLEEVES, key=lambda word: abs(sleeves[word] - _sleeve(part, wanted, body))))
    words += _fit(part, wanted, body)
    if part == HAIR:
        below = (int(rows[-1]) - float(body[[2, 5], 1].mean())) / _spine(body)
        words.append("long" if below > 0.05 else "bob" if below > -0.22 else "short")
    return " ".join([*words, name])


def _body_length(row: float, body: "Tensor") -> float:  # noqa: F821
    """Where a row of the map is on the body's scale: 0 shoulders, 1 hips, 2 knees, 3 ankles."""
    stops = [float(body[list(pair), 1].mean()) for pair in ((2, 5), (8, 11), (9, 12), (10, 13))]
    for i in range(3):
        if row < stops[i + 1] or i == 2:
            return i + (row - stops[i]) / max(stops[i + 1] - stops[i], 1.0)
    return 3.0


def _spine(body: "Tensor") -> float:  # noqa: F821
    return max(float(body[[8, 11], 1].mean() - body[[2, 5], 1].mean()), 1.0)


def _fit(part: int, wanted: "Tensor", body: "Tensor") -> list[str]:  # noqa: F821
    """A word for how wide it is, in half-widths of body heights, or that it is closed in front."""
    from humandiffusion.parts import DRESS, OUTER, PANTS, SKIRT

    height = _spine(body) / 0.295
    rows = (wanted == part).any(1).nonzero()[:, 0]
    if part in (SKIRT, DRESS):
        row = int(rows[0] + (rows[-1] - rows[0]) * 0.92)
        return ["a-line"] if float((wanted[row] == part).sum()) / 2 / height > 0.135 else []
    if part == PANTS:
        knee = min(max(int(body[[9, 12], 1].mean()), 0), wanted.shape[0] - 1)
        return ["wide-leg"] if float((wanted[knee] == part).sum()) / 4 / height > 0.058 else []
    if part == OUTER:
        chest, hips = body[[2, 5], :2].mean(0), body[[8, 11], :2].mean(0)
        places = [(chest + (hips - chest) * (0.3 + 0.06 * i)).long().tolist() for i in range(11)]
        return ["closed"] if sum(int(wanted[y, x]) == part for x, y in places if y < len(wanted)) > 6 else []
    return []


def _sleeve(part: int, wanted: "Tensor", body: "Tensor") -> float:  # noqa: F821
    """How far down the arms a garment reaches, 0 shoulder to 1 wrist, mean of both arms."""
    from humandiffusion.parts import SKIN

    ends = []
    for arm in ((2, 3, 4), (5, 6, 7)):
        points = body[list(arm), :2]
        for t in [i / 20 for i in range(21)]:
            place = (
                points[0] + (points[1] - points[0]) * 2 * t
                if t < 0.5
                else points[1] + (points[2] - points[1]) * (2 * t - 1)
            )
            x, y = (int(v) for v in place)
            inside = 0 <= y < wanted.shape[0] and 0 <= x < wanted.shape[1]
            if t > 0.1 and inside and int(wanted[y, x]) == SKIN:
                ends.append(t if t > 0.15 else 0.0)
                break
        else:
            ends.append(1.0)
    return sum(ends) / len(ends)


def _name(part: int) -> str:
    from humandiffusion.parts import PART_NAMES

    return PART_NAMES[part].replace(" ", "_")


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
