"""Which Stable Diffusion a MODEL is, and where its cross-attentions are."""

from typing import Any

import comfy.model_base
from comfy.ldm.modules.attention import SpatialTransformer
from comfy.ldm.modules.diffusionmodules.openaimodel import Downsample, UNetModel

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.sites import ARCHITECTURES, Architecture

Place = tuple[str, int, int]  # section, block, transformer: what ComfyUI tells a patch where it is


def architecture_of(base: Any) -> Architecture:
    """The family of ComfyUI's BaseModel. Raises InputError, with the model's kind, for any but SD 1.5 and SDXL."""
    config = base.model_config
    net = getattr(base.diffusion_model, "_orig_mod", base.diffusion_model)  # a compiled one wraps its original
    width = getattr(config, "unet_config", {}).get("context_dim")
    for architecture in ARCHITECTURES:
        if architecture.context_width == width and isinstance(net, UNetModel) and not _reads_no_words(base):
            return architecture
    kinds = " or ".join(architecture.name for architecture in ARCHITECTURES)
    raise InputError(
        f"model: got a {type(config).__name__} model, wanted {kinds} (or one built like them); load such a checkpoint, "
        "or use HumanDiffusion's own model with HumanDiffusion Conditioning"
    )


def level_ends(net: UNetModel) -> dict[int, int]:
    """The input blocks after which the feature map is made smaller, and the last one -> their levels, finest 0."""
    smaller = [i for i, block in enumerate(net.input_blocks) if any(isinstance(layer, Downsample) for layer in block)]
    return {end: level for level, end in enumerate([*(i - 1 for i in smaller), len(net.input_blocks) - 1])}


def widths(net: UNetModel) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The channels of the cross-attentions, in the order of `places`, and those of the levels, finest first."""
    sections = {"input": net.input_blocks, "output": net.output_blocks, "middle": [net.middle_block]}
    transformers = {
        (section, index): next(layer for layer in sections[section][index] if isinstance(layer, SpatialTransformer))
        for section, index, _ in places(net)
    }
    sites = [
        transformers[section, index].transformer_blocks[transformer].attn2.to_q.out_features
        for section, index, transformer in places(net)
    ]
    return tuple(sites), tuple(net.input_blocks[end][0].out_channels for end in level_ends(net))


def _reads_no_words(base: Any) -> bool:
    """Models of that build whose cross-attentions are given a picture instead of a prompt."""
    return isinstance(base, comfy.model_base.Stable_Zero123)


def places(net: UNetModel) -> dict[Place, int]:
    """The cross-attentions that a U-Net really has, numbered as adapter files number them: down, up, middle."""
    sections = [("input", block) for block in enumerate(net.input_blocks)]
    sections += [("output", block) for block in enumerate(net.output_blocks)]
    sections += [("middle", (0, net.middle_block))]
    found = [
        (section, index, transformer)
        for section, (index, block) in sections
        for layer in block
        if isinstance(layer, SpatialTransformer)
        for transformer in range(len(layer.transformer_blocks))
    ]
    return {place: number for number, place in enumerate(found)}
