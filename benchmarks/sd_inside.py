"""The part of sd_alignment.py that runs in ComfyUI's interpreter: sd_inside.py COMFYUI FOLDER SECTION [options].

Its last line of output is a JSON object of figures. Checkpoints of random weights are made in FOLDER where they are
missing.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import random_models
import sd_scene
import torch
from sd_flops import flops, flops_xl
from sd_laws import batch_error, leak, record
from sd_scene import NEGATIVE, PARTS, SMALL, Figures, Scene, ksample


def wall(args: argparse.Namespace) -> Figures:
    """Time of a run of one step over that of plain KSampler: the median over rounds, each in the other order."""
    size = SMALL if args.quick else (96, 64)
    scene = _scene(args, size)
    runs = {"plain": scene.plain, **{str(count): scene.aligned(scene.prompts(count)) for count in (6, PARTS)}}
    times = _in_turn(runs, size, args.rounds)
    slow = _in_turn({"plain": scene.plain, "setmask": scene.masked(6)}, size, 1)
    figures: Figures = {"seconds_plain": statistics.median(second for second, _ in times["plain"])}
    for count in (6, PARTS):
        figures[f"wall_ratio_{count}"] = _median_ratio(times[str(count)], times["plain"], 0)
        figures[f"cpu_ratio_{count}"] = _median_ratio(times[str(count)], times["plain"], 1)
    figures["setmask_wall_ratio_6"] = _median_ratio(slow["setmask"], slow["plain"], 0)
    return figures | {"rounds": args.rounds}


def memory(args: argparse.Namespace) -> Figures:
    """Most memory that a run of one step needs, in this fresh process; `--parts 0` is plain KSampler."""
    size = SMALL if args.quick else (96, 64)
    scene = _scene(args, size)
    conditions = scene.aligned(scene.prompts(args.parts)) if args.parts else scene.plain
    _forget_peak()
    ksample(conditions, size)
    return {f"peak_mib_{args.parts}": _peak_mib()}


def laws(args: argparse.Namespace) -> Figures:
    """What a phrase changes outside its region, and what a batch changes in each of its pictures."""
    size = SMALL if args.quick else (48, 32)
    scene = _scene(args, size)
    return leak(scene) | batch_error(scene)


def parity(args: argparse.Namespace) -> Figures:
    """Samples with everything that goes into them, for diffusers to repeat: FOLDER/parity.pt."""
    scene = _scene(args, SMALL if args.quick else (48, 32))
    torch.save(record(scene, scene.prompts(6, negative=NEGATIVE), (1, 4)), args.folder / "parity.pt")
    return {}


def _scene(args: argparse.Namespace, size: tuple[int, int]) -> Scene:
    """SD 1.5 with weights, from a file."""
    import comfy.sd

    path = args.folder / ("small_sd15.safetensors" if args.quick else "sd15.safetensors")
    if not path.is_file():
        random_models.write_checkpoint(path, random_models.SMALL_SD15 if args.quick else random_models.SD15_NET)
    few = random_models.FEW_LAYERS
    model, clip, *_ = comfy.sd.load_checkpoint_guess_config(str(path), output_vae=False, te_model_options=few)
    return Scene(model, clip, size)


Times = list[tuple[float, float]]  # of each round: seconds, and seconds of processor time


def _in_turn(runs: dict[str, Any], size: tuple[int, int], rounds: int) -> dict[str, Times]:
    """The times of each run in each round; the first round is not counted."""
    times: dict[str, Times] = {name: [] for name in runs}
    for number in range(rounds + 1):
        names: Iterable[str] = runs if number % 2 else reversed(runs)
        for name in names:
            began, spent = time.perf_counter(), time.process_time()
            ksample(runs[name], size)
            if number:
                times[name].append((time.perf_counter() - began, time.process_time() - spent))
    return times


def _median_ratio(times: Times, plain: Times, which: int) -> float:
    return statistics.median(a[which] / b[which] for a, b in zip(times, plain, strict=True))


def _forget_peak() -> None:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    elif Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM


def _peak_mib() -> float:
    """Most memory since `_forget_peak`: allocated on the GPU, else resident in this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


SECTIONS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    section.__name__: section for section in (flops, flops_xl, wall, memory, laws, parity)
}


def main() -> None:
    """Run one section and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comfyui")
    parser.add_argument("folder", type=Path)
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", type=int, default=0)
    args = parser.parse_args()
    device = sd_scene.start(args.comfyui)
    import comfyui_version

    # Counting needs autograd's bookkeeping on the tensors; the rest runs as ComfyUI runs it.
    with torch.no_grad() if args.section.startswith("flops") else torch.inference_mode():
        figures = SECTIONS[args.section](args)
    figures |= {"comfyui": comfyui_version.__version__, "comfyui_torch": torch.__version__, "device": device}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
