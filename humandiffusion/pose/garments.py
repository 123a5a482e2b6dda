"""What a figure wears: a part, a family of shapes, and the lengths that an editor may drag."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..parts import NUM_PARTS, PART_NAMES, part_index

SHAPES = (
    *("bodice", "skirt", "trousers", "jumpsuit", "shoes", "socks", "gloves", "watch", "belt", "tie", "scarf"),
    *("necklace", "glasses", "earrings", "hat", "handbag", "shoulder-bag", "hair"),
)


@dataclass(frozen=True)
class Garment:
    """One thing worn (or the hair). Widths are shares of the body's height, lengths lie on the body's own scale:
    0 at the shoulders, 1 at the hips, 2 at the knees, 3 at the ankles; on the arm 0 at the shoulder, 1 at the wrist.

    `waist` where it begins, `hem` where it ends, `sleeve` how far down the arm it goes; `ease` how far it stands off
    the body, `sleeve_ease` the same on the arm, `flare` how much wider it gets for each unit of length below the hips,
    `drape` 0 if trouser legs follow the calf to 1 if they hang straight from the knee; `neck_width` and `neck_depth`
    (on the body's scale) of the neckline, `neck_point` 0 round to 1 V; `collar` height of a band around the neck; `gap`
    and `gap_hem` half-width of an open front at the chest and at the hem. `style`: that of hair, or `right` or `left`
    for the side on which a bag or a watch is (left unless given).
    """

    part: int
    shape: str
    waist: float = 0.0
    hem: float = 0.0
    sleeve: float = 0.0
    ease: float = 0.0
    sleeve_ease: float = 0.0
    flare: float = 0.0
    neck_width: float = 0.0
    neck_depth: float = 0.0
    neck_point: float = 0.0
    collar: float = 0.0
    drape: float = 0.0
    gap: float = 0.0
    gap_hem: float = 0.0
    style: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.part < NUM_PARTS:
            raise InputError(f"garment: got part {self.part}, wanted 1 to {NUM_PARTS - 1}")
        if self.shape not in SHAPES:
            raise InputError(f"garment: got shape {self.shape!r}, wanted one of {', '.join(SHAPES)}")
        if self.shape == "hair" and self.style not in figure_data()["hair"]:
            raise InputError(f"hair: got style {self.style!r}, wanted one of {', '.join(figure_data()['hair'])}")
        for name in MEASURES:
            if not -4.0 <= getattr(self, name) <= 4.0:
                raise InputError(f"garment: got {name} {getattr(self, name)}, wanted a measure from -4 to 4")

    @property
    def name(self) -> str:
        return PART_NAMES[self.part]


MEASURES: tuple[str, ...] = tuple(f.name for f in fields(Garment) if f.name not in ("part", "shape", "style"))


def cut_names() -> list[str]:
    """The cuts of figure.json: `t-shirt`, `pencil-skirt`, `hair-bob` and so on."""
    return list(figure_data()["cuts"])


def cut(name: str, **measures: Any) -> Garment:
    """A garment of figure.json by name, some of its measures changed: `cut("dress", hem=2.2, part="rompers")`.

    Raises InputError for an unknown name or measure.
    """
    cuts = figure_data()["cuts"]
    if name not in cuts:
        raise InputError(f"garment: got {name!r}, wanted one of {', '.join(cuts)}")
    garment = Garment(**{**cuts[name], "part": part_index(cuts[name]["part"])})
    if "part" in measures:
        measures["part"] = part_index(measures["part"])
    unknown = sorted(set(measures) - {"part", "style", *MEASURES})
    if unknown:
        raise InputError(f"garment {name}: got measure {unknown[0]!r}, wanted one of {', '.join(MEASURES)}")
    return replace(garment, **measures)


def garment_of(data: Mapping[str, Any]) -> Garment:
    """A garment from JSON: `{"cut": "dress", "hem": 2.2}`, `part` by name or index; a `shape` goes with the cut.

    Raises InputError, whatever the JSON holds.
    """
    name, style, part = data.get("cut"), data.get("style", ""), data.get("part")
    if not isinstance(name, str) or not isinstance(style, str):
        raise InputError(f"garment: got cut {name!r} of style {style!r}, wanted one of {', '.join(cut_names())}")
    if isinstance(part, int) and not isinstance(part, bool) and 0 <= part < NUM_PARTS:
        part = PART_NAMES[part]
    if not isinstance(part, str | None):
        raise InputError(f"garment {name}: got part {part!r}, wanted one of {', '.join(PART_NAMES)}")
    measures = {key: value for key, value in data.items() if key not in ("cut", "shape", "style", "part")}
    for key, value in measures.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"garment {name}: got {key} {value!r}, wanted a number")
    words = {key: value for key, value in (("style", style), ("part", part)) if value}
    return cut(name, **measures, **words)


@cache
def figure_data() -> dict[str, Any]:
    """The measures of figure.json; not to be changed."""
    data: dict[str, Any] = json.loads((Path(__file__).parent / "figure.json").read_text(encoding="utf-8"))
    return data
