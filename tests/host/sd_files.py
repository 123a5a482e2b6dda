"""Small random Stable Diffusion files that ComfyUI takes for real ones: sd_files.py COMFYUI FOLDER.

    sd15.safetensors, sdxl.safetensors   a checkpoint each: a small U-Net, the text towers, TAESD
    control.safetensors                  a ControlNet for sd15
    lora.safetensors                     a LoRA for sd15, U-Net and text

ComfyUI fixes the width of every layer and builds text towers of their full depth; what can be small is the number of
U-Net blocks. All but the first two layers of the towers are zeros, that is, pass on what they get, and holes on disk.
Loaded with `te_model_options=FEW_LAYERS`, which is in random_models.py, the towers have no others, speak the same and
are a few times quicker.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from random_models import FEW_LAYERS, SMALL_SD15, SMALL_SDXL, start_comfyui, write_checkpoint  # noqa: E402, F401
from random_weights import Shapes, random_values, write_safetensors  # noqa: E402

NOTE = "random weights for tests; never trained"


def write_files(folder: Path) -> None:
    """Write all four."""
    write_checkpoint(folder / "sd15.safetensors", SMALL_SD15, seed=1)
    write_checkpoint(folder / "sdxl.safetensors", SMALL_SDXL, seed=2)
    write_safetensors(folder / "control.safetensors", _control(), random_values(3, text_layers=2), NOTE)
    write_safetensors(folder / "lora.safetensors", _lora(), random_values(4), NOTE)


def _control() -> Shapes:
    from comfy.cldm.cldm import ControlNet

    network = SMALL_SD15.network(ControlNet, without=("transformer_depth_output", "out_channels"), hint_channels=3)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _lora(rank: int = 4) -> Shapes:
    block, layer = "transformer_blocks_0_attn2", "lora_te_text_model_encoder_layers_0"
    unet = [f"lora_unet_{where}_attentions_0_{block}" for where in ("down_blocks_0", "down_blocks_1", "mid_block")]
    layers = {f"{site}_to_{name}": (320, 768) for site in unet for name in ("k", "v")}
    layers |= {f"{layer}_self_attn_{name}_proj": (768, 768) for name in ("q", "v")} | {f"{layer}_mlp_fc1": (3072, 768)}
    shapes: Shapes = {}
    for name, (out, into) in layers.items():
        shapes |= {f"{name}.lora_down.weight": (rank, into), f"{name}.lora_up.weight": (out, rank)}
    return shapes


if __name__ == "__main__":
    comfyui, folder = sys.argv[1:]
    start_comfyui(comfyui, "--cpu")
    torch.set_num_threads(1)
    write_files(Path(folder))
