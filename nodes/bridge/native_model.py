"""The native denoiser as a ComfyUI model: any sampler, scheduler and guider that ComfyUI has can run it."""

from typing import Any

import comfy.conds
import comfy.latent_formats
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.model_sampling
import comfy.ops
import comfy.patcher_extension
import comfy.supported_models_base
import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.models.io import Denoiser, load_denoiser
from ...humandiffusion.models.unet import HumanUNet
from .native_conds import KEY, NativeCond, check_fits, occupancy_at
from .native_net import NativeNet, begin_run
from .picture_vae import PictureVAE


class PictureLatent(comfy.latent_formats.LatentFormat):
    """The latent is an RGB picture at half size, in -1..1; so a preview is the latent itself."""

    latent_channels = 3
    spacial_downscale_ratio = 2
    latent_rgb_factors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


class NativeConfig(comfy.supported_models_base.BASE):
    unet_extra_config = {}
    latent_format = PictureLatent
    sampling_settings = {"shift": 1.0, "multiplier": 1000}
    memory_usage_factor = 0.05


class NativeModel(comfy.model_base.BaseModel):
    """Flow matching in pixels; the conditioning brings the map and the part features (`native_conds.NativeCond`)."""

    def __init__(self, unet: HumanUNet, encoder_id: str, device: torch.device) -> None:
        config = NativeConfig({"disable_unet_model_creation": True})
        super().__init__(config, comfy.model_base.ModelType.FLOW, device=device)
        self.diffusion_model = NativeNet(unet).eval().requires_grad_(False)
        # On a CPU, convolutions are up to three times faster so.
        self.diffusion_model.to(memory_format=torch.channels_last)
        comfy.model_management.archive_model_dtypes(self.diffusion_model)
        self.encoder_id = encoder_id

    def process_timestep(self, timestep: Tensor, **kwargs: Any) -> Tensor:
        return timestep / self.model_sampling.multiplier

    def extra_conds(self, **kwargs: Any) -> dict[str, Any]:
        cond, noise, features = kwargs.get(KEY), kwargs["noise"], kwargs.get("cross_attn")
        if not isinstance(cond, NativeCond):
            raise InputError(
                "conditioning: got one that was made for Stable Diffusion (CLIP Text Encode or similar), wanted that "
                "of HumanDiffusion Conditioning, because this MODEL comes from Load HumanDiffusion Model; connect "
                "that node"
            )
        if not isinstance(self.model_sampling, comfy.model_sampling.CONST):
            raise InputError(
                "model: got one whose sampling was changed to something that is not flow matching, wanted flow "
                "matching; remove the ModelSampling node (ModelSamplingSD3 may stay)"
            )
        check_fits(cond, features, noise.shape, self.diffusion_model.unet.config.multiple, self.encoder_id)
        out = super().extra_conds(**kwargs)
        out["occupancy"] = comfy.conds.CONDNoiseShape(occupancy_at(cond, tuple(noise.shape[-2:])))
        out["present"] = comfy.conds.CONDRegular(cond.present * features.ne(0).any(-1))
        out[KEY] = comfy.conds.CONDConstant(cond.mode)
        return out


def load_native_model(path: str) -> tuple[Any, PictureVAE]:
    """The builtin model or one from a file, as ComfyUI's MODEL and VAE. Raises InputError for a bad file.

    Weights are kept and computed in float32: the model is small, and the velocity is a small difference over sigma.
    """
    loaded = _load(path)
    return _patcher(loaded, path), PictureVAE(loaded.decoder)


def reload_patcher(path: str, disable_dynamic: bool = False) -> Any:
    """The MODEL alone, with weights of its own: ComfyUI asks for it for hooks on conditioning and for several GPUs."""
    return _patcher(_load(path), path, disable_dynamic)


def is_native_model(model: Any) -> bool:
    """Whether a MODEL comes from `load_native_model`."""
    return isinstance(model.model, NativeModel)


def _load(path: str) -> Denoiser:
    device = comfy.model_management.unet_offload_device()
    return load_denoiser(path, operations=comfy.ops.manual_cast, device=device, dtype=torch.float32)


def _patcher(loaded: Denoiser, path: str, disable_dynamic: bool = False) -> Any:
    device = comfy.model_management.unet_offload_device()
    # Looked up now: ComfyUI replaces CoreModelPatcher when it starts on NVIDIA.
    kind = comfy.model_patcher.ModelPatcher if disable_dynamic else comfy.model_patcher.CoreModelPatcher
    model = NativeModel(loaded.unet, loaded.metadata["encoder_id"], device)
    patcher = kind(model, load_device=comfy.model_management.get_torch_device(), offload_device=device)
    patcher.add_wrapper_with_key(comfy.patcher_extension.WrappersMP.SAMPLER_SAMPLE, KEY, begin_run)
    patcher.cached_patcher_init = (reload_patcher, (path,))
    return patcher
