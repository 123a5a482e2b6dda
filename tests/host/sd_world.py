"""The scene of the laws on Stable Diffusion, inside ComfyUI: small random models, words, a map, and a run of each kind.

The last argument of the script is the folder of the random files (sd_files.py). It is imported before all else, for it
finds its neighbours while the path still leads to them.
"""

import functools
from pathlib import Path
from typing import Any

import sd_files  # noqa: F401  (finds random_models)
from random_models import FEW_LAYERS

# isort: split
from boot import MORE, NODES, part

# isort: split
import comfy.sd
import torch

import nodes as core

FOLDER = Path(MORE[0])
SIZE = (24, 16)  # of the latent: 192 x 128 pixels
CLOSE = {"rtol": 1e-3, "atol": 1e-3}
prompts = part("humandiffusion.prompts")
regions = part("humandiffusion.mca.regions")
conds = part("nodes.bridge.sd_conds")
forward = part("nodes.bridge.sd_forward")
TOP = 1
STANDING, DRESSED = (
    part("humandiffusion.pose.presets").load_preset(name, (192, 128))
    for name in ("standing-trousers", "standing-dress")
)
DEFAULTS = {
    **{"strength": 1.0, "start": 0.0, "end": 1.0, "coarse": 1.0, "middle": 1.0, "fine": 1.0},
    **{"prompt_inside": 0.3, "regions": "soft", "feather": 8.0},
}


@functools.cache
def checkpoint(name: str) -> tuple[Any, Any]:
    path = str(FOLDER / name)
    model, clip, *_ = comfy.sd.load_checkpoint_guess_config(path, output_vae=False, te_model_options=FEW_LAYERS)
    return model, clip


MODEL, CLIP = checkpoint("sd15.safetensors")


def told(**phrases: str) -> Any:
    index = part("humandiffusion.parts").part_index
    return prompts.PartPrompts(parts=tuple(prompts.PartPrompt(index(name), text) for name, text in phrases.items()))


SAID = told(top="a red plaid shirt", pants="blue jeans", hair="long blonde hair")


def encode(text: str, clip: Any = CLIP) -> Any:
    return core.CLIPTextEncode().encode(clip, text)[0]


POSITIVE, NEGATIVE = encode("a photo of a man in the street"), encode("blurry")


def apply(
    model: Any = MODEL, positive: Any = POSITIVE, negative: Any = NEGATIVE, **options: Any
) -> tuple[Any, Any, Any]:
    given = {"clip": CLIP, "prompts": SAID, "pose": STANDING, **DEFAULTS, **options}
    return NODES["ApplyMCA"].execute(model, positive, negative, **given).result


def empty(batch: int = 1, size: tuple[int, int] = SIZE) -> dict[str, Any]:
    return {"samples": torch.zeros(batch, 4, *size)}


def ksample(model: Any, positive: Any, negative: Any, latent: Any = None, **options: Any) -> torch.Tensor:
    given = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", **options}
    return core.common_ksampler(model, positive=positive, negative=negative, latent=latent or empty(), **given)[0][
        "samples"
    ]


BASE = ksample(MODEL, POSITIVE, NEGATIVE)
ALIGNED = ksample(*apply())


def with_options(model: Any, **options: Any) -> Any:
    model = model.clone()
    model.model_options["transformer_options"] = {**model.model_options["transformer_options"], **options}
    return model
