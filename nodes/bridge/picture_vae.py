"""The second stage behind ComfyUI's VAE socket: the latent is a picture at half size, the decoder doubles it."""

import comfy.model_management
import comfy.model_patcher
import comfy.sd
import torch
import torch.nn.functional as F
from torch import Tensor

from ...humandiffusion.models.decoder import PictureDecoder

SCALE = 2


class PictureVAE(comfy.sd.VAE):
    """A real VAE to every node that takes one; only what it computes is ours."""

    def __init__(self, decoder: PictureDecoder) -> None:
        # ComfyUI's own pixel-space VAE is the smallest to begin from: all fields that its nodes read are then there.
        super().__init__(sd={"pixel_space_vae": torch.tensor(1.0)})
        self.vae_dtype = torch.float32
        self.working_dtypes = [torch.float32]
        self.disable_offload = False
        self.downscale_ratio = self.upscale_ratio = SCALE
        self.memory_used_encode = lambda shape, dtype: 16 * shape[2] * shape[3] * 4
        self.memory_used_decode = lambda shape, dtype: 600 * shape[2] * shape[3] * 4
        self.first_stage_model = PictureStage(decoder).eval().to(memory_format=torch.channels_last)
        comfy.model_management.archive_model_dtypes(self.first_stage_model)
        self.patcher = comfy.model_patcher.CoreModelPatcher(
            self.first_stage_model, load_device=self.device, offload_device=comfy.model_management.vae_offload_device()
        )
        self.size = comfy.model_management.module_size(self.first_stage_model)


class PictureStage(torch.nn.Module):
    """encode: half size by area. decode: the trained decoder. Both in -1..1."""

    def __init__(self, decoder: PictureDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def encode(self, pixels: Tensor) -> Tensor:
        """[B, 3, 2 h, 2 w] -> [B, 3, h, w]"""
        return F.avg_pool2d(pixels, SCALE)

    def decode(self, latent: Tensor) -> Tensor:
        """[B, 3, h, w] -> [B, 3, 2 h, 2 w]"""
        return self.decoder(latent)
