"""What the benchmarks share: finding the package beside them, tables, flat JSON, errors of one line."""

import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

Figures = dict[str, float | int | str | None]


def start(main: Callable[[], None], needs: Sequence[str] = ()) -> None:
    """Run a benchmark; in the repository's .venv instead if this interpreter lacks one of the packages `needs`."""
    from humandiffusion.errors import InputError

    missing = [name for name in needs if find_spec(name) is None]
    if missing:
        sys.exit(_elsewhere(missing))
    try:
        main()
    except InputError as error:
        sys.exit(_fail(str(error)))


def report(title: str, figures: Figures, wanted: dict[str, str], out: Path | None) -> None:
    """Print a table of the figures, with what each is to reach, and write them as one flat JSON object."""
    figures = figures | ran_on()
    width = max(len(name) for name in figures)
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<{width}}  {_shown(value):<12} {wanted.get(name, '')}".rstrip())
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = out.with_name(f".{out.name}.{os.getpid()}.part")
        plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in figures.items()}
        beside.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        os.replace(beside, out)


def ran_on() -> Figures:
    """What a figure depends on besides us."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "cpus": os.cpu_count() or 0,
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _shown(value: float | int | str | None) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _elsewhere(missing: list[str]) -> int:
    for python in (ROOT / ".venv" / "bin" / "python", ROOT / ".venv" / "Scripts" / "python.exe"):
        if python.is_file() and Path(sys.prefix).resolve() != python.parent.parent.resolve():
            print(f"{sys.executable} has no {', '.join(missing)}; running in {python}", file=sys.stderr)
            return subprocess.call([str(python), *sys.argv])
    names = ", ".join(missing)
    return _fail(f"{names}: not installed in {sys.executable}; run make demo, or pip install '.[cli,train]'")


def _fail(message: str) -> int:
    print(f"benchmark: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
