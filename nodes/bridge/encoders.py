"""Part encoders in ComfyUI: a CLIP's or SigLIP's folder is a model of its own, which ComfyUI moves and unloads."""

import os
from pathlib import Path
from typing import Any

import comfy.model_management
import torch
from torch import Tensor

from ...humandiffusion.encoders.base import PartEncoder
from ...humandiffusion.encoders.clip import FolderPartEncoder
from ...humandiffusion.encoders.folders import load_folder_encoder
from ...humandiffusion.encoders.load import load_encoder as load_file
from .patchers import patcher_of_strangers

_BYTES = 600  # of activations for each pixel that a tower sees, with room to spare
_AT_ONCE = 16


class LoadedEncoder:
    """A `PartEncoder` of a folder: makes room on the device, then asks the towers there."""

    def __init__(self, encoder: FolderPartEncoder, patcher: Any) -> None:
        self.encoder, self.patcher = encoder, patcher
        self.encoder_id, self.dim, self.crop_size = encoder.encoder_id, encoder.dim, encoder.crop_size

    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32, on the CPU."""
        self._load()
        return self.encoder.encode_text(phrases)

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) -> unit vectors [N, D], float32, on the CPU."""
        self._load()
        return self.encoder.encode_image(images, masks)

    @property
    def image_norm(self) -> float:
        """The usual length of an image vector before it is made a unit vector."""
        self._load()
        return self.encoder.image_norm

    def _load(self) -> None:
        need = _AT_ONCE * self.crop_size**2 * _BYTES
        comfy.model_management.load_models_gpu([self.patcher], memory_required=need)


def load_encoder(path: str) -> PartEncoder:
    """The builtin encoder, a file of ours or a folder with a CLIP or SigLIP. Raises InputError for a bad one."""
    if not os.path.isdir(path):
        return load_file(path)
    half = comfy.model_management.should_use_fp16(comfy.model_management.get_torch_device())
    waiting = comfy.model_management.unet_offload_device()
    encoder = load_folder_encoder(Path(path), waiting, torch.float16 if half else torch.float32)
    return LoadedEncoder(encoder, patcher_of_strangers([encoder.model]))
