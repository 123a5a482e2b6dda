"""What ComfyUI calls at each sampling step."""

from typing import Any

import comfy.patcher_extension
import torch
import torch.nn.functional as F
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.models.unet import Context, HumanUNet
from .native_conds import KEY


class NativeNet(torch.nn.Module):
    """The U-Net predicts the clean latent; ComfyUI's flow models predict a velocity."""

    def __init__(self, unet: HumanUNet) -> None:
        super().__init__()
        self.dtype = unet.dtype
        self.unet = unet

    def forward(self, x: Tensor, sigma: Tensor, transformer_options: dict[str, Any] = {}, **conds: Any) -> Tensor:  # noqa: B006
        """x [B, 3, h, w], sigma [B]; `context` [B, P, D] are the part features, `occupancy` [B, P, h, w], `present` "
        "[B, P]."""
        wrappers = comfy.patcher_extension.get_all_wrappers(
            comfy.patcher_extension.WrappersMP.DIFFUSION_MODEL, transformer_options
        )
        executor = comfy.patcher_extension.WrapperExecutor.new_class_executor(self._velocity, self, wrappers)
        return executor.execute(x, sigma, transformer_options=transformer_options, **conds)

    def _velocity(self, x: Tensor, sigma: Tensor, transformer_options: dict[str, Any], **conds: Any) -> Tensor:
        height, width = x.shape[-2:]
        if conds["occupancy"].shape[-2:] != x.shape[-2:]:
            raise InputError(
                f"latent: another node hands the MODEL pieces of {list(x.shape[-2:])} where the map has "
                f"{list(conds['occupancy'].shape[-2:])}; use Crop Tiles and Join Tiles instead of a node that cuts the "
                "latent into tiles"
            )
        # Whole latents are on the grid (`check_fits`); the window of an area prompt may not be.
        padded = _pad(x, self.unet.config.multiple).contiguous(memory_format=torch.channels_last)
        clean = self.unet.denoise(padded, sigma, self._context(padded, transformer_options, conds))
        return (x - clean[..., :height, :width].float()) / sigma.clamp_min(1e-6).view(-1, 1, 1, 1)

    def _context(self, x: Tensor, transformer_options: dict[str, Any], conds: dict[str, Any]) -> Context:
        """What does not depend on the step is made once in a run, for each set of conditions that share a forward."""
        run = transformer_options.get(KEY)
        key = (*transformer_options.get("uuids", ()), x.shape, x.device)
        if run is not None and key in run.contexts:
            return run.contexts[key]
        occupancy = _pad(conds["occupancy"], self.unet.config.multiple)
        context = self.unet.prepare(occupancy, conds["context"], conds["present"], size=x.shape[-2:], mode=conds[KEY])
        if run is not None:
            run.contexts[key] = context
        return context


class Run:
    """Lives as long as one sampling run. Not a dict: ComfyUI copies the dicts in transformer_options at every step."""

    def __init__(self) -> None:
        self.contexts: dict[Any, Context] = {}


def begin_run(
    executor: Any, guider: Any, sigmas: Tensor, extra_args: dict[str, Any], *args: Any, **kwargs: Any
) -> Tensor:
    """SAMPLER_SAMPLE wrapper: gives each run a `Run` of its own."""
    options = extra_args["model_options"]
    options = {**options, "transformer_options": {**options.get("transformer_options", {}), KEY: Run()}}
    return executor(guider, sigmas, {**extra_args, "model_options": options}, *args, **kwargs)


def _pad(x: Tensor, multiple: int) -> Tensor:
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
