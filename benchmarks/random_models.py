"""Stable Diffusion checkpoints of random weights in the true layout, which ComfyUI loads as the real thing.

    python benchmarks/random_models.py COMFYUI OUTDIR sd15 sdxl

Nothing in them was ever trained. They serve to count and to time, and to compare two programs on the same weights.
Shapes come from ComfyUI's own classes; run it in ComfyUI's interpreter. fp16: SD 1.5 takes 2 GB, SDXL 5.5 GB on disk.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from random_weights import Shapes, random_values, write_safetensors

UNET, _VAE = "model.diffusion_model.", "first_stage_model."
_TOWER_L, _TOWER_G = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."


@dataclass(frozen=True)
class Layout:
    """One kind of checkpoint: the arguments of its U-Net, whether it is an SDXL, how many layers of its text towers
    have weights (the others are zeros and pass on what they get), and whether it has the small VAE (TAESD).
    """

    unet: Mapping[str, Any]
    xl: bool = False
    text_layers: int = 99
    small_vae: bool = False

    def network(
        self, kind: Callable[..., torch.nn.Module], without: Sequence[str] = (), **more: Any
    ) -> torch.nn.Module:
        """ComfyUI's U-Net, or a class that takes these arguments but some, without weights."""
        import comfy.ops

        given = {name: value for name, value in self.unet.items() if name not in without}
        return kind(**given, **more, dtype=torch.float16, device="meta", operations=comfy.ops.disable_weight_init)


