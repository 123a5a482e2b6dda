"""Adapters in ComfyUI: loaded as a model of its own beside the MODEL, and their tokens for each part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.ops
import torch
from torch import Tensor

from ...humandiffusion.adapters.layouts import AdapterLayout, read_adapter
from ...humandiffusion.adapters.mca_adapter import McaAdapter
from ...humandiffusion.adapters.mca_io import is_mca_adapter
from ...humandiffusion.adapters.mca_layout import KIND, McaLayout, read_layout
from ...humandiffusion.adapters.part_adapter import PartAdapter, load_weights
from ...humandiffusion.prompts import PartPrompts
from ...humandiffusion.safetensors_io import read_model, read_tensors
from ...humandiffusion.smr.features import PartFeatures
from .adapter_looks import check_tower, look_of, no_look
from .folders import file_hash


@dataclass(frozen=True, eq=False)
class LoadedAdapter:
    """A PART_ADAPTER: `patcher.model` is the `PartAdapter` of a published file, or the `McaAdapter` that was trained
    here; `id` tells files apart by their content.
    """

    name: str
    layout: AdapterLayout | McaLayout
    patcher: Any
    id: str


def load_adapter(path: str) -> LoadedAdapter:
    """An IP-Adapter file, or one of `humandiffusion train sd-adapter`. Raises InputError for another, or a torn one."""
    patcher = reload_patcher(path)
    return LoadedAdapter(Path(path).name, patcher.model.layout, patcher, file_hash(path)[:16])


def reload_patcher(path: str, disable_dynamic: bool = False) -> Any:
    """The module alone, with weights of its own: ComfyUI asks for it for several GPUs."""
    tensors, layout = _read(Path(path))
    device = comfy.model_management.unet_offload_device()
    kind = McaAdapter if isinstance(layout, McaLayout) else PartAdapter
    dtype = next((tensor.dtype for tensor in tensors.values()), torch.float16)
    module = kind(layout, operations=comfy.ops.manual_cast, device=device, dtype=dtype)
    module.eval().requires_grad_(False)
    # Looked up now: ComfyUI replaces CoreModelPatcher when it starts on NVIDIA.
    make = comfy.model_patcher.ModelPatcher if disable_dynamic else comfy.model_patcher.CoreModelPatcher
    patcher = make(module, load_device=comfy.model_management.get_torch_device(), offload_device=device)
    load_weights(module, tensors, Path(path).name, assign=patcher.is_dynamic())
    patcher.cached_patcher_init = (reload_patcher, (path,))
    return patcher


def _read(path: Path) -> tuple[dict[str, Tensor], AdapterLayout | McaLayout]:
    if is_mca_adapter(path):
        tensors, about = read_model(path, KIND, "adapter")
        return tensors, read_layout(about, path.name)
    tensors = read_tensors(path, "adapter")
    return tensors, read_adapter(tensors, path.name)


def image_tokens(
    adapter: LoadedAdapter,
    prompts: PartPrompts,
    features: PartFeatures | None,
    clip_vision: Any | None,
    parts: Sequence[int],
) -> tuple[dict[int, Tensor], Tensor]:
    """Image tokens [T, D] of those `parts` that have a look, and of no look: what guidance steers away from.

    A base adapter takes the part's refreshed feature, if an encoder of the adapter's tower made it. Else, and for plus
    and full in any case, the part's reference picture or the thumbnail of the best hit goes through `clip_vision`. A
    part that has none of these (a prior, a face) has no look. Raises InputError, naming the pair of files that fit, if
    a look is there but cannot be read.
    """
    layout = adapter.layout
    if clip_vision is not None:
        check_tower(layout, clip_vision)
    looks = {part: look_of(part, layout, prompts, features, clip_vision) for part in parts}
    seen = {part: look for part, look in looks.items() if look is not None}
    if not seen:
        return {}, torch.zeros(layout.tokens, layout.context_width)
    nothing = no_look(layout, clip_vision)
    comfy.model_management.load_models_gpu([adapter.patcher])
    device, result = adapter.patcher.load_device, comfy.model_management.intermediate_device()

    def tokens(look: Tensor) -> Tensor:
        return adapter.patcher.model.tokens(look.to(device))[0].to(result)

    # One at a time: what a part gets must not depend on the others, to the last digit.
    return {part: tokens(look) for part, look in seen.items()}, tokens(nothing)
