"""One evaluation: paint what is missing, judge everything, and one column of figures for each model.

Beside the models stand two more columns: `photos`, what the judges say of the held-out photos themselves, and `flat`,
the maps filled with the asked colours.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from tqdm import tqdm

from ..cli.common import appearing_whole
from ..errors import InputError
from ..sampling import GRID
from ..training.data.photo_data import PhotoData, open_data
from .asking import Ask, flat_picture
from .candidates import Candidate
from .judges import Judges
from .maps import deal
from .measuring import Marks, Measured, measure, memorised
from .nearest import looks_of
from .painting import Painted, paint_files
from .patterns import dressed_photo
from .pictures import plain_name, save_picture
from .ruler import Distance, Ruler, distances, make_ruler
from .tallies import Figure, quotient

if TYPE_CHECKING:
    from ..pipeline import HumanDiffusionPipeline

PHOTOS, FLAT = "photos", "flat"
# A figure over that of another column.
RATIOS = {
    "person_seen_ratio": ("person_seen", PHOTOS),
    "pattern_ratio": ("pattern_accuracy", PHOTOS),
    "kernel_ratio": ("kernel_distance", FLAT),
    "frechet_ratio": ("frechet_distance", FLAT),
}


@dataclass(frozen=True)
class Plan:
    """What to do. `sets` of `maps.SETS`; `seeds` pictures of each ask of the first set, one of each of the others;
    `size` of the pictures (height, width), None: the photos' own. `parser` makes maps where
    a folder has none."""

    data: Path
    out: Path
    candidates: Sequence[Candidate]
    sets: Sequence[str] = ("colours", "names", "patterns")
    trained: Sequence[Path] = ()
    limit: int | None = None
    seeds: int = 2
    seed: int = 0
    batch: int = 4
    size: tuple[int, int] | None = None
    parser: str = "builtin"
    device: str = "cpu"


@dataclass(frozen=True)
class Asked:
    """One set: what is asked of which maps, at the size that is judged."""

    name: str
    asks: list[Ask]
    labels: list[Tensor]


@dataclass
class Column:
    """The figures of one model, or of the photos, by set and name; of models pictures and what was seen in them too.

    What ratios rest on: `measured` of the photos as well, `distances` of all, by set."""

    name: str
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    painted: dict[str, Painted] = field(default_factory=dict)
    distances: dict[str, dict[str, Distance]] = field(default_factory=dict)

    def marks(self, name: str) -> list[Marks]:
        """Of the first picture of each ask."""
        return self.measured[name].marks[0]


@dataclass(frozen=True)
class Evaluation:
    """`models` and the two `rulers`, what was asked, why figures are missing, and what to know of the others."""

    asked: list[Asked]
    models: list[Column]
    rulers: list[Column]
    absent: dict[str, str]
    notes: list[str]

    @property
    def columns(self) -> list[Column]:
        """All, the models first."""
        return [*self.models, *self.rulers]


def evaluate(plan: Plan, judges: Judges) -> Evaluation:
    """Do all of it. Pictures that are there already are judged as they are. Raises InputError."""
    cache = plan.out / "cache"
    photos = open_data([plan.data], cache, parser=plan.parser, size=plan.size, multiple=GRID).held_out
    if not photos.ids:
        raise InputError(f"--data: {plan.data} has no photo that is kept for measuring (sha256 of its id mod 10 = 0)")
    asked = _ask(plan, photos)
    columns = [Column(one.name) for one in plan.candidates]
    for column, candidate in zip(columns, plan.candidates, strict=True):
        _paint(plan, candidate, column, asked)
    trained = open_data([plan.data, *plan.trained], cache, parser=None, size=photos.size, multiple=GRID).train
    ruler = make_ruler(photos, trained, judges.network, cache)
    for column in tqdm(columns, desc="judge", unit="model", file=sys.stderr):
        for one in asked:
            _judge(column, one, judges, ruler)
    rulers = [_photos(asked, photos, judges, ruler), _flat(asked, judges, ruler)]
    _add_ratios(columns, rulers)
    absent = dict(judges.absent)
    if plan.seeds < 2:
        absent["diversity_features"] = "one picture of each ask; give --seeds 2 or more"
    if min(len(one.asks) for one in asked) < 2:
        absent["kernel_distance"] = "a distance of one picture means nothing; give a larger --limit"
    return Evaluation(asked, columns, rulers, absent, _notes(plan, judges, asked, ruler))


def _ask(plan: Plan, photos: PhotoData) -> list[Asked]:
    labels = [photos.labels(photo_id) for photo_id in photos.ids]
    captions = {photo_id: photos.records[photo_id].caption for photo_id in photos.ids}
    dealt = [(name, deal(photos, labels, captions, plan.seed, name)) for name in plan.sets]
    first = [(name, maps.first(plan.limit or len(maps.asks))) for name, maps in dealt]
    return [Asked(name, maps.asks, maps.labels) for name, maps in first]


def folder_of(plan: Plan, candidate: Candidate) -> Path:
    """Where a model's pictures are."""
    return plan.out / "pictures" / candidate.name


def _paint(plan: Plan, candidate: Candidate, column: Column, asked: Sequence[Asked]) -> None:
    folder, cache = folder_of(plan, candidate), plan.out / "cache"
    _check_same(folder / "made.json", plan, candidate)
    turns = {one.name: plan.seeds if one is asked[0] else 1 for one in asked}
    total = sum(turns[one.name] * len(one.asks) for one in asked)
    load = lru_cache(maxsize=1)(partial(_pipeline, candidate, plan.device, cache))
    with tqdm(total=total, desc=candidate.name, unit="picture", file=sys.stderr) as bar:
        for one in asked:
            column.painted[one.name] = paint_files(
                load,
                one.asks,
                one.labels,
                folder / one.name,
                use=candidate.use,
                seed=plan.seed,
                turns=turns[one.name],
                batch=plan.batch,
                done=bar.update,
            )


