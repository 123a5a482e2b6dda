"""What the people of the photo set wear, by name or described as an artist would, and figures dressed so."""

import json
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from humandiffusion.parts import DRESS, HAIR, OUTER, PANTS, ROMPERS, SKIN, SKIRT, TOP
from humandiffusion.pose.from_keypoints import pose_from_keypoints
from humandiffusion.pose.keypoints_io import KeypointFrame
from humandiffusion.pose.semantic_pose import Keypoints
from humandiffusion.pose.wardrobe import outfit, word_lengths
from humandiffusion.training.ccp import CCP_PARTS

# A person whom the network believes in less has no keypoints.
BELIEVED = 0.5
# For the lengths of garments, words of wardrobe.json and where they end, in body lengths.
HEMS = {
    "skirt": ("mini", "short", "knee-length", "midi", "ankle-length"),
    "outer": ("cropped", "short", "hip-length", "thigh-length", "mid-length", "knee-length", "long", "ankle-length"),
    "top": ("cropped", "hip-length", "thigh-length"),
    "pants": ("short", "knee-length", "three-quarter", "cropped", "full-length"),
}
SLEEVES = ("sleeveless", "short-sleeved", "half-sleeve", "three-quarter sleeve", "long-sleeved")
_KINDS = {SKIRT: "skirt", DRESS: "skirt", OUTER: "outer", TOP: "top", PANTS: "pants", ROMPERS: "pants"}
_ARMS = ((2, 3, 4), (5, 6, 7))


def worn(root: Path) -> dict[str, list[tuple[int, str]]]:
    """For each photo of the folder (part, name) of what the index says is worn."""
    records = json.loads((root / "index.json").read_text(encoding="utf-8"))["records"]
    return {
        str(record["id"]): [
            (CCP_PARTS[item["label"]], item["label"]) for item in record.get("items", ()) if item["label"] in CCP_PARTS
        ]
        for record in records
    }


def figure_labels(body: Tensor, score: float, said: Iterable[tuple[int, str]], size: tuple[int, int]) -> Tensor:
    """The figure of a body [18, 3] that a network is `score` sure of, dressed in (part, phrase) -> labels [H, W].

    Raises InputError where too little of the body is known.
    """
    person = Keypoints(body if score >= BELIEVED else body * 0)
    return pose_from_keypoints([KeypointFrame((person,), size, False)], outfit(said)).labels[0]


def described(part: int, name: str, wanted: Tensor, body: Tensor) -> str:
    """The name with the words for its lengths, fit and cut that come nearest to the photo's own map [H, W]."""
    rows = (wanted == part).any(1).nonzero()[:, 0]
    if not len(rows):
        return name
    words = []
    if part in _KINDS:
        counted = (wanted == part).sum(1).cumsum(0).float()
        end = int((counted < 0.985 * counted[-1]).sum())
        hems = word_lengths(part)
        words.append(min(HEMS[_KINDS[part]], key=lambda word: abs(hems[word] - _body_length(end, body))))
    if part in (TOP, DRESS, OUTER, ROMPERS):
        sleeves = word_lengths(part, sleeves=True)
        words.append(min(SLEEVES, key=lambda word: abs(sleeves[word] - _sleeve(part, wanted, body))))
    words += _fit(part, wanted, body)
    if part == HAIR:
        below = (int(rows[-1]) - float(body[[2, 5], 1].mean())) / _spine(body)
        words.append("long" if below > 0.05 else "bob" if below > -0.22 else "short")
    return " ".join([*words, name])


def _body_length(row: float, body: Tensor) -> float:
    """Where a row of the map is on the body's scale: 0 shoulders, 1 hips, 2 knees, 3 ankles."""
    stops = [float(body[list(pair), 1].mean()) for pair in ((2, 5), (8, 11), (9, 12), (10, 13))]
    for i in range(3):
        if row < stops[i + 1] or i == 2:
            return i + (row - stops[i]) / max(stops[i + 1] - stops[i], 1.0)
    return 3.0


def _spine(body: Tensor) -> float:
    return max(float(body[[8, 11], 1].mean() - body[[2, 5], 1].mean()), 1.0)


def _fit(part: int, wanted: Tensor, body: Tensor) -> list[str]:
    """A word for how wide it is, in half-widths of body heights, or that it is closed in front."""
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


def _sleeve(part: int, wanted: Tensor, body: Tensor) -> float:
    """How far down the arms a garment reaches, 0 shoulder to 1 wrist, mean of both arms."""
    ends = []
    for arm in _ARMS:
        points = body[list(arm), :2]
        for t in [i / 20 for i in range(21)]:
            i = min(int(t * 2), 1)
            x, y = (int(v) for v in points[i] + (points[i + 1] - points[i]) * (2 * t - i))
            inside = 0 <= y < wanted.shape[0] and 0 <= x < wanted.shape[1]
            if t > 0.1 and inside and int(wanted[y, x]) == SKIN:
                ends.append(t if t > 0.15 else 0.0)
                break
        else:
            ends.append(1.0)
    return sum(ends) / len(ends)
