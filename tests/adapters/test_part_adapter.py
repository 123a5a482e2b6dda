"""The formulas are those of diffusers' IP-Adapter, loaded from the same file by its own converter."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from humandiffusion.adapters.layouts import read_adapter
from humandiffusion.adapters.part_adapter import PartAdapter, load_weights
from humandiffusion.errors import InputError

CLOSE = 1e-5  # of tokens near 1, in float32
Files = Callable[..., dict[str, Tensor]]


def adapter_of(tensors: dict[str, Tensor]) -> PartAdapter:
    adapter = PartAdapter(read_adapter(tensors, "file"))
    load_weights(adapter, tensors, "file")
    return adapter.eval()


def features(kind: str) -> Tensor:
    shape = (2, 1024) if kind == "base" else (2, 7, 1280)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["base", "plus", "full"])
def test_tokens_are_those_of_diffusers(kind: str, small: Files) -> None:
    unet = pytest.importorskip("diffusers.loaders.unet")
    tensors = small(kind)
    projection = {
        key.removeprefix("image_proj."): tensor for key, tensor in tensors.items() if key.startswith("image_proj.")
    }
    theirs: nn.Module = unet.UNet2DConditionLoadersMixin()._convert_ip_adapter_image_proj_to_diffusers(
        projection, low_cpu_mem_usage=False
    )
    with torch.inference_mode():
        ours, expected = adapter_of(tensors).tokens(features(kind)), theirs.eval()(features(kind))
    assert ours.std() > 0.1 and torch.allclose(ours, expected, atol=CLOSE)


def test_added_attention_is_that_of_diffusers(small: Files) -> None:
    """Decoupled attention (IP-Adapter, equation 5): the difference that diffusers' processor makes is ours."""
    processors = pytest.importorskip("diffusers.models.attention_processor")
    channels, heads = 16, 2
    tensors = small("base", sites=(4, channels))
    ours = adapter_of(tensors)
    attention = processors.Attention(channels, cross_attention_dim=768, heads=heads, dim_head=channels // heads)
    attention.to_out = nn.ModuleList([nn.Identity(), nn.Identity()])
    theirs = processors.IPAdapterAttnProcessor2_0(channels, 768, num_tokens=(4,))
    theirs.load_state_dict({f"to_{x}_ip.0.weight": tensors[f"ip_adapter.3.to_{x}_ip.weight"] for x in "kv"})
    generator = torch.Generator().manual_seed(2)
    hidden, text = torch.randn(2, 5, channels, generator=generator), torch.randn(2, 9, 768, generator=generator)
    with torch.inference_mode():
        tokens = ours.tokens(features("base"))
        expected = theirs(attention, hidden, (text, [tokens[:, None]])) - attention(hidden, text)
        k, v = ours.keys_values(1, tokens)
        q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (attention.to_q(hidden), k, v))
        added = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    assert added.std() > 0.1 and torch.allclose(added, expected, atol=CLOSE)


def test_a_batch_is_its_singles(small: Files) -> None:
    for kind in ("base", "plus", "full"):
        adapter, both = adapter_of(small(kind)), features(kind)
        with torch.inference_mode():
            together = adapter.tokens(both)
            singles = torch.cat([adapter.tokens(one[None]) for one in both])
        assert torch.allclose(together, singles, atol=CLOSE)


def test_half_precision_weights_serve_too(small: Files) -> None:
    tensors = {key: tensor.half() for key, tensor in small("plus").items()}
    layout = read_adapter(tensors, "file")
    adapter = PartAdapter(layout, dtype=torch.float16)
    load_weights(adapter, tensors, "file", assign=True)
    assert adapter.image_proj.latents.data_ptr() == tensors["image_proj.latents"].data_ptr()
    assert adapter.tokens(features("plus").half()).dtype == torch.float16


def test_features_of_another_shape_are_refused(small: Files) -> None:
    for kind, wrong in (("base", features("full")), ("full", features("base")), ("base", torch.zeros(1, 768))):
        with pytest.raises(InputError, match="ViT-H"):
            adapter_of(small(kind)).tokens(wrong)
