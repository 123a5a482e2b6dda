"""How long the native model takes for a picture, in how much memory, and what MCA and SPADE add to its U-Net.

    python benchmarks/native.py --json native.json

Time and memory are those of a fresh process on two cores: text and map in, 20 steps with guidance, PNG out. FLOPs are
those of matrix products and convolutions, counted by torch, over those of the same U-Net built without SAA, MAA, the
coarse path and SPADE; what does not depend on the step is counted once.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from common import Figures, report, start

TEXT = "A woman in a red blouse and blue jeans, brown boots"
WANTED = {
    "seconds": "<= 15, first picture of a process, models in memory, until it is written",
    "seconds_again": "the next one",
    "cpu_seconds": "processor time in it, all cores together: less than seconds x cores on a busy machine",
    "start_seconds": "from nothing to models in memory",
    "peak_mib": "<= 2048",
    "mca_flops_ratio": "<= 1.15, U-Net alone",
    "mca_flops_ratio_picture": "the decoder, alike in both, counted too",
    "mca_wall_ratio": "time of a step over that of the bare U-Net",
}


def main() -> None:
    """Measure in a fresh process, count in this one, print and write the figures."""
    args = _arguments()
    if args.child is not None:
        _child(args)
        return
    figures = _fresh_process(args) | _count(args)
    report(f"Native model, {args.steps} steps", figures, WANTED, args.json)


def _fresh_process(args: argparse.Namespace) -> Figures:
    command = [sys.executable, __file__, "--child", repr(time.time()), "--pose", args.pose, "--steps", str(args.steps)]
    command += ["--cores", str(args.cores), "--model", args.model, "--encoder", args.encoder, "--memory", args.memory]
    environment = os.environ | {"OMP_NUM_THREADS": str(args.cores)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _child(args: argparse.Namespace) -> None:
    _keep_to(args.cores)
    import torch

    from humandiffusion.pipeline import HumanDiffusionPipeline

    torch.set_num_threads(args.cores)
    pipeline = HumanDiffusionPipeline.from_files(model=args.model, encoder=args.encoder, memory=args.memory)
    pipeline.set_progress_bar_config(disable=True)
    pose = _pose(args.pose)
    figures: Figures = {"start_seconds": time.time() - args.child}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("seconds", "seconds_again"):
            began, spent = time.perf_counter(), time.process_time()
            generator = torch.Generator("cpu").manual_seed(1)
            done = pipeline(TEXT, pose, num_inference_steps=args.steps, generator=generator)
            done.images[0].save(Path(folder) / "picture.png")
            figures[name] = time.perf_counter() - began
            figures[f"cpu_{name}"] = time.process_time() - spent
    figures |= {"peak_mib": _peak_mib(), "cores": args.cores, "steps": args.steps}
    figures |= {"width": done.images[0].width, "height": done.images[0].height}
    print(json.dumps(figures))


def _count(args: argparse.Namespace) -> Figures:
    import torch

    from humandiffusion.models.io import load_denoiser
    from humandiffusion.models.unet import HumanUNet
    from humandiffusion.pose.occupancy import occupancy

    _keep_to(args.cores)
    torch.set_num_threads(args.cores)
    denoiser, pose = load_denoiser(args.model), _pose(args.pose)
    config = denoiser.config
    bare = HumanUNet(replace(config, align=False, spatial=False)).eval()
    # A text for every part of the map, and guidance: both halves in one batch, as the pipeline runs them.
    occ = occupancy(pose, (pose.height // 2, pose.width // 2)).repeat(2, 1, 1, 1)
    told = torch.cat((torch.ones(1, config.parts), torch.zeros(1, config.parts)))
    features = torch.nn.functional.normalize(torch.randn(2, config.parts, config.feature_dim), dim=-1)
    inputs = (occ, features, told)

    full, plain = _Unet(denoiser.unet, inputs), _Unet(bare, inputs)
    once, step = _flops(full.prepare), _flops(full.step)
    plain_once, plain_step = _flops(plain.prepare), _flops(plain.step)
    decoder = _flops(lambda: denoiser.decoder(full.x[:1]))
    total, bare_total = once + args.steps * step, plain_once + args.steps * plain_step
    return {
        "mca_flops_ratio": total / bare_total,
        "mca_flops_ratio_picture": (total + decoder) / (bare_total + decoder),
        "mca_wall_ratio": _wall_ratio(full, plain),
        "gflops_once": once / 1e9,
        "gflops_step": step / 1e9,
        "gflops_bare_step": plain_step / 1e9,
        "gflops_decoder": decoder / 1e9,
        "parameters_denoiser": sum(p.numel() for p in denoiser.unet.parameters()),
        "parameters_decoder": sum(p.numel() for p in denoiser.decoder.parameters()),
    }


class _Unet:
    """One U-Net with inputs to run it on."""

    def __init__(self, net, inputs) -> None:
        import torch

        self.net, self.inputs = net.to(memory_format=torch.channels_last), inputs
        self.x = torch.randn(2, net.config.latent_channels, *inputs[0].shape[-2:]).to(memory_format=torch.channels_last)
        self.sigma = torch.full((2,), 0.5)
        self.context = None

    def prepare(self) -> None:
        """What does not depend on the step."""
        self.context = self.net.prepare(*self.inputs, size=self.x.shape[-2:])

    def step(self) -> None:
        """One step, both halves of the guidance."""
        self.net.denoise(self.x, self.sigma, self.context)


def _flops(work) -> int:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    # The fused attention of CPUs is unknown to torch's counter; the plain one is the same products.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def _wall_ratio(full: _Unet, plain: _Unet, rounds: int = 7) -> float:
    """Median of pairs timed in turn, so that a busy machine slows both."""
    import torch

    ratios = []
    with torch.no_grad():
        for _ in range(rounds):
            times = []
            for unet in (full, plain):
                began = time.perf_counter()
                unet.step()
                times.append(time.perf_counter() - began)
            ratios.append(times[0] / times[1])
    return statistics.median(ratios[1:])


def _pose(source: str):
    if source.startswith("preset:"):
        from humandiffusion.pose.presets import load_preset

        return load_preset(source.removeprefix("preset:"))
    from humandiffusion.pose.io import load_pose

    return load_pose(Path(source))


def _keep_to(cores: int) -> None:
    """Run on so many cores only, where the system can be told so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _peak_mib() -> float:
    """Most memory this process ever held resident."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    # In KiB, on macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--pose", default="preset:standing-trousers", help="a map (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cores", type=int, default=2, help="cores and threads to use (default %(default)s)")
    for name in ("model", "encoder", "memory"):
        parser.add_argument(f"--{name}", default="builtin", help="a file instead of the one that ships")
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "diffusers"))
