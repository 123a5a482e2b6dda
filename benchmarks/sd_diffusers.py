"""The part of sd_alignment.py that runs with diffusers: sd_diffusers.py FOLDER NAME.

Repeats the runs in FOLDER/parity.pt on the U-Net of FOLDER/NAME.safetensors in diffusers, with MCA by attention
processors. Prints as JSON how far its latents are from ComfyUI's, relative to their largest value.
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import common  # noqa: F401  (finds the package beside this folder)
import torch
from torch import Tensor

CFG = 4.0
# What stands in the configuration of SD 1.5; the blocks follow the checkpoint.
_SD15 = {"in_channels": 4, "out_channels": 4, "sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}


def main() -> None:
    """Repeat and compare."""
    from humandiffusion.mca.diffusers_attention import align
    from humandiffusion.mca.region_attention import RegionRows
    from humandiffusion.mca.regions import AlignedRows

    folder, checkpoint = Path(sys.argv[1]), Path(sys.argv[1], f"{sys.argv[2]}.safetensors")
    recorded = torch.load(folder / "parity.pt", weights_only=True)
    unet = unet_of(checkpoint)
    negative, positive = (AlignedRows(RegionRows(**rows), {}) for rows in recorded["rows"])
    figures = {}
    for count, name in ((1, "one_step"), (4, "four_steps")):
        for kind, context in (("", align(unet, negative, positive)), ("_plain", nullcontext())):
            with context, torch.no_grad():
                x = euler(unet, recorded["noise"], recorded["sigmas"][count], recorded["prompts"])
            wanted = recorded["plain" if kind else "aligned"][count]
            figures[f"parity_{name}{kind}"] = float((x - wanted).abs().max() / wanted.abs().max())
    print(json.dumps(figures))


def euler(unet: Any, noise: Tensor, sigmas: Tensor, prompts: Tensor) -> Tensor:
    """KSampler's euler with guidance, from noise alone; the latent in the scale of pictures that ComfyUI hands out."""
    from diffusers import DDPMScheduler

    known = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear").alphas_cumprod
    levels = ((1 - known) / known).sqrt()
    x = noise * (1 + sigmas[0] ** 2).sqrt()
    for sigma, following in zip(sigmas[:-1], sigmas[1:], strict=True):
        moment = (levels.log() - sigma.log()).abs().argmin()
        given = (x / (1 + sigma**2).sqrt()).repeat(2, 1, 1, 1)
        without, told = unet(given, moment, encoder_hidden_states=prompts).sample.chunk(2)
        x = x + (following - sigma) * (without + CFG * (told - without))
    return x / 0.18215


def unet_of(checkpoint: Path) -> Any:
    from diffusers import UNet2DConditionModel
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
    from safetensors.torch import load_file

    tensors = {name: values for name, values in load_file(checkpoint).items() if name.startswith("model.diffusion")}
    small = not any("input_blocks.11" in name for name in tensors)
    blocks = {
        "block_out_channels": (320, 320) if small else (320, 640, 1280, 1280),
        "layers_per_block": 1 if small else 2,
        "down_block_types": ("CrossAttnDownBlock2D",) * 2 if small else _DOWN,
        "up_block_types": ("CrossAttnUpBlock2D",) * 2 if small else tuple(_UP),
    }
    unet = UNet2DConditionModel(**_SD15, **blocks)
    unet.load_state_dict(convert_ldm_unet_checkpoint(tensors, dict(unet.config)))
    return unet.float().eval()


_DOWN = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
_UP = ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3

if __name__ == "__main__":
    main()
