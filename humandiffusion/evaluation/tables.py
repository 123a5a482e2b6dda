"""An evaluation as one table: text for a terminal, Markdown, CSV and JSON."""

import csv
import io
import json
import math
from dataclasses import asdict
from typing import Any

from .evaluating import Column, Evaluation
from .maps import SETS
from .tallies import Figure

# Figures in the order of the table, with what they say. What else there is (by part and colour) is in CSV and JSON.
ABOUT: dict[str, str] = {
    "person_iou": "overlap of the person that mediapipe's pose network sees with the map's",
    "person_iou_second": "the same by its selfie segmentation",
    "person_seen": "share in which it sees a person",
    "person_seen_ratio": "over that of real photos",
    "parser_person_iou": "overlap of the person by the parser",
    "parts_miou": "overlap of the parts by the parser, mean over parts",
    "colour_accuracy": "parts that show the colour asked; chance is 1 in 11",
    "leak_rate": "parts that show a touching part's colour, not their own",
    "pattern_accuracy": "parts whose pattern the encoder tells right; chance is 1 in 5",
    "pattern_ratio": "over what it tells right on photos' garments given patterns",
    "understood": "asked words that came to the phrase of their part",
    "text_fit": "share of other phrases for a part that fit it worse; chance is 0.5",
    "text_cosine": "cosine of phrase and part",
    "kernel_distance": "kernel distance to the held-out photos",
    "kernel_ratio": "over that of flat-coloured maps",
    "frechet_distance": "Frechet distance to the held-out photos",
    "frechet_ratio": "over that of flat-coloured maps",
    "diversity_features": "1 - cosine between two seeds",
    "diversity_pixels": "mean difference between two seeds, small pictures",
    "nearest_features_p5": "1 - cosine to the nearest training photo, 5th percentile",
    "nearest_pixels_p5": "mean difference to it, small pictures, 5th percentile",
    "seconds": "seconds a picture, sampled in batches",
}


def rows(evaluation: Evaluation) -> list[tuple[str, str]]:
    """(set, figure) of the table's rows: those that some model has."""
    there = {key for column in evaluation.models for key in column.figures}
    return [(one.name, name) for one in evaluation.asked for name in ABOUT if (one.name, name) in there]


def text_table(evaluation: Evaluation) -> str:
    """For a terminal."""
    body = [["", *(column.name for column in evaluation.columns)]]
    for one in evaluation.asked:
        body.append([f"{one.name}: {SETS.get(one.name, 'maps and sentences of your own')}"])
        body += [
            [f"  {name}", *(shown(column.figures.get((one.name, name))) for column in evaluation.columns)]
            for of, name in rows(evaluation)
            if of == one.name
        ]
    widths = [max(len(row[i]) for row in body if len(row) > 1) for i in range(len(body[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in body]  # noqa: B905
    return "\n".join([*lines, "", *told(evaluation)]) + "\n"


def markdown_table(evaluation: Evaluation) -> str:
    """For documents."""
    names = [column.name for column in evaluation.columns]
    lines = [f"| set | figure | {' | '.join(names)} |", "| --- " * (len(names) + 2) + "|"]
    for key in rows(evaluation):
        cells = [shown(column.figures.get(key)) for column in evaluation.columns]
        lines.append(f"| {key[0]} | `{key[1]}` {ABOUT[key[1]]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"- {line}" for line in told(evaluation))]) + "\n"


def csv_table(evaluation: Evaluation) -> str:
    """Every figure, one a line: model, set, figure, value, low, high, count."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("model", "set", "figure", "value", "low", "high", "count"))
    for column in evaluation.columns:
        for (of, name), figure in column.figures.items():
            bounds = ("" if bound is None else f"{bound:.6g}" for bound in (figure.low, figure.high))
            writer.writerow((column.name, of, name, f"{figure.value:.6g}", *bounds, figure.count))
    return out.getvalue()


def as_json(evaluation: Evaluation) -> str:
    """Every figure by model, set and name; what is missing; the notes."""
    content = {
        "models": {column.name: _by_set(column) for column in evaluation.models},
        "beside": {column.name: _by_set(column) for column in evaluation.rulers},
        "absent": evaluation.absent,
        "notes": evaluation.notes,
    }
    return json.dumps(content, indent=1) + "\n"


def told(evaluation: Evaluation) -> list[str]:
    """The notes, and the reasons of what is missing."""
    missing = [f"{name} is missing: {why}" for name, why in evaluation.absent.items()]
    return [*evaluation.notes, *missing]


def shown(figure: Figure | None) -> str:
    """`0.912 (0.904 to 0.921)`."""
    if figure is None or not math.isfinite(figure.value):
        return "-"
    if figure.low is None or figure.high is None or not math.isfinite(figure.low + figure.high):
        return short(figure.value)
    return f"{short(figure.value)} ({short(figure.low)} to {short(figure.high)})"


def short(value: float) -> str:
    """Three decimals, or three digits of what is larger or very small."""
    return f"{value:.3f}" if 0.01 <= abs(value) < 100 or value == 0 else f"{value:.3g}"


def _by_set(column: Column) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for (of, name), figure in column.figures.items():
        found.setdefault(of, {})[name] = {key: _plain(value) for key, value in asdict(figure).items()}
    return found


def _plain(value: float | int | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else round(value, 6)
