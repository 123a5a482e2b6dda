"""Networks as models of their own, which ComfyUI moves and unloads."""

from collections.abc import Iterable
from typing import Any

import comfy.model_management
import comfy.model_patcher
import torch


def patcher_of_strangers(nets: Iterable[torch.nn.Module]) -> Any:
    """For nets without ComfyUI's layers, which cannot be cast piece by piece: they move as a whole. In a list, because
    the patcher gives its model attributes that some nets have as properties.
    """
    return weights_patcher(torch.nn.ModuleList(nets), comfy.model_patcher.ModelPatcher)


def weights_patcher(net: torch.nn.Module, kind: Any) -> Any:
    """A patcher of that kind, whose net waits where ComfyUI keeps what it does not use."""
    device = comfy.model_management.unet_offload_device()
    return kind(net, load_device=comfy.model_management.get_torch_device(), offload_device=device)
