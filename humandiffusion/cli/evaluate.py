"""`humandiffusion evaluate`: a model's pictures of held-out maps, judged: one table and one page."""

import argparse
import sys
import time
from dataclasses import replace
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
ABLATIONS = ("smr-off", "mca-off", "maa-free", "coarse-only")


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
    what.add_argument("--ask", nargs="+", choices=SETS, help="what is asked (default colours names patterns)")
    what.add_argument("--limit", type=whole_number(1), metavar="N", help="only the first N maps")
    what.add_argument("--seeds", type=whole_number(1), metavar="N", help="of each map of the first --ask (default 2)")
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
    ablations = parser.add_argument_group("what each idea is worth: variants trained for the same time, then judged")
    ablations.add_argument(
        "--ablations", nargs="*", choices=ABLATIONS, metavar="NAME", help=f"{', '.join(ABLATIONS)}; none named: all"
    )
    ablations.add_argument("--minutes", type=number(0, 1e6), metavar="M", help="that each variant trains")
    ablations.add_argument("--train-steps", type=whole_number(1), metavar="N", help="the same in steps")
    ablations.add_argument(
        "--train", default="", metavar="OPTIONS", help='of train denoiser, as "--batch 16 --lr 6e-4"'
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Paint, judge, write and print."""
    check_device(args.device)
    if args.ablations is not None:
        return _ablate(args)
    if args.minutes is not None or args.train_steps is not None or args.train:
        raise InputError("--minutes, --train-steps, --train: only with --ablations, whose variants they train")
    plan, judges = _plan(args), _judges(args)
    from ..evaluation.evaluating import evaluate
    from ..evaluation.tables import text_table

    evaluation = evaluate(plan, judges)
    _write(evaluation, args.out)
    sys.stdout.write(text_table(evaluation))
    return 0


def _ablate(args: argparse.Namespace) -> int:
    """Train the variants, judge them, write their table and print it."""
    if args.model != ["builtin"] or args.blend:
        raise InputError("--model, --blend: not together with --ablations, which trains its own; leave them out")
    if len(args.encoder) > 1 or len(args.memory) > 1:
        raise InputError("--encoder, --memory: got several, wanted one for all variants")
    judges = _judges(args)
    from ..evaluation.ablating import SETS as ABLATED
    from ..evaluation.ablating import Budget, ablation_table, spent, train_variants, variants
    from ..evaluation.evaluating import evaluate
    from ..evaluation.painting import Use

    began, budget = time.monotonic(), Budget(args.minutes, args.train_steps, args.train)
    pair = {"encoder": args.encoder[0], "memory": args.memory[0]}
    folders = train_variants(
        args.ablations or ABLATIONS, budget, data=args.data, more=args.more, out=args.out / "runs", **pair
    )
    chosen = variants(folders, **pair, use=Use(steps=args.steps, guidance=args.cfg))
    plan = replace(_plan(args), candidates=chosen, sets=args.ask or ABLATED, seeds=args.seeds or 1)
    evaluation = evaluate(plan, judges)
    _write(evaluation, args.out)
    table = ablation_table(evaluation, budget, spent(folders, began))
    _write_text(table, args.out / "ablations.md")
    sys.stdout.write(table)
    return 0


def _plan(args: argparse.Namespace) -> "Plan":
    from ..evaluation.candidates import candidates
    from ..evaluation.evaluating import Plan
    from ..evaluation.painting import Use

    asked = args.ask or ["colours", "names", "patterns"]
    if len(set(asked)) < len(asked):
        raise InputError(f"--ask: got {' '.join(asked)}, wanted each once")
    use = Use(steps=args.steps, guidance=args.cfg)
    return Plan(
        args.data,
        args.out,
        candidates(args.model, args.encoder, args.memory, args.blend, use),
        sets=asked,
        trained=args.more,
        limit=args.limit,
        seeds=args.seeds or 2,
        seed=args.seed,
        batch=args.batch,
        size=args.size,
        parser=args.parser,
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
        _write_text(content, out / name)


def _write_text(content: str, path: Path) -> None:
    with appearing_whole(path) as beside:
        beside.write_text(content, encoding="utf-8")
