"""A part encoder by its name: the one that ships, one trained here, or a CLIP's or SigLIP's folder."""

from pathlib import Path

import torch

from . import builtin
from .base import PartEncoder
from .folders import load_folder_encoder


def load_encoder(name_or_path: str | Path = "builtin", device: torch.device | str = "cpu") -> PartEncoder:
    """`builtin`, a .safetensors file of `humandiffusion train encoder`, or a folder with a CLIP or SigLIP. Raises
    InputError.
    """
    if str(name_or_path) != "builtin" and Path(name_or_path).is_dir():
        return load_folder_encoder(Path(name_or_path), device)
    return builtin.load_encoder(name_or_path).to(device)
