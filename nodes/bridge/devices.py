"""Where to compute what has no weights of its own to move."""

import comfy.model_management
import torch

DEVICES = ("cpu", "gpu")


def torch_device(name: str) -> torch.device:
    """The device behind a choice of `DEVICES`; `gpu` is the one that ComfyUI uses, which may be the CPU."""
    return torch.device("cpu") if name == DEVICES[0] else comfy.model_management.get_torch_device()
