"""All figures of one set of pictures: is the person where the map has it, do parts look as asked, is it like photos?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..describe import describe
from ..parts import BACKGROUND, PART_NAMES
from .asking import Ask
from .colours import PartColour, judge_colours
from .judges import Judges
from .maps import understood
from .nearest import Looks, looks_of, nearest
from .part_text import TextJudge
from .patterns import PartPattern, PatternJudge, told_right
from .ruler import Distance, Ruler, distances
from .shape import mask_iou, person_mask
from .tallies import Figure, Tallies

_USUAL_AREA = 256 * 384
CLOSEST = 0.05


@dataclass(frozen=True)
class Marks:
    """What was asked of one picture and what the judges saw: for people to look at."""

    colours: tuple[PartColour, ...] = ()
    patterns: tuple[PartPattern, ...] = ()
    person_iou: float | None = None


@dataclass(frozen=True)
class Measured:
    """`figures` by name, the `tallies` of those that are means over maps, `marks[turn][i]` of each picture, and
    `distances` to the held-out photos by name."""

    figures: dict[str, Figure]
    tallies: Tallies
    marks: list[list[Marks]]
    looks: Looks
    distances: dict[str, Distance] = field(default_factory=dict)


def measure(
    asks: Sequence[Ask], labels: Sequence[Tensor], turns: Sequence[Sequence[Tensor]], judges: Judges, ruler: Ruler
) -> Measured:
    """Judge pictures `turns[t][i]` [3, H, W], sRGB 0..1, of the map `labels[i]` [H, W]; each turn has other seeds.

    Distances to photos are those of the first turn.
    """
    tallies = Tallies(len(asks))
    patterns = PatternJudge(judges.encoder) if judges.encoder is not None else None
    texts = [_text_judge(ask, judges) for ask in asks]
    # A part that no map has is not a part that could be there or not.
    parts = {part for one in labels for part in one.unique().tolist()} - {BACKGROUND}
    marks: list[list[Marks]] = []
    for pictures in turns:
        row = []
        for index, (ask, one, picture) in enumerate(zip(asks, labels, pictures, strict=True)):
            overlap = _shape(tallies, index, picture, one, judges, parts)
            told = patterns(picture, one, ask.patterns, ask.asked) if patterns is not None else []
            row.append(Marks(tuple(_colours(tallies, index, ask, picture, one)), tuple(told), overlap))
            _patterns(tallies, index, told)
            _texts(tallies, index, texts[index], picture, one)
        marks.append(row)
    for index, ask in enumerate(asks):
        if ask.text and (hits := understood(ask)):
            tallies.add("understood", index, sum(hits), len(hits))

    looks = [looks_of(pictures, judges.network) for pictures in turns]
    _diversity(tallies, looks)
    figures = {name: tallies.figure(name) for name in tallies.names}
    if (mean := tallies.mean_of_ratios("part_iou_")) is not None:
        figures["parts_miou"] = mean
    overlaps = [mark.person_iou for row in marks for mark in row if mark.person_iou is not None]
    if overlaps:
        figures["person_iou_worst"] = Figure(min(overlaps), count=len(overlaps))
    apart: dict[str, Distance] = {}
    if min(len(asks), len(ruler.held_out)) >= 2:
        apart = distances(looks[0].features, ruler.held_out.features)
    figures |= {name: distance.figure() for name, distance in apart.items()}
    if len(ruler.training):
        figures |= memorised(looks[0], ruler)
    return Measured(figures, tallies, marks, looks[0], apart)


def memorised(looks: Looks, ruler: Ruler) -> dict[str, Figure]:
    """How near the nearest training photo is to the nearest 5% of the pictures, and to the middle one."""
    found = nearest(looks, ruler.training)
    chosen = torch.randint(0, len(looks), (1000, len(looks)), generator=torch.Generator().manual_seed(0))
    figures = {}
    for name, values in (("nearest_features", found.features), ("nearest_pixels", found.pixels)):
        values = values.double()
        draws = torch.quantile(values[chosen], CLOSEST, dim=1)
        low, high = torch.quantile(draws, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
        figures[f"{name}_p5"] = Figure(float(values.quantile(CLOSEST)), low, high, len(looks))
        figures[f"{name}_median"] = Figure(float(values.median()), count=len(looks))
    return figures


def _shape(
    tallies: Tallies, index: int, picture: Tensor, labels: Tensor, judges: Judges, parts: set[int]
) -> float | None:
    """Tallies of the person and the parts; the overlap by the judge of people, if there is one."""
    wanted, overlap = person_mask(labels), None
    if judges.person is not None:
        seen = judges.person(picture)
        overlap = mask_iou(seen.mask, wanted)
        tallies.add("person_iou", index, overlap)
        tallies.add("person_seen", index, float(seen.score > 0.5))
    if judges.silhouette is not None:
        tallies.add("person_iou_second", index, mask_iou(judges.silhouette(picture), wanted))
    if judges.parser is not None:
        parsed = judges.parser.parse(picture[None]).labels[0].cpu()
        tallies.add("parser_person_iou", index, mask_iou(person_mask(parsed), wanted))
        for part in sorted(parts):
            tallies.add(f"part_iou_{_name(part)}", index, *_overlap(parsed == part, labels == part))
    return overlap


def _colours(tallies: Tallies, index: int, ask: Ask, picture: Tensor, labels: Tensor) -> list[PartColour]:
    # Seams between garments are as wide as the picture is large.
    reach = max(2, round(2 * (labels.numel() / _USUAL_AREA) ** 0.5))
    rows = judge_colours(picture, labels, ask.asked, reach)
    for row in rows:
        for name in (
            "colour_accuracy",
            f"colour_accuracy_colour_{row.asked}",
            f"colour_accuracy_part_{_name(row.part)}",
        ):
            tallies.add(name, index, float(row.right))
        if row.can_leak:
            tallies.add("leak_rate", index, float(row.leaked))
    return rows


def _patterns(tallies: Tallies, index: int, rows: Sequence[PartPattern]) -> None:
    if rows:
        tallies.add("pattern_accuracy", index, *told_right(rows))
    for row in rows:
        tallies.add(f"pattern_accuracy_{row.asked}", index, float(row.right))
        tallies.add(f"pattern_accuracy_part_{_name(row.part)}", index, float(row.right))


def _text_judge(ask: Ask, judges: Judges) -> TextJudge | None:
    if judges.encoder is None or not ask.text:
        return None
    return TextJudge(judges.encoder, {prompt.part: prompt.phrase for prompt in describe(ask.text).parts})


def _texts(tallies: Tallies, index: int, judge: TextJudge | None, picture: Tensor, labels: Tensor) -> None:
    fits = judge(picture, labels) if judge is not None else {}
    for part, fit in fits.items():
        tallies.add("text_fit", index, fit.fit)
        tallies.add("text_cosine", index, fit.cosine)
        tallies.add(f"text_fit_part_{_name(part)}", index, fit.fit)


def _diversity(tallies: Tallies, looks: Sequence[Looks]) -> None:
    """How far apart pictures of one map and sentence lie that differ in their seed alone."""
    for first in range(len(looks)):
        for second in range(first + 1, len(looks)):
            one, other = looks[first], looks[second]
            apart = 1 - (F.normalize(one.features, dim=1) * F.normalize(other.features, dim=1)).sum(1)
            pixels = (one.pixels - other.pixels).abs().mean(1)
            for index in range(len(one)):
                tallies.add("diversity_features", index, float(apart[index]))
                tallies.add("diversity_pixels", index, float(pixels[index]))


def _overlap(seen: Tensor, wanted: Tensor) -> tuple[int, int]:
    return int((seen & wanted).sum()), int((seen | wanted).sum())


def _name(part: int) -> str:
    return PART_NAMES[part].replace(" ", "_")
