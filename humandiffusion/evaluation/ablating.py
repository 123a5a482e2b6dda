"""What each idea of the method is worth: variants trained for the same time or steps, then judged side by side."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..cli.common import appearing_whole
from ..errors import InputError
from ..training.ablate import ABLATIONS, WHOLE
from ..training.checkpoints import last_checkpoint
from ..training.metrics import read_metrics
from .candidates import Candidate
from .evaluating import Column, Evaluation
from .painting import Use
from .tables import shown, told
from .tallies import Figure, difference

# Used otherwise than they were trained: no training of their own.
BLENDS = (0.0, 0.5)
SETS = ("colours", "names", "seen", "patterns")
ENDLESS = 10**9
FINISHED = "ablation-finished"
# What the table shows: (set, figure, title).
COLUMNS = (
    ("colours", "person_iou", "person IoU"),
    ("colours", "parts_miou", "parts mIoU"),
    ("colours", "colour_accuracy", "colour"),
    ("colours", "leak_rate", "leak"),
    ("names", "colour_accuracy", "unseen names"),
    ("seen", "colour_accuracy", "seen names"),
    ("patterns", "pattern_accuracy", "pattern"),
    ("colours", "text_fit", "text fit"),
    ("colours", "kernel_ratio", "kernel ratio"),
)


@dataclass(frozen=True)
class Budget:
    """What each variant may spend: `minutes` or `steps`; `options` of `train denoiser` besides."""

    minutes: float | None = None
    steps: int | None = None
    options: str = ""

    def told(self) -> str:
        """In words."""
        spent = f"{self.steps} steps" if self.steps is not None else f"{self.minutes:g} minutes"
        return f"{spent} each" + (f", {self.options}" if self.options else "")


def train_variants(
    names: Sequence[str],
    budget: Budget,
    *,
    data: Path,
    more: Sequence[Path],
    encoder: str,
    memory: str,
    out: Path,
    run: Callable[[argparse.Namespace], object] | None = None,
) -> list[Path]:
    """`train denoiser --ablate NAME` for each, into `out`/NAME; the whole method first. What was trained stays, and
    what was stopped goes on. Raises InputError for a budget that is none, or another than before.

    `run` is the training's, if not the denoiser's own.
    """
    from ..training import denoiser

    if (budget.minutes is None) == (budget.steps is None):
        raise InputError("--ablations: give --minutes or --train-steps, the same for each variant")
    folders = []
    for name in [WHOLE, *(name for name in names if name != WHOLE)]:
        folder = out / name
        done = folder / FINISHED
        folders.append(folder)
        if done.is_file():
            if done.read_text(encoding="utf-8").strip() != budget.told():
                raise InputError(f"--out: {folder} was trained with {done.read_text().strip()}; give another --out")
            continue
        words = _words(name, budget, data, more, encoder, memory, folder, out / "cache")
        sys.stderr.write(f"training {name}: {ABLATIONS[name].about}\n")
        (run or denoiser.run)(_arguments(words))
        if not _spent_all(folder, budget):  # the run was asked to stop, and has saved
            raise KeyboardInterrupt
        with appearing_whole(done) as beside:
            beside.write_text(budget.told() + "\n", encoding="utf-8")
    return folders


def variants(folders: Sequence[Path], *, encoder: str, memory: str, use: Use) -> list[Candidate]:
    """The trained variants, used as they were trained, and the whole method at other blends."""
    found = []
    for folder in folders:
        ablation = ABLATIONS[folder.name]
        own = replace(use, blend=ablation.blend, mode=ablation.mode)
        found.append(Candidate(_title(folder.name), str(folder), encoder, memory, own))
    whole = found[0]
    for blend in BLENDS:
        found.append(replace(whole, name=f"blend {blend:g}", use=replace(whole.use, blend=blend)))
    return found


def ablation_table(evaluation: Evaluation, budget: Budget, seconds: float) -> str:
    """Markdown: one row a variant. A figure that lies outside the interval of its difference to the whole is marked:
    `+` better, `-` worse, by the same maps."""
    titles = [title for of, name, title in COLUMNS if _there(evaluation, of, name)]
    shown_ = [(of, name) for of, name, _ in COLUMNS if _there(evaluation, of, name)]
    lines = [f"| variant | {' | '.join(titles)} |", "| --- " * (len(titles) + 1) + "|"]
    whole = evaluation.models[0]
    for column in evaluation.models:
        cells = [_cell(column, whole, of, name) for of, name in shown_]
        lines.append(f"| {column.name} | {' | '.join(cells)} |")
    about = [
        f"trained: {budget.told()}; {seconds / 60:.0f} minutes in all",
        "`+` better and `-` worse than the whole method, outside the 95% interval of the difference over the same maps "
        "(of the kernel ratio: outside both intervals)",
        "each variant was trained once: intervals and marks are of the maps and rest on one training seed; another may "
        "move a figure further",
        *(f"{_title(name)}: {one.about}" for name, one in ABLATIONS.items()),
        "blend 0, 0.5: the whole model, the phrases' features refreshed not at all or by half",
        "unseen names: XKCD colour names that no training saw; seen names: others",
        *told(evaluation),
    ]
    return "\n".join([*lines, "", *(f"- {line}" for line in about)]) + "\n"


def spent(folders: Sequence[Path], began: float) -> float:
    """Seconds since `began`; kept beside the runs, so that a command that goes on tells the whole of it."""
    path = folders[0].parent / "seconds.txt"
    before = float(path.read_text(encoding="utf-8")) if path.is_file() else 0.0
    total = before + time.monotonic() - began
    with appearing_whole(path) as beside:
        beside.write_text(f"{total:.1f}\n", encoding="utf-8")
    return total


def _words(
    name: str,
    budget: Budget,
    data: Path,
    more: Sequence[Path],
    encoder: str,
    memory: str,
    folder: Path,
    cache: Path,
) -> list[str]:
    words = ["--data", str(data), "--out", str(folder), "--ablate", name, "--cache", str(cache)]
    words += ["--encoder", encoder, "--memory", memory]
    words += ["--more", *map(str, more)] if more else []
    words += shlex.split(budget.options)
    # Where minutes count, no number of steps may end a run before they are over.
    steps = budget.steps if budget.steps is not None else ENDLESS
    words += ["--steps", str(steps), *(["--minutes", f"{budget.minutes:g}"] if budget.minutes is not None else [])]
    words += ["--log-every", "1"]  # so that the last row tells whether all was spent
    return [*words, "--resume"] if last_checkpoint(folder) is not None else words


def _spent_all(folder: Path, budget: Budget) -> bool:
    rows = read_metrics(folder)
    if not rows:
        return False
    if budget.steps is not None:
        return int(rows[-1]["step"]) >= budget.steps
    return float(rows[-1]["seconds"]) >= 60 * (budget.minutes or 0)


class _Quiet(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise InputError(f"--train: {message}; wanted options of `humandiffusion train denoiser`")


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    from ..training import denoiser

    parser = _Quiet(add_help=False)
    denoiser.add_arguments(parser)
    return parser.parse_args(words)


def _title(name: str) -> str:
    return "whole" if name == WHOLE else name


def _there(evaluation: Evaluation, of: str, name: str) -> bool:
    return any((of, name) in column.figures for column in evaluation.models)


# Figures of which less is better.
_FALLING = ("leak_rate", "kernel_ratio")


def _cell(column: Column, whole: Column, of: str, name: str) -> str:
    figure = column.figures.get((of, name))
    if figure is None or column is whole:
        return shown(figure)
    apart = _apart(column, whole, of, name)
    if apart is None or apart.low is None or apart.high is None or apart.low <= 0 <= apart.high:
        return shown(figure)
    return f"{shown(figure)} {'+' if (apart.value > 0) != (name in _FALLING) else '-'}"


def _apart(column: Column, whole: Column, of: str, name: str) -> Figure | None:
    """How much more this has than the whole, with an interval."""
    paired = difference(column.measured[of].tallies, whole.measured[of].tallies, name)
    if paired is not None or name == "parts_miou":
        return paired
    one, other = column.figures[(of, name)], whole.figures.get((of, name))
    if other is None or one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    # Without pairs of maps: the bounds that lie nearest and furthest.
    return Figure(one.value - other.value, one.low - other.high, one.high - other.low)
