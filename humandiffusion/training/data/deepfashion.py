"""Reader of DeepFashion-MultiModal (Jiang et al. 2022) as it is unpacked:

    image/NAME.jpg  parsing/NAME_segm.png  keypoints/keypoints_{loc,vis}.txt  captions.json
    labels/**/*shape*.txt, *fabric*.txt, *pattern*.txt or *color*.txt

Every file but the photos may be absent, and any photo may be without a line or a map; annotations are kept in words.
Photos of one item (`...id_00000080...`) are held out together. Text2Human's processed set (`train_images`, `segm`,
`shape_ann`) has other codes: its photos and maps are read, its labels are not.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...errors import InputError
from .records import Listing, Record

KEYPOINTS = 21
_IMAGES = ("image", "images", "train_images", "test_images")
_MAPS = ("parsing", "segm")
_ITEM = re.compile(r".*?id_\d+")

_NO_YES = ("no", "yes")
SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sleeves", ("sleeveless", "short", "medium", "long", "not long")),
    ("lower length", ("three-point", "medium short", "three-quarter", "long")),
    ("socks", ("no", "socks", "leggings")),
    ("hat", _NO_YES),
    ("glasses", ("no", "eyeglasses", "sunglasses", "in hand or on clothes")),
    ("neckwear", _NO_YES),
    ("wrist wearing", _NO_YES),
    ("ring", _NO_YES),
    ("waist", ("no", "belt", "clothing tied", "hidden")),
    ("neckline", ("V", "square", "round", "standing", "lapel", "suspenders")),
    ("cardigan", ("yes", "no")),
    ("covers navel", _NO_YES),
)
"""Name and values of the shape annotations, in their order; one more than the last value means not visible."""
_FABRICS = ("denim", "cotton", "leather", "furry", "knitted", "chiffon", "other")
_PATTERNS = ("floral", "graphic", "striped", "pure colour", "lattice", "other", "colour block")
_GARMENTS = ("upper", "lower", "outer")
TEXTURES = {
    "fabric": tuple((f"{garment} fabric", _FABRICS) for garment in _GARMENTS),
    "pattern": tuple((f"{garment} pattern", _PATTERNS) for garment in _GARMENTS),
}


def is_deepfashion(root: Path) -> bool:
    """Whether a folder has this layout: photos in one of its folders, and something else of it."""
    images = any((root / name).is_dir() for name in _IMAGES)
    others = ("captions.json", "keypoints", "labels", "densepose", "segm", "shape_ann")
    maps = (root / "parsing").is_dir() and next((root / "parsing").glob("*_segm.png"), None) is not None
    return images and (maps or any((root / name).exists() for name in others))


def read_deepfashion(root: Path) -> Listing:
    """The photos in the order of their names; lines of annotations that are none are told. Raises InputError for
    captions that cannot be read.
    """
    photos = sorted(
        path for name in _IMAGES if (root / name).is_dir() for path in (root / name).iterdir() if _is_photo(path)
    )
    maps = {path.name: path for name in _MAPS if (root / name).is_dir() for path in (root / name).glob("*_segm.png")}
    captions = _captions(root / "captions.json")
    faults: list[str] = []
    places, seen = (_numbers(path, faults) for path in _keypoint_files(root))
    facts, absent = _facts(root, faults)
    name = root.resolve().name
    records = tuple(
        Record(
            path.stem,
            f"{name}/{path.relative_to(root).with_suffix('').as_posix()}",
            path,
            maps.get(f"{path.stem}_segm.png"),
            caption=captions.get(path.name, ""),
            facts=facts.get(path.name, {}),
            keypoints=_keypoints(path.name, places, seen),
            group=_item(path.stem),
        )
        for path in photos
    )
    missing = [
        file for file, there in (("parsing", maps), ("captions.json", captions), ("keypoints", places)) if not there
    ]
    return Listing(root, "DeepFashion-MultiModal", records, absent=(*missing, *absent, *faults))


def _item(stem: str) -> str:
    found = _ITEM.match(stem)
    return found[0] if found else stem


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in (".jpg", ".jpeg", ".png") and not path.name.startswith(".")


def _captions(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(text) for name, text in content.items()}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"--data: {path} cannot be read; wanted an object of file name and caption") from error


def _keypoint_files(root: Path) -> tuple[Path, Path]:
    return root / "keypoints" / "keypoints_loc.txt", root / "keypoints" / "keypoints_vis.txt"


def _numbers(path: Path, faults: list[str], count: int | None = None) -> dict[str, list[int]]:
    """Name and numbers of each line, `count` of them if that is known. Lines that are none are left out and the first
    is told in `faults`.
    """
    if not path.is_file():
        return {}
    found, bad = {}, []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        words = line.split()
        try:
            values = [int(float(word)) for word in words[1:]]
        except (ValueError, OverflowError):
            values = None
        if values is None or (words and count is not None and len(values) != count):
            bad.append(number)
        elif words:
            found[words[0]] = values
    if bad:
        wanted = "whole numbers" if count is None else f"{count} whole numbers"
        faults.append(f"{len(bad)} lines of {path.name} (the first is line {bad[0]}: wanted a file name and {wanted})")
    return found


def _keypoints(name: str, places: Mapping[str, list[int]], seen: Mapping[str, list[int]]) -> Tensor | None:
    """[21, 3] of a photo: x, y and 0 visible, 1 hidden, 2 absent; without a line of visibility all present ones are
    visible.
    """
    if len(places.get(name, ())) != 2 * KEYPOINTS:
        return None
    xy = torch.tensor(places[name], dtype=torch.float32).view(KEYPOINTS, 2)
    absent = (xy < 0).any(1)
    told = seen.get(name, ())
    state = torch.tensor(told if len(told) == KEYPOINTS else [0] * KEYPOINTS, dtype=torch.float32)
    return torch.cat((xy, torch.where(absent, 2.0, state)[:, None]), 1)


def _facts(root: Path, faults: list[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Annotations of each photo in words, and which files there are none of. What is not visible is left out."""
    found: dict[str, dict[str, str]] = {}
    absent = []
    files = sorted((root / "labels").rglob("*.txt")) if (root / "labels").is_dir() else []
    wanted = {"shape": SHAPES, **TEXTURES}
    for kind, columns in wanted.items():
        words = ("pattern", "color", "colour") if kind == "pattern" else (kind,)
        path = next((path for path in files if any(word in path.name.lower() for word in words)), None)
        if path is None:
            absent.append(f"labels of {kind}")
            continue
        for name, values in _numbers(path, faults, len(columns)).items():
            told = {
                column: choices[value]
                for (column, choices), value in zip(columns, values, strict=True)
                if 0 <= value < len(choices)
            }
            found.setdefault(name, {}).update(told)
    return found, absent
