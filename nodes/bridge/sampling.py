"""KSampler's own sampling, in one pass or from coarse to fine, for the native model and for Stable Diffusion."""

from typing import Any

import comfy.sample
import comfy.samplers
import comfy.utils

from nodes import common_ksampler  # ComfyUI's module of that name

from ...humandiffusion.errors import InputError
from ...humandiffusion.pose.semantic_pose import SemanticPose
from ...humandiffusion.smr.features import PartFeatures
from .native_conds import blank_of, is_native, native_conditioning, with_pose
from .native_model import is_native_model
from .sd_conds import in_any_shape, is_marked, without_coarse

SAMPLERS = comfy.samplers.KSampler.SAMPLERS
SCHEDULERS = comfy.samplers.KSampler.SCHEDULERS
COARSE_METHOD, FINE_METHOD = "area", "bilinear"
SD_GRID = 8


def conditioning_for(
    model: Any,
    pose: SemanticPose,
    features: PartFeatures | None,
    positive: list[Any] | None,
    negative: list[Any] | None,
) -> tuple[list[Any], list[Any]]:
    """Positive and negative for a MODEL of either family. Raises InputError for what does not belong together."""
    if is_native_model(model):
        return _native(pose, features, positive, negative)
    if features is not None:
        raise InputError(
            f"features: the MODEL is {family(model)}, which does not read part features here; connect positive and "
            "negative, or use the MODEL of Load HumanDiffusion Model"
        )
    if positive is None or negative is None:
        raise InputError(
            f"positive and negative: the MODEL is {family(model)}, which needs both; connect CLIP Text Encode to "
            "each, or use the MODEL of Load HumanDiffusion Model with the features of Retrieve Style"
        )
    if is_native(positive) or is_native(negative):
        raise InputError(
            f"model: got {family(model)}, wanted that of Load HumanDiffusion Model, because positive or negative "
            "comes from HumanDiffusion Conditioning"
        )
    if not is_marked(positive):
        raise InputError(
            f"positive: got one that is not from Apply MCA, and the MODEL is {family(model)}; put Apply MCA before "
            "this node and connect its model, positive and negative, or use KSampler if no part is to be aligned"
        )
    return in_any_shape(positive), in_any_shape(negative)


def family(model: Any) -> str:
    """What kind of model it is, in words."""
    return "HumanDiffusion's own" if is_native_model(model) else f"a {type(model.model).__name__} model"


def sample_passes(
    model: Any,
    positive: list[Any],
    negative: list[Any],
    latent: dict[str, Any],
    *,
    denoise: float,
    passes: int,
    refine: float,
    **settings: Any,
) -> dict[str, Any]:
    """Each pass has twice the size of the one before; the last has the latent's own. One pass is KSampler.

    The same by hand: KSampler on a half-size latent, Upscale Latent By 2 (bilinear), KSampler with denoise = `refine`.
    On Stable Diffusion the later passes no longer align the coarse scale, as Apply MCA with coarse = 0: where things
    are is settled by then.
    """
    grid = model.model.diffusion_model.unet.config.multiple if is_native_model(model) else SD_GRID
    latent = _of_model(model, latent)
    height, width = latent["samples"].shape[-2:]
    for number in range(passes):
        factor = 2 ** (passes - 1 - number)
        size = tuple(max(1, round(side / factor / grid)) * grid if factor > 1 else side for side in (height, width))
        latent = _resize(latent, size, FINE_METHOD if number else COARSE_METHOD)
        if number == 1:
            positive, negative = without_coarse(positive), without_coarse(negative)
        (latent,) = common_ksampler(
            model,
            positive=positive,
            negative=negative,
            latent=latent,
            denoise=refine if number else denoise,
            **settings,
        )
    return latent


def sd_latent(model: Any, pose: SemanticPose) -> dict[str, Any]:
    """An empty LATENT of the map's size for a model that is not native."""
    form = model.get_model_object("latent_format")
    size = [
        max(1, round(side / form.spacial_downscale_ratio / SD_GRID)) * SD_GRID for side in (pose.height, pose.width)
    ]
    samples = pose.labels.new_zeros((pose.batch, form.latent_channels, *size)).float()
    return {"samples": samples, "downscale_ratio_spacial": form.spacial_downscale_ratio}


def _native(
    pose: SemanticPose, features: PartFeatures | None, positive: list[Any] | None, negative: list[Any] | None
) -> tuple[list[Any], list[Any]]:
    for name, given in (("positive", positive), ("negative", negative)):
        if given is not None and not is_native(given):
            raise InputError(
                f"{name}: got a conditioning that was made for Stable Diffusion (CLIP Text Encode or similar), but "
                "the MODEL is HumanDiffusion's own; connect the features of Retrieve Style instead"
            )
    if (features is None) == (positive is None):
        got = "neither" if features is None else "both"
        raise InputError(
            f"features and positive: got {got}, wanted one of the two; connect the features of Retrieve Style"
        )
    if features is not None:
        positive, blank = native_conditioning(features, pose)
    else:
        blank = blank_of(positive)
    return with_pose(positive, pose), with_pose(blank if negative is None else negative, pose)


def _of_model(model: Any, latent: dict[str, Any]) -> dict[str, Any]:
    """An empty latent of another kind of model (Empty Latent Image) becomes one of this model, as KSampler does it."""
    latent = dict(latent)
    ratio = latent.pop("downscale_ratio_spacial", None)
    samples = comfy.sample.fix_empty_latent_channels(model, latent["samples"], ratio)
    return {**latent, "samples": samples}


def _resize(latent: dict[str, Any], size: tuple[int, ...], method: str) -> dict[str, Any]:
    samples = latent["samples"]
    if tuple(samples.shape[-2:]) == size:
        return latent
    return {**latent, "samples": comfy.utils.common_upscale(samples, size[1], size[0], method, "disabled")}
