"""FLOPs of a step on Stable Diffusion, inside ComfyUI: its sampler runs as always, on a U-Net without values."""

import argparse
from typing import Any

import random_models
import torch
from random_models import UNET
from sd_scene import PARTS, SMALL, Figures, Scene, ksample, part


def flops(args: argparse.Namespace) -> Figures:
    """FLOPs of a step of SD 1.5, and which of its cross-attentions were aligned."""
    size = SMALL if args.quick else (96, 64)
    scene = counted_scene("sd15", args, size)
    sites = random_models.SD15_SITES
    if args.quick:
        sites = (320,) * 7
    plain = count_flops(scene.plain, size)
    looks = scene.looks(args.folder, sites)
    figures: Figures = {"gflops": plain / 1e9}
    for count in (6, PARTS):
        told = scene.prompts(count)
        figures[f"flops_ratio_{count}"] = count_flops(scene.aligned(told), size) / plain
        figures[f"flops_ratio_{count}_image"] = count_flops(scene.aligned(told, **looks), size) / plain
    figures |= _trained(scene, args, size, plain)
    figures["setmask_flops_ratio_6"] = count_flops(scene.masked(6), size) / plain
    return figures | _sites(scene, size)


def flops_xl(args: argparse.Namespace) -> Figures:
    """The same of SDXL."""
    size = SMALL if args.quick else (128, 128)
    scene = counted_scene("sdxl", args, size)
    plain = count_flops(scene.plain, size)
    ratios = {count: count_flops(scene.aligned(scene.prompts(count)), size) / plain for count in (6, PARTS)}
    figures: Figures = {f"flops_ratio_{count}": ratio for count, ratio in ratios.items()}
    figures |= _sites(scene, size) | _trained(scene, args, size, plain)
    return {f"sdxl_{name}": value for name, value in figures.items()} | {"sdxl_gflops": plain / 1e9}


def _trained(scene: Scene, args: argparse.Namespace, size: tuple[int, int], plain: int) -> Figures:
    """With a trained adapter: alone, and beside words for six parts."""
    looks = scene.trained(args.folder)
    silent, told = (count_flops(scene.aligned(scene.prompts(count), **looks), size) / plain for count in (0, 6))
    return {"flops_ratio_trained": silent, "flops_ratio_6_trained": told}


def counted_scene(name: str, args: argparse.Namespace, size: tuple[int, int]) -> Scene:
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
    config = comfy.model_detection.model_config_from_unet(nothing, UNET)
    config.set_inference_dtype(torch.float16, torch.float32)
    cpu = torch.device("cpu")
    base = config.get_model(nothing, UNET, device=cpu)
    scene = Scene(comfy.model_patcher.ModelPatcher(base, load_device=cpu, offload_device=cpu), clip, size)
    scene.check_tokens()
    return scene


def count_flops(conditions: Any, size: tuple[int, int]) -> int:
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
    count_flops((model, *others), size)
    assert len(seen.places) == len(set(seen.places)), "a cross-attention was aligned twice"
    return {"sites_fired": len(table & set(seen.places)), "sites": len(table)}
