"""Published files are recognised by names and shapes; all else is refused by name."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from humandiffusion.adapters.layouts import read_adapter
from humandiffusion.adapters.part_adapter import PartAdapter, load_weights
from humandiffusion.errors import InputError
from humandiffusion.mca.sites import SD15, SDXL

from .conftest import PUBLISHED, published_shapes

META = torch.device("meta")
TOWER = {768: "ViT-L", 1024: "ViT-H", 1280: "ViT-bigG"}


def on_meta(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {name: torch.empty(shape, device=META) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_file_is_recognised_and_loads_strictly(name: str) -> None:
    tensors = on_meta(published_shapes(name))
    kind, context, reads, _, _ = PUBLISHED[name]
    layout = read_adapter(tensors, name)
    assert (layout.kind, layout.context_width) == (kind, context)
    assert layout.family == {768: "sd15", 2048: "sdxl"}[context]
    assert layout.tower.name == (TOWER[reads] if kind == "base" else "ViT-H")
    assert layout.tokens == {"base": 4, "plus": 16, "full": 257}[kind]
    adapter = PartAdapter(layout, device=META)
    load_weights(adapter, tensors, name)
    assert {key: tuple(value.shape) for key, value in adapter.state_dict().items()} == published_shapes(name)


@pytest.mark.parametrize("name", ["ip-adapter_sd15", "ip-adapter_sdxl"])
def test_its_sites_are_those_of_the_table(name: str) -> None:
    """The channels of a cross-attention follow from how much smaller than the latent it sees the picture."""
    architecture, channels = {
        "ip-adapter_sd15": (SD15, {1: 320, 2: 640, 4: 1280, 8: 1280}),
        "ip-adapter_sdxl": (SDXL, {2: 640, 4: 1280}),
    }[name]
    layout = read_adapter(on_meta(published_shapes(name)), name)
    assert layout.site_widths == tuple(channels[site.smaller] for site in architecture.sites)


STRANGERS: dict[str, dict[str, tuple[int, ...]]] = {
    "FaceID": {
        "image_proj.proj.0.weight": (1024, 512),
        "image_proj.norm.weight": (768,),
        "ip_adapter.1.to_k_ip.weight": (320, 768),
    },
    "has a LoRA inside": {"image_proj.proj.weight": (1, 1), "ip_adapter.0.to_q_lora.down.weight": (128, 320)},
    "IP-Adapter FaceID": {
        "image_proj.perceiver_resampler.proj_in.weight": (768, 1280),
        "ip_adapter.1.to_k_ip.weight": (320, 768),
    },
    "Portrait": {
        "image_proj.proj.2.weight": (16 * 768, 1024),
        "image_proj.proj.0.weight": (1024, 512),
        "image_proj.norm.weight": (768,),
    },
    "Kolors": {
        "image_proj.proj_in.weight": (2048, 1024),
        "image_proj.norm_out.weight": (2048,),
        "image_proj.latents": (1, 16, 2048),
    },
    "InstantID": {
        "image_proj.proj_in.weight": (1280, 512),
        "image_proj.norm_out.weight": (2048,),
        "image_proj.latents": (1, 16, 1280),
    },
    "Flux": {"double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight": (3072, 4096)},
    "PhotoMaker": {"id_encoder.visual_projection_2.weight": (1280, 1024), "lora_weights.x": (1,)},
    "a LoRA": {"lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight": (320, 16)},
    "a checkpoint": {"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)},
    "a CLIP vision model": {"vision_model.post_layernorm.weight": (1280,)},
    "Stable Diffusion 2": {
        "image_proj.proj.weight": (4096, 1024),
        "image_proj.norm.weight": (1024,),
        "ip_adapter.1.to_k_ip.weight": (320, 1024),
    },
    "weights of another kind": {"anything": (1,)},
}


@pytest.mark.parametrize("words", STRANGERS)
def test_other_weights_are_refused_by_name(words: str) -> None:
    with pytest.raises(InputError) as error:
        read_adapter(on_meta(STRANGERS[words]), "stranger.safetensors")
    assert words in str(error.value) and "stranger.safetensors" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["base", "plus", "full"])
def test_a_torn_file_is_refused(kind: str, small: Callable[..., dict[str, Tensor]]) -> None:
    """Whichever tensor is missing, or has another shape."""
    whole = {name: tensor.to(META) for name, tensor in small(kind).items()}
    layout = read_adapter(whole, "whole")
    for key in whole:
        rest = {name: tensor for name, tensor in whole.items() if name != key}
        with pytest.raises(InputError, match="torn"):
            load_weights(PartAdapter(read_adapter(rest, "torn"), device=META), rest, "torn")
    first = next(iter(whole))
    with pytest.raises(InputError, match="torn"):
        load_weights(PartAdapter(layout, device=META), {**whole, first: whole[first][..., :-1]}, "torn")
    with pytest.raises(InputError, match="torn"):
        load_weights(PartAdapter(layout, device=META), {**whole, "more": torch.zeros(1)}, "torn")


def test_an_unheard_of_image_encoder_is_refused(small: Callable[..., dict[str, Tensor]]) -> None:
    other = {**small("base"), "image_proj.proj.weight": torch.zeros(3072, 555)}
    with pytest.raises(InputError, match="width 555"):
        read_adapter(other, "other")
