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
from sd_scene import NEGATIVE, PARTS, Scene, ksample, part

Figures = dict[str, float | int | str | None]
_UNET = "model.diffusion_model."
_SMALL = (24, 16)  # of a latent


def flops(args: argparse.Namespace) -> Figures:
    """FLOPs of a step of SD 1.5, and which of its cross-attentions were aligned."""
    size = _SMALL if args.quick else (96, 64)
    scene = _counted_scene("sd15", args, size)
    sites = random_models.SD15_SITES
    if args.quick:
        sites = (320,) * 7
    plain = _count(scene.plain, size)
    looks = scene.looks(args.folder, sites)
    figures: Figures = {"gflops": plain / 1e9}
    for count in (6, PARTS):
        told = scene.prompts(count)
        figures[f"flops_ratio_{count}"] = _count(scene.aligned(told), size) / plain
        figures[f"flops_ratio_{count}_image"] = _count(scene.aligned(told, **looks), size) / plain
    figures["setmask_flops_ratio_6"] = _count(scene.masked(6), size) / plain
    return figures | _sites(scene, size)


def flops_xl(args: argparse.Namespace) -> Figures:
    """The same of SDXL."""
    size = _SMALL if args.quick else (128, 128)
    scene = _counted_scene("sdxl", args, size)
    plain = _count(scene.plain, size)
    ratios = {count: _count(scene.aligned(scene.prompts(count)), size) / plain for count in (6, PARTS)}
    figures = {f"flops_ratio_{count}": ratio for count, ratio in ratios.items()} | _sites(scene, size)
    return {f"sdxl_{name}": value for name, value in figures.items()} | {"sdxl_gflops": plain / 1e9}


def wall(args: argparse.Namespace) -> Figures:
    """Time of a run of one step over that of plain KSampler: the median over rounds, each in the other order."""
    size = _SMALL if args.quick else (96, 64)
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
    size = _SMALL if args.quick else (96, 64)
    scene = _scene(args, size)
    conditions = scene.aligned(scene.prompts(args.parts)) if args.parts else scene.plain
    _forget_peak()
    ksample(conditions, size)
    return {f"peak_mib_{args.parts}": _peak_mib()}


def laws(args: argparse.Namespace) -> Figures:
    """What a phrase changes outside its region, and what a batch changes in each of its pictures."""
    from sd_laws import batch_error, leak

    size = _SMALL if args.quick else (48, 32)
    scene = _scene(args, size)
    return leak(scene) | batch_error(scene)


def parity(args: argparse.Namespace) -> Figures:
    """Samples with everything that goes into them, for diffusers to repeat: FOLDER/parity.pt."""
    from sd_laws import record

    scene = _scene(args, _SMALL if args.quick else (48, 32))
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


def _counted_scene(name: str, args: argparse.Namespace, size: tuple[int, int]) -> Scene:
    """A MODEL that has the sizes but not the weights, as long as nobody computes with it; CLIP is a real one."""
    import comfy.model_base
    import comfy.model_detection
    import comfy.model_patcher
    import comfy.sd

    small = {"sd15": random_models.SMALL_SD15, "sdxl": random_models.SMALL_SDXL}[name]
    path = args.folder / f"small_{name}.safetensors"
    if not path.is_file():
        random_models.write_checkpoint(path, small)
    few = random_models.FEW_LAYERS
    _, clip, *_ = comfy.sd.load_checkpoint_guess_config(
        str(path), output_vae=False, output_model=False, te_model_options=few
    )
    layout = small if args.quick else {"sd15": random_models.SD15, "sdxl": random_models.SDXL}[name]
    shapes = random_models.checkpoint_shapes(layout)
    nothing = {key: torch.empty(shape, dtype=torch.float16, device="meta") for key, shape in shapes.items()}
    config = comfy.model_detection.model_config_from_unet(nothing, _UNET)
    config.set_inference_dtype(torch.float16, torch.float32)
    cpu = torch.device("cpu")
    base = config.get_model(nothing, _UNET, device=cpu)
    scene = Scene(comfy.model_patcher.ModelPatcher(base, load_device=cpu, offload_device=cpu), clip, size)
    scene.check_tokens()
    return scene


def _count(conditions: Any, size: tuple[int, int]) -> int:
    """FLOPs of matrix products and convolutions in a run of one step, as torch counts them.

    ComfyUI's sampler runs as always, but the U-Net computes with tensors that know their shapes only.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    shapes_only = FakeTensorMode(allow_non_fake_inputs=True)

    def without_values(executor: Any, x: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        # The fused attention of CPUs is unknown to torch's counter; the plain one is the same products.
        with shapes_only, sdpa_kernel(SDPBackend.MATH):
            executor(x, *rest, **options)
        return torch.zeros_like(x)

    model, *others = conditions
    model = model.clone()
    model.add_wrapper_with_key("diffusion_model", "count", without_values)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        ksample((model, *others), size)
    return counter.get_total_flops()


class _Seen:
    """A probe that only remembers where it was called."""

    def __init__(self) -> None:
        self.places: list[Any] = []

    def see(self, site: Any, *others: Any) -> None:
        self.places.append(site.place)


def _sites(scene: Scene, size: tuple[int, int]) -> Figures:
    architecture = part("nodes.bridge.sd_model").architecture_of(scene.model.model)
    table = {(site.section, site.block, site.transformer) for site in architecture.sites}
    model, *others = scene.aligned(scene.prompts(6))
    seen = _Seen()
    model.model_options["transformer_options"][part("nodes.bridge.sd_forward").PROBE] = seen
    _count((model, *others), size)
    assert len(seen.places) == len(set(seen.places)), "a cross-attention was aligned twice"
    return {"sites_fired": len(table & set(seen.places)), "sites": len(table)}


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
