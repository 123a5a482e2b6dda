"""Figures of a run: `metrics.csv`, and TensorBoard's files where they are asked for."""

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError

FILE = "metrics.csv"
_FIRST = ("step", "seconds")


class Metrics:
    """One row a call; a figure not seen before becomes a column. Figures are written in full, so that runs compare."""

    def __init__(self, out: Path) -> None:
        self.path = out / FILE
        self._columns: list[str] = []
        self._board: Any = None

    def begin(self, step: int, tensorboard: bool) -> None:
        """Go on from `step`: rows of later steps, from before a stop, are dropped. Raises InputError."""
        rows = [row for row in read_metrics(self.path.parent) if int(row["step"]) <= step]
        if step and rows:
            self._columns = list(dict.fromkeys(name for row in rows for name in row))
            self._rewrite(rows)
        else:
            self.path.unlink(missing_ok=True)
        if tensorboard:
            self._board = summary_writer()(str(self.path.parent / "tensorboard"), purge_step=step + 1)

    def write(self, step: int, seconds: float, values: Mapping[str, float]) -> None:
        """Append a row."""
        row = {"step": str(step), "seconds": f"{seconds:.3f}", **{name: repr(value) for name, value in values.items()}}
        new = [name for name in row if name not in self._columns]
        if new:
            self._columns += new
            self._rewrite([*read_metrics(self.path.parent), row])
        else:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(self._line(row))
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
            self._board.flush()

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        text = ",".join(self._columns) + "\r\n" + "".join(map(self._line, rows))
        beside = self.path.with_name(f".{FILE}.{os.getpid()}.part")
        beside.write_text(text, encoding="utf-8", newline="")
        os.replace(beside, self.path)

    def _line(self, row: Mapping[str, str]) -> str:
        line = io.StringIO()
        csv.writer(line).writerow([row.get(name, "") for name in self._columns])
        return line.getvalue()


def read_metrics(out: Path) -> list[dict[str, str]]:
    """The rows of a run's `metrics.csv`, empty cells left out; none if there is no file. A row that a kill cut short is
    dropped.
    """
    path = out / FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    whole = text[: text.rfind("\n") + 1]
    rows = csv.DictReader(io.StringIO(whole))
    return [{name: cell for name, cell in row.items() if cell} for row in rows if all(name in row for name in _FIRST)]


def summary_writer() -> Any:
    """TensorBoard's writer. Raises InputError if the package is absent."""
    try:
        from torch.utils.tensorboard import SummaryWriter  # type: ignore[attr-defined]
    except ImportError as error:
        raise InputError(
            "--tensorboard: package tensorboard is not installed; in this pack's folder: pip install -e .[tensorboard]"
        ) from error
    return SummaryWriter
