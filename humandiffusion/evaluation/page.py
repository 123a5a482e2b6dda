"""An evaluation as one HTML page: the table, and every map with its pictures. Its folder can be moved or sent as it is.

No photo is on it.
"""

from html import escape
from pathlib import Path
from urllib.parse import quote

from ..parts import PART_NAMES
from .evaluating import Asked, Column, Evaluation
from .maps import SETS
from .measuring import Marks
from .pictures import plain_name
from .tables import ABOUT, rows, shown, told

_STYLE = """
:root { color-scheme: light dark; --edge: #8886; --good: #1a7f37; --bad: #cf222e; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--edge); padding: .3rem .7rem; text-align: left; vertical-align: top; }
td.figure { font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { opacity: .7; display: block; }
.asked { border-top: 1px solid var(--edge); padding: .8rem 0; }
.asked p { margin: 0 0 .5rem; }
.pictures { display: flex; flex-wrap: wrap; gap: .6rem; }
figure { margin: 0; width: 11rem; }
figure img { width: 100%; display: block; border-radius: 3px; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
.right { color: var(--good); } .wrong { color: var(--bad); }
"""


def page(evaluation: Evaluation, out: Path) -> str:
    """The page for `out`/index.html; pictures are named relative to it."""
    sets = "".join(_gallery(evaluation, one, out) for one in evaluation.asked)
    notes = "".join(f"<li>{escape(line)}</li>" for line in told(evaluation))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>HumanDiffusion: evaluation</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>\n<h1>Evaluation</h1>\n"
        f'<div class="wide">{_table(evaluation)}</div>\n<ul>{notes}</ul>\n{sets}</body></html>\n'
    )


def _table(evaluation: Evaluation) -> str:
    head = "".join(f"<th>{escape(column.name)}</th>" for column in evaluation.columns)
    body = []
    for of, name in rows(evaluation):
        cells = "".join(
            f'<td class="figure">{escape(shown(column.figures.get((of, name))))}</td>' for column in evaluation.columns
        )
        body.append(f"<tr><td>{escape(of)}</td><td>{escape(name)}<small>{escape(ABOUT[name])}</small></td>{cells}</tr>")
    return f"<table><tr><th>set</th><th>figure</th>{head}</tr>\n" + "\n".join(body) + "</table>"


def _gallery(evaluation: Evaluation, asked: Asked, out: Path) -> str:
    about = SETS.get(asked.name, "maps and sentences of your own")
    entries = []
    for index, ask in enumerate(asked.asks):
        tiles = [_tile(f"maps/{asked.name}/{plain_name(ask.photo_id)}.png", "the map in the asked colours", "")]
        for column in evaluation.models:
            tiles += _tiles(column, asked.name, index, out)
        entries.append(
            f'<div class="asked"><p>{escape(ask.text)}</p><div class="pictures">{"".join(tiles)}</div></div>'
        )
    return f"<h2>{escape(asked.name)}</h2>\n<p>{escape(about)}.</p>\n" + "\n".join(entries) + "\n"


def _tiles(column: Column, name: str, index: int, out: Path) -> list[str]:
    tiles = []
    for paths, marks in zip(column.painted[name].paths, column.measured[name].marks, strict=True):
        where = paths[index].relative_to(out).as_posix()
        tiles.append(_tile(where, column.name, _seen(marks[index])))
    return tiles


def _tile(where: str, title: str, seen: str) -> str:
    return (
        f'<figure><img src="{quote(where)}" alt="{escape(title)}" loading="lazy">'
        f"<figcaption>{escape(title)}{seen}</figcaption></figure>"
    )


def _seen(marks: Marks) -> str:
    told_ = [(row.part, row.seen, row.asked) for row in marks.colours]
    told_ += [(row.part, row.seen, row.asked) for row in marks.patterns]
    words = [
        f'<span class="{"right" if seen == asked else "wrong"}">{escape(PART_NAMES[part])}: {escape(seen)}</span>'
        for part, seen, asked in told_
    ]
    return f"<br>{', '.join(words)}" if words else ""
