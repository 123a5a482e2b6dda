"""Making the pictures that benchmarks judge, by the options that they share."""

import argparse
import sys
from collections.abc import Sequence

from torch import Tensor

from humandiffusion.evaluation.maps import Maps


def make_pictures(maps: Maps, args: argparse.Namespace, seeds: Sequence[int], seed: int) -> list[Tensor]:
    """Text and map through the pipeline as the command line runs it; 8 bits a channel, as its files have."""
    from tqdm import tqdm

    from humandiffusion.evaluation.painting import Use, paint
    from humandiffusion.pipeline import HumanDiffusionPipeline

    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    pipeline.to(args.device)
    pipeline.set_progress_bar_config(disable=True)
    use = Use(steps=args.steps, guidance=args.cfg)
    numbers = [seed + number for number in seeds]
    made = paint(pipeline, maps.asks, maps.labels, use=use, seeds=numbers, batch=args.batch)
    return [picture for _, picture in tqdm(made, total=len(maps.asks), desc="pictures", file=sys.stderr)]