_COMMON = {
    **{"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "legacy": False},
    **{"use_spatial_transformer": True, "use_checkpoint": False, "dims": 2},
}
SD15_ARGUMENTS = {
    **_COMMON,
    **{"context_dim": 768, "num_heads": 8, "num_head_channels": -1},
    **{"use_linear_in_transformer": False, "adm_in_channels": None},
}
SDXL_ARGUMENTS = {
    **_COMMON,
    **{"context_dim": 2048, "num_head_channels": 64, "num_classes": "sequential"},
    **{"use_linear_in_transformer": True, "adm_in_channels": 2816},
}
SD15 = Layout(
    {
        **SD15_ARGUMENTS,
        **{"num_res_blocks": [2, 2, 2, 2], "channel_mult": [1, 2, 4, 4], "transformer_depth": [1] * 6 + [0] * 2},
        **{"transformer_depth_output": [1] * 9 + [0] * 3, "transformer_depth_middle": 1},
    }
)
SDXL = Layout(
    {
        **SDXL_ARGUMENTS,
        **{"num_res_blocks": [2, 2, 2], "channel_mult": [1, 2, 4], "transformer_depth": [0, 0, 2, 2, 10, 10]},
        **{"transformer_depth_output": [0] * 3 + [2] * 3 + [10] * 3, "transformer_depth_middle": 10},
    },
    xl=True,
)

# SD 1.5's U-Net beside the small files' towers and VAE: half as large a file.
SD15_NET = replace(SD15, text_layers=2, small_vae=True)
# Three, as SDXL reads the last but one and ComfyUI wants more before it.
FEW_LAYERS = {f"{tower}_model_config": {"num_hidden_layers": 3} for tower in ("clip_l", "clip_g")}
# Seven cross-attentions, at the latent's resolution and at half.
SMALL_SD15 = Layout(
    {
        **SD15_ARGUMENTS,
        **{"num_res_blocks": [1, 1], "channel_mult": [1, 1], "transformer_depth": [1, 1]},
        **{"transformer_depth_output": [1, 1, 1, 1], "transformer_depth_middle": 1},
    },
    text_layers=2,
    small_vae=True,
)
# Twelve, at half and a quarter. ComfyUI knows an SDXL by the depths on the way down; the fewest are those of KOALA.
SMALL_SDXL = Layout(
    {
        **SDXL_ARGUMENTS,
        **{"num_res_blocks": [1, 1, 1], "channel_mult": [1, 1, 1], "transformer_depth": [0, 2, 5]},
        **{"transformer_depth_output": [0, 0, 1, 1, 1, 1], "transformer_depth_middle": 1},
    },
    xl=True,
    text_layers=2,
    small_vae=True,
)

# Channels of the cross-attentions, in the order of the adapter files: down, up, middle.
SD15_SITES = (320,) * 2 + (640,) * 2 + (1280,) * 5 + (640,) * 3 + (320,) * 3 + (1280,)
SDXL_SITES = (640,) * 4 + (1280,) * 50 + (640,) * 6 + (1280,) * 10


def adapter_shapes(context: int, sites: Sequence[int], embedding: int = 1024, tokens: int = 4) -> Shapes:
    """The tensors of an IP-Adapter file of the base layout, for ViT-H."""
    shapes = _linear("image_proj.proj", tokens * context, embedding) | _norm("image_proj.norm", context)
    for i, channels in enumerate(sites):
        shapes |= {f"ip_adapter.{2 * i + 1}.to_{name}_ip.weight": (channels, context) for name in "kv"}
    return shapes


def checkpoint_shapes(layout: Layout) -> Shapes:
    """Every tensor of the file, under the names of the published checkpoints."""
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    shapes = _of(layout.network(UNetModel), UNET) | _of(autoencoder(layout.small_vae), _VAE)
    if layout.xl:
        return shapes | _clip_l(_TOWER_L) | _clip_g(_TOWER_G)
    return shapes | _clip_l("cond_stage_model.transformer.")


def autoencoder(small: bool) -> torch.nn.Module:
    """The VAE of Stable Diffusion, or the small one, with shapes and no weights."""
    from comfy.ldm.models.autoencoder import AutoencoderKL
    from comfy.taesd.taesd import TAESD

    with torch.device("meta"):
        if small:
            return TAESD(latent_channels=4)
        drawn = {"double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 128}
        drawn |= {"ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0}
        return AutoencoderKL(ddconfig=drawn, embed_dim=4)


def write_checkpoint(path: Path, layout: Layout, seed: int = 0) -> None:
    """Write a whole checkpoint: U-Net, text towers, VAE."""
    note = f"random weights, seed {seed}; never trained"
    write_safetensors(
        path,
        checkpoint_shapes(layout),
        random_values(seed, layout.text_layers, 0.13025 if layout.xl else 0.18215),
        note,
    )


def start_comfyui(path: str, *options: str) -> None:
    """Make `import comfy` find this ComfyUI, started with its options, `--cpu` for example."""
    sys.path.insert(0, str(Path(path).resolve()))
    sys.argv = ["main.py", *options]
    import comfy.options

    comfy.options.enable_args_parsing()


def _of(network: torch.nn.Module, prefix: str) -> Shapes:
    return {prefix + name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _linear(name: str, out: int, into: int) -> Shapes:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _clip_l(prefix: str, width: int = 768, layers: int = 12) -> Shapes:
    """CLIP-L's text tower, in the names of transformers."""
    body = f"{prefix}text_model."
    shapes: Shapes = {
        f"{body}embeddings.token_embedding.weight": (49408, width),
        f"{body}embeddings.position_embedding.weight": (77, width),
    }
    for i in range(layers):
        layer = f"{body}encoder.layers.{i}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes |= _linear(f"{layer}self_attn.{name}", width, width)
        shapes |= _linear(f"{layer}mlp.fc1", 4 * width, width) | _linear(f"{layer}mlp.fc2", width, 4 * width)
        shapes |= _norm(f"{layer}layer_norm1", width) | _norm(f"{layer}layer_norm2", width)
    return shapes | _norm(f"{body}final_layer_norm", width)


def _clip_g(prefix: str, width: int = 1280, layers: int = 32) -> Shapes:
    """OpenCLIP's bigG text tower, in its own names."""
    shapes: Shapes = {
        f"{prefix}token_embedding.weight": (49408, width),
        f"{prefix}positional_embedding": (77, width),
        f"{prefix}text_projection": (width, width),
        f"{prefix}logit_scale": (),
    }
    for i in range(layers):
        layer = f"{prefix}transformer.resblocks.{i}."
        shapes |= {f"{layer}attn.in_proj_weight": (3 * width, width), f"{layer}attn.in_proj_bias": (3 * width,)}
        shapes |= _linear(f"{layer}attn.out_proj", width, width)
        shapes |= _linear(f"{layer}mlp.c_fc", 4 * width, width) | _linear(f"{layer}mlp.c_proj", width, 4 * width)
        shapes |= _norm(f"{layer}ln_1", width) | _norm(f"{layer}ln_2", width)
    return shapes | _norm(f"{prefix}ln_final", width)


def main(arguments: Sequence[str]) -> None:
    """Write what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comfyui", help="a checkout of ComfyUI")
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", choices=["sd15", "sdxl"], default=["sd15", "sdxl"])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    start_comfyui(args.comfyui, "--cpu")
    for name in args.models:
        write_checkpoint(args.folder / f"{name}.safetensors", {"sd15": SD15, "sdxl": SDXL}[name], args.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
