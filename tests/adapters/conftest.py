"""Files of published adapters, with random weights: true names, and true shapes but for the widths that are free."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

# Channels of the cross-attentions, in the published order: down, up, middle.
SD15_SITES = (320,) * 2 + (640,) * 2 + (1280,) * 2 + (1280,) * 3 + (640,) * 3 + (320,) * 3 + (1280,)
SDXL_SITES = (640,) * 4 + (1280,) * 20 + (1280,) * 30 + (640,) * 6 + (1280,) * 10
# Name of the published file -> layout, context, what the projection reads, width and heads of the resampler.
PUBLISHED = {
    "ip-adapter_sd15": ("base", 768, 1024, 0, 0),
    "ip-adapter_sd15_light": ("base", 768, 1024, 0, 0),
    "ip-adapter_sd15_vit-G": ("base", 768, 1280, 0, 0),
    "ip-adapter-plus_sd15": ("plus", 768, 1280, 768, 12),
    "ip-adapter-plus-face_sd15": ("plus", 768, 1280, 768, 12),
    "ip-adapter-full-face_sd15": ("full", 768, 1280, 0, 0),
    "ip-adapter_sdxl": ("base", 2048, 1280, 0, 0),
    "ip-adapter_sdxl_vit-h": ("base", 2048, 1024, 0, 0),
    "ip-adapter-plus_sdxl_vit-h": ("plus", 2048, 1280, 1280, 20),
    "ip-adapter-plus-face_sdxl_vit-h": ("plus", 2048, 1280, 1280, 20),
}
Shapes = dict[str, tuple[int, ...]]


def shapes_of(kind: str, context: int, reads: int, width: int, heads: int, sites: tuple[int, ...]) -> Shapes:
    """Names and shapes as the published files have them."""
    if kind == "base":
        shapes: Shapes = {
            "proj.weight": (4 * context, reads), "proj.bias": (4 * context,), "norm.weight": (context,),
            "norm.bias": (context,),
        }  # fmt: skip
    elif kind == "full":
        shapes = {
            "proj.0.weight": (reads, reads), "proj.0.bias": (reads,), "proj.2.weight": (context, reads),
            "proj.2.bias": (context,), "proj.3.weight": (context,), "proj.3.bias": (context,),
        }  # fmt: skip
    else:
        shapes = {
            "latents": (1, 16, width), "proj_in.weight": (width, reads), "proj_in.bias": (width,),
            "proj_out.weight": (context, width), "proj_out.bias": (context,), "norm_out.weight": (context,),
            "norm_out.bias": (context,),
        }  # fmt: skip
        for layer in (f"layers.{i}" for i in range(4)):
            norms = {f"{layer}.{norm}.{name}": (width,) for norm in ("0.norm1", "0.norm2", "1.0") for name in _AFFINE}
            inner = 64 * heads
            shapes |= norms | {
                f"{layer}.0.to_q.weight": (inner, width), f"{layer}.0.to_kv.weight": (2 * inner, width),
                f"{layer}.0.to_out.weight": (width, inner), f"{layer}.1.1.weight": (4 * width, width),
                f"{layer}.1.3.weight": (width, 4 * width),
            }  # fmt: skip
    named = {f"image_proj.{name}": shape for name, shape in shapes.items()}
    for i, channels in enumerate(sites):
        named |= {f"ip_adapter.{2 * i + 1}.to_{x}_ip.weight": (channels, context) for x in "kv"}
    return named


_AFFINE = ("weight", "bias")


def published_shapes(name: str) -> Shapes:
    """All names and true shapes of a published file."""
    kind, context, reads, width, heads = PUBLISHED[name]
    return shapes_of(kind, context, reads, width, heads, SD15_SITES if context == 768 else SDXL_SITES)


def random_tensors(shapes: Shapes, seed: int = 0) -> dict[str, Tensor]:
    """Random weights, of a size that keeps what they compute near 1."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) / (shape[-1] ** 0.5 if len(shape) > 1 else 1)
        for name, shape in shapes.items()
    }


@pytest.fixture
def small() -> Callable[..., dict[str, Tensor]]:
    """A small file of a kind: `small("plus", sites=(8, 4))`."""

    def make(kind: str, *, sites: tuple[int, ...] = (8, 4, 4), seed: int = 0) -> dict[str, Tensor]:
        reads = 1024 if kind == "base" else 1280
        return random_tensors(shapes_of(kind, 768, reads, 128, 2, sites), seed)

    return make
