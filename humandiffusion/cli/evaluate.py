"""`humandiffusion evaluate`: a model's pictures of held-out maps, judged: one table and one page."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .common import Commands, appearing_whole, whole_number
from .jobs import pictures_folder
from .painting import check_device, number, picture_size

if TYPE_CHECKING:
    from ..evaluation.evaluating import Evaluation, Plan
    from ..evaluation.judges import Judges

SETS = ("colours", "names", "seen", "patterns", "captions")
FEATURES = ("auto", "inception", "efficientnet", "encoder")


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "evaluate",
        help="judge a model's pictures of held-out maps: one table and one page",
        description="Pictures of held-out maps, judged. What is in --out already is kept, so a stopped run goes on. "
        "docs/evaluation.md says what the figures mean.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--out", type=pictures_folder, required=True, help="folder for pictures, table and page")
    what = parser.add_argument_group("what is judged")
    what.add_argument(
        "--model", nargs="+", default=["builtin"], metavar="NAME", help="files, folders of `train denoiser`"
    )
    what.add_argument("--encoder", nargs="+", default=["builtin"], metavar="NAME", help="one for all, or one for each")
    what.add_argument("--memory", nargs="+", default=["builtin"], metavar="FILE", help="one for all, or one for each")
    what.add_argument(
        "--blend", nargs="+", type=number(0, 1), default=[], metavar="X", help="each model with each blend"
    )
    what.add_argument("--ask", nargs="+", choices=SETS, default=["colours", "names", "patterns"], help="what is asked")
    what.add_argument("--limit", type=whole_number(1), metavar="N", help="only the first N maps")
    what.add_argument("--seeds", type=whole_number(1), default=2, metavar="N", help="of each map of the first --ask")
    what.add_argument("--seed", type=whole_number(0), default=0, metavar="N", help="of colours and noise")
    what.add_argument("--steps", type=whole_number(1, 1000), default=20, metavar="N", help="default %(default)s")
    what.add_argument("--cfg", type=number(0, 100), default=2.0, metavar="X", help="guidance (default %(default)s)")
    what.add_argument("--batch", type=whole_number(1), default=4, metavar="N", help="pictures made at once")
    what.add_argument("--size", type=picture_size, metavar="WxH", help="of the pictures (default: the map's)")
    what.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or mps (default %(default)s)")
    how = parser.add_argument_group("who judges")
    how.add_argument("--judge", type=Path, metavar="WHEEL", help="mediapipe 0.10.21's wheel, for the person")
    how.add_argument("--parser", default="builtin", metavar="NAME", help="what finds the parts (default %(default)s)")
    how.add_argument("--text-encoder", default="builtin", metavar="NAME", help="of words and patterns")
    how.add_argument("--features", choices=FEATURES, default="auto", help="network of the distances")
    how.add_argument("--more", nargs="+", type=Path, default=[], metavar="DIR", help="more photos that were trained on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Paint, judge, write and print."""
    check_device(args.device)
    plan, judges = _plan(args), _judges(args)
    from ..evaluation.evaluating import evaluate

    args.out.mkdir(parents=True, exist_ok=True)
    evaluation = evaluate(plan, judges)
    _write(evaluation, args.out)
    from ..evaluation.tables import text_table

    sys.stdout.write(text_table(evaluation))
    return 0


def _plan(args: argparse.Namespace) -> "Plan":
    from ..evaluation.candidates import candidates
    from ..evaluation.evaluating import Plan
    from ..evaluation.painting import Use

    if len(set(args.ask)) < len(args.ask):
        raise InputError(f"--ask: got {' '.join(args.ask)}, wanted each once")
    use = Use(steps=args.steps, guidance=args.cfg)
    return Plan(
        args.data,
        args.out,
        candidates(args.model, args.encoder, args.memory, args.blend, use),
        sets=args.ask,
        trained=args.more,
        limit=args.limit,
        seeds=args.seeds,
        seed=args.seed,
        batch=args.batch,
        size=args.size,
        device=args.device,
    )


def _judges(args: argparse.Namespace) -> "Judges":
    from ..evaluation.judges import load_judges

    return load_judges(judge=args.judge, parser=args.parser, encoder=args.text_encoder, features=args.features)


def _write(evaluation: "Evaluation", out: Path) -> None:
    from ..evaluation.evaluating import save_maps
    from ..evaluation.page import page
    from ..evaluation.tables import as_json, csv_table, markdown_table

    save_maps(evaluation, out)
    files = {
        "figures.json": as_json(evaluation),
        "figures.csv": csv_table(evaluation),
        "table.md": markdown_table(evaluation),
        "index.html": page(evaluation, out),
    }
    for name, content in files.items():
        with appearing_whole(out / name) as beside:
            beside.write_text(content, encoding="utf-8")
