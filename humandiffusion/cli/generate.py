"""`humandiffusion generate`: a sentence and a pose map become a picture; with --jobs, many."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .common import Commands, appearing_whole, output_picture, print_line, sentence
from .jobs import Job, pictures_folder, run_jobs
from .painting import add_models, add_sampling, load_pipeline, open_pose, picture_size

if TYPE_CHECKING:
    from ..pipeline import HumanDiffusionPipeline
    from ..pose.semantic_pose import SemanticPose
    from ..smr.features import PartFeatures


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "generate",
        help="a sentence and a pose map become a picture of a person",
        description="A sentence and a pose map become a picture. The same seed and inputs give the same picture.",
    )
    what = parser.add_argument_group("one picture")
    what.add_argument("--text", metavar="TEXT", help='as "a woman in a red blouse and blue jeans"')
    what.add_argument("--pose", metavar="MAP.png|preset:NAME", help="an indexed PNG of the parts, or a map that ships")
    what.add_argument("--out", type=output_picture, metavar="PIC.png", help="the picture to write")
    what.add_argument("--sheet", type=output_picture, metavar="PIC.png", help="also picture what was retrieved")
    many = parser.add_argument_group("many pictures")
    many.add_argument("--jobs", type=Path, metavar="JOBS.jsonl", help="one JSON object a line: id, text, pose, seed")
    many.add_argument("--out-dir", type=pictures_folder, metavar="DIR", help="where DIR/<id>.png go")
    how = parser.add_argument_group("how")
    add_sampling(how)
    how.add_argument(
        "--size", type=picture_size, metavar="WxH", help="multiples of 32 (default: the map's, to the nearest)"
    )
    add_models(how)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the picture or the pictures. What can be told to be wrong before models are loaded is told then."""
    _check_combination(args)
    if args.size:
        from ..sampling import check_size

        check_size(*args.size)
    if args.jobs:
        return run_jobs(
            args.jobs,
            args.out_dir,
            seed=args.seed,
            load=lambda: load_pipeline(args),
            paint=lambda pipeline, job, path: _paint(pipeline, job, open_pose(job.pose, args.size), args, path),
        )
    job = Job(text=sentence(args.text, "--text"), pose=args.pose, seed=args.seed)
    pose = open_pose(job.pose, args.size)
    _paint(load_pipeline(args), job, pose, args, args.out, args.sheet)
    print_line(str(args.out))
    return 0


def _check_combination(args: argparse.Namespace) -> None:
    one = {"--text": args.text, "--pose": args.pose, "--out": args.out, "--sheet": args.sheet}
    if args.sheet and args.sheet == args.out:
        raise InputError(f"--sheet: got {args.sheet}, which is --out too; give two names")
    if args.jobs or args.out_dir:
        unwanted = [name for name, value in one.items() if value is not None]
        missing = [name for name, value in {"--jobs": args.jobs, "--out-dir": args.out_dir}.items() if not value]
        if unwanted:
            raise InputError(f"{unwanted[0]}: not together with --jobs, whose lines say it; leave one of the two out")
    else:
        missing = [name for name, value in one.items() if value is None and name != "--sheet"]
    if missing:
        raise InputError(f"{', '.join(missing)}: missing; give --text, --pose and --out, or --jobs and --out-dir")


def _paint(
    pipeline: "HumanDiffusionPipeline",
    job: Job,
    pose: "SemanticPose",
    args: argparse.Namespace,
    out: Path,
    sheet_out: Path | None = None,
) -> None:
    """Make one picture, and the sheet if asked; both appear at the very end."""
    from ..sampling import seeded_generator

    height, width = args.size or (None, None)
    done = pipeline(
        job.text,
        pose,
        height=height,
        width=width,
        num_inference_steps=args.steps,
        guidance_scale=args.cfg,
        generator=seeded_generator(job.seed),
    )
    with appearing_whole(out) as beside:
        done.images[0].save(beside, format="PNG")
        if sheet_out:
            _save_sheet(pipeline, done.features[0], sheet_out)


def _save_sheet(pipeline: "HumanDiffusionPipeline", features: "PartFeatures", out: Path) -> None:
    from ..smr.sheet import sheet

    picture = sheet(features, pipeline.memory.memory)
    with appearing_whole(out) as beside:
        pipeline.image_processor.numpy_to_pil(picture[None].numpy())[0].save(beside, format="PNG")
