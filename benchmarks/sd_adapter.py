"""Whether MCA learns beside a frozen Stable Diffusion, what a step of that costs, and how large the result is.

    python benchmarks/sd_adapter.py --data FOLDER --json sd_adapter.json

The base is a small network of diffusers with random weights, so the losses tell that the adapter learns and goes on to
photos that it has not seen, and nothing of pictures. `step_over_bare` is of the processor's time, in turns in one
process; with a base as small as this one the optimiser's share is larger than it will be.
"""

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import Figures, report, start
from random_models import SD15_SITES, SDXL_SITES

SIZE = (192, 128)
BATCH, DRAWS, ROUNDS = 4, 8, 8
WANTED = {
    "loss_first": "mean of the first tenth of the steps",
    "loss_last": "mean of the last tenth",
    "held_out_loss": "on photos that were not trained on",
    "held_out_loss_base": "the same of the base alone: the adapter is to be below",
    "step_over_bare": "<= 1.3, time of a step over forward and backward alone",
    "sd15_million": "weights of an adapter for SD 1.5",
    "sdxl_million": "weights of an adapter for SDXL",
}


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of photos, as train takes it")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--channels", type=int, nargs=2, default=(64, 128), help="of the base's two levels")
    parser.add_argument("--json", type=Path, help="where the figures go")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(args, Path(folder))
    report("MCA beside a frozen Stable Diffusion, random weights", figures, WANTED, args.json)


def _measure(args: argparse.Namespace, folder: Path) -> Figures:
    from random_pipelines import write_sd15

    from humandiffusion.cli import main as command

    base, out = write_sd15(folder / "base", channels=tuple(args.channels)), folder / "out"
    given = ["--base", base, "--data", args.data, "--out", out, "--steps", args.steps, "--batch", BATCH, "--lr", 2e-3]
    given += ["--size", f"{SIZE[1]}x{SIZE[0]}", "--precision", "no", "--samples", 0, "--variants", 2, "--log-every", 1]
    if command(["train", "sd-adapter", *map(str, given)]):
        raise SystemExit(1)
    with (out / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["loss"]) for row in rows if row["loss"]]
    tenth = max(len(losses) // 10, 1)
    figures: Figures = {"steps": args.steps, "loss_first": statistics.mean(losses[:tenth])}
    figures["loss_last"] = statistics.mean(losses[-tenth:])
    return figures | _held_out(base, args.data, out) | _sizes()


def _held_out(folder: Path, data: Path, out: Path) -> Figures:
    """Losses on held-out photos, with the adapter and without, of the same draws; and what a step costs."""
    import torch

    from humandiffusion.adapters.mca_adapter import McaAdapter, begin_at_zero
    from humandiffusion.adapters.mca_io import load_mca_adapter
    from humandiffusion.encoders.load import load_encoder
    from humandiffusion.mca.diffusers_attention import align
    from humandiffusion.training.data.photo_data import open_data
    from humandiffusion.training.ema import Ema
    from humandiffusion.training.sd_base import load_base
    from humandiffusion.training.sd_examples import draw_batch, kept_examples
    from humandiffusion.training.sd_student import Schedule, Student, denoising_loss

    base, encoder = load_base(folder), load_encoder()
    base.freeze(torch.device("cpu"), torch.float32)
    found = open_data([data], out / "cache", size=SIZE)
    examples = kept_examples(out / "cache", found.held_out, base, encoder, count=1, seed=0, workers=2)
    features = torch.stack((examples.made.queries, examples.made.queries), 1)
    priors, schedule = torch.zeros(24, encoder.dim), Schedule(base.pipeline.scheduler.config, torch.device("cpu"))
    trained, _ = load_mca_adapter(out / "sd-adapter.safetensors")
    fresh = McaAdapter(trained.layout)
    begin_at_zero(fresh)
    losses: dict[str, float] = {}
    with align(base.unet, None, architecture=base.architecture) as alignment:
        for name, adapter in (("held_out_loss", trained), ("held_out_loss_base", fresh)):
            student, total = Student(adapter.train(), base.unet, alignment), []
            for number in range(DRAWS):
                draw = torch.Generator().manual_seed(number)
                batch, captions = draw_batch(examples, features, priors, 2 * BATCH, draw)
                with torch.no_grad():
                    total.append(float(denoising_loss(student, batch, schedule, *base.read(captions, SIZE))))
            losses[name] = statistics.mean(total)

        average, optimiser = Ema(fresh, 0.999), torch.optim.AdamW(fresh.parameters(), lr=1e-4)
        batch, captions = draw_batch(examples, features, priors, BATCH, torch.Generator().manual_seed(0))
        prompt = base.read(captions, SIZE)

        def bare() -> None:
            denoising_loss(student, batch, schedule, *prompt).backward()

        def step() -> None:
            drawn, told = draw_batch(examples, features, priors, BATCH, torch.Generator().manual_seed(1))
            denoising_loss(student, drawn, schedule, *base.read(told, SIZE)).backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            average.update(fresh)

        ratios = [_seconds(step) / _seconds(bare) for _ in range(ROUNDS)]
    return {**losses, "step_over_bare": statistics.median(ratios)}


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _sizes() -> Figures:
    import torch

    from humandiffusion.adapters.mca_adapter import McaAdapter
    from humandiffusion.adapters.mca_layout import McaLayout

    builds: dict[str, tuple[Any, ...]] = {
        "sd15": ("sd15", 768, SD15_SITES, (320, 640, 1280, 1280)),
        "sdxl": ("sdxl", 2048, SDXL_SITES, (320, 640, 1280)),
    }
    figures: Figures = {}
    for name, build in builds.items():
        adapter = McaAdapter(McaLayout(*build, 128, "builtin"), device=torch.device("meta"))
        figures[f"{name}_million"] = sum(weight.numel() for weight in adapter.parameters()) / 1e6
    return figures


if __name__ == "__main__":
    start(main, needs=("torch", "diffusers", "accelerate", "transformers"))