def _judge(column: Column, asked: Asked, judges: Judges, ruler: Ruler) -> None:
    painted = column.painted[asked.name]
    turns = [painted.read(turn, asked.labels) for turn in range(len(painted.paths))]
    measured = measure(asked.asks, asked.labels, turns, judges, ruler)
    column.measured[asked.name], column.distances[asked.name] = measured, measured.distances
    figures = dict(measured.figures)
    if painted.seconds:
        figures["seconds"] = Figure(float(torch.tensor(painted.seconds).median()), count=len(painted.seconds))
    column.figures |= {(asked.name, name): figure for name, figure in figures.items()}


def _photos(asked: Sequence[Asked], photos: PhotoData, judges: Judges, ruler: Ruler) -> Column:
    """The held-out photos: with their own captions, dressed in patterns, or as they are. Their distances are those of
    as many photos that were trained on, their nearest ones those of all that are held out."""
    column = Column(PHOTOS)
    for one in asked:
        pictures = [photos.image(ask.photo_id).float() / 255 for ask in one.asks]
        asks = [ask if one.name == "captions" else Ask(ask.photo_id, "", {}) for ask in one.asks]
        if one.name == "patterns":
            dressed = [dressed_photo(*pair, seed) for seed, pair in enumerate(zip(pictures, one.labels, strict=True))]
            pictures = [picture for picture, _, _ in dressed]
            asks = [Ask(ask.photo_id, "", colours, {}, told) for ask, (_, told, colours) in zip(asks, dressed)]  # noqa: B905
        measured = column.measured[one.name] = measure(asks, one.labels, [pictures], judges, ruler)
        figures = dict(measured.figures)
        sample = ruler.training_sample(len(pictures))
        if min(len(sample), len(ruler.held_out)) >= 2:
            figures |= {name: apart.figure() for name, apart in distances(sample, ruler.held_out.features).items()}
        if len(ruler.training):
            figures |= memorised(ruler.held_out, ruler)
        column.figures |= {(one.name, name): figure for name, figure in figures.items()}
    return column


def _flat(asked: Sequence[Asked], judges: Judges, ruler: Ruler) -> Column:
    column = Column(FLAT)
    for one in asked:
        if min(len(one.asks), len(ruler.held_out)) >= 2:
            looks = looks_of((flat_picture(map_, ask.asked) for ask, map_ in _pairs(one)), judges.network)
            found = column.distances[one.name] = distances(looks.features, ruler.held_out.features)
            column.figures |= {(one.name, name): apart.figure() for name, apart in found.items()}
    return column


def _add_ratios(columns: Sequence[Column], rulers: Sequence[Column]) -> None:
    over = {ruler.name: ruler for ruler in rulers}
    for column in columns:
        for ratio, (name, ruler) in RATIOS.items():
            for of in column.measured:
                if (figure := _ratio(column, over[ruler], of, name)) is not None:
                    column.figures[(of, ratio)] = figure


def _ratio(column: Column, base: Column, of: str, name: str) -> Figure | None:
    """Both are as unsure as each other, and of the same maps: drawn, or halved, together."""
    one, other = (each.distances.get(of, {}).get(name) for each in (column, base))
    if one is not None and other is not None:
        return one.over(other)
    if of not in base.measured:
        return None
    return quotient(column.measured[of].tallies, base.measured[of].tallies, name)


def _check_same(path: Path, plan: Plan, candidate: Candidate) -> None:
    """Pictures of other weights or another sampling must not be taken for these."""
    told = {**candidate.depends_on(), "seed": plan.seed, "batch": plan.batch, "size": list(plan.size or ())}
    told["data"] = str(plan.data.resolve())
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name, value in told.items() if before.get(name) != value]
        if other:
            raise InputError(
                f"--out: {path.parent} holds pictures made with another {', '.join(other)}; give another --out, or the "
                "same options as before"
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with appearing_whole(path) as beside:
        beside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _pipeline(candidate: Candidate, device: str, cache: Path) -> "HumanDiffusionPipeline":
    from ..pipeline import HumanDiffusionPipeline

    one = candidate.file(cache)
    pipeline = HumanDiffusionPipeline.from_files(model=one.model, encoder=one.encoder, memory=one.memory)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    return pipeline


def _notes(plan: Plan, judges: Judges, asked: Sequence[Asked], ruler: Ruler) -> list[str]:
    use = plan.candidates[0].use
    counts = ", ".join(f"{one.name} {len(one.asks)}" for one in asked)
    return [
        f"maps: {counts}; {plan.seeds} seeds of each in {asked[0].name}; {use.steps} steps, guidance {use.guidance:g}, "
        f"seed {plan.seed}",
        *judges.notes,
        f"photos: {len(ruler.held_out)} held out, {len(ruler.ids)} trained on",
        "intervals: 95%, bootstrap over maps; of distances, halves of the pictures against all held-out photos; of "
        "ratios, the same maps drawn, or halved, for both sides",
        f"{plan.device}, {torch.get_num_threads()} threads of {os.cpu_count()} processors, torch {torch.__version__}",
    ]


def _pairs(asked: Asked) -> list[tuple[Ask, Tensor]]:
    return list(zip(asked.asks, asked.labels, strict=True))


def save_maps(evaluation: Evaluation, out: Path) -> None:
    """`maps/SET/ID.png`: each map in the asked flat colours, for people to look at."""
    for one in evaluation.asked:
        for ask, map_ in _pairs(one):
            path = out / "maps" / one.name / f"{plain_name(ask.photo_id)}.png"
            if not path.is_file():
                save_picture(flat_picture(map_, ask.asked), path)
