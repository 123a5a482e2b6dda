"""Weights that are often taken for an IP-Adapter, told by the names and shapes of their tensors."""

from collections.abc import Mapping

from torch import Tensor

_FACE_VECTOR = 512  # length of a vector of ArcFace
# What a file has one name of that begins with this; the first that fits.
_BY_PREFIX = (
    ("model.diffusion_model.", "a checkpoint"),
    ("first_stage_model.", "a checkpoint"),
    ("control_model.", "a ControlNet"),
    ("controlnet_", "a ControlNet"),
    ("double_blocks.", "an adapter or a model for Flux"),
    ("ip_adapter_proj_model.", "an adapter for Flux"),
    ("id_encoder.", "a PhotoMaker"),
    ("pulid_", "a PuLID"),
    ("vision_model.", "a CLIP vision model"),
    ("visual.", "a CLIP vision model"),
    ("text_model.", "a CLIP text encoder"),
    ("unet.", "a network in diffusers' names, or a LoRA"),
    ("image_proj.perceiver_resampler.", "an IP-Adapter FaceID"),
)
_LORA = ("lora_up.", "lora_down.", "lora_A.", "lora_B.", ".lora.", "hada_w1", "lokr_w1")


def stranger(tensors: Mapping[str, Tensor]) -> str | None:
    """What a file is, if it is one that we know and cannot use; None for an IP-Adapter, and for the unheard-of."""
    if any(key.startswith("ip_adapter.") and "_lora." in key for key in tensors):
        return "an IP-Adapter FaceID (it has a LoRA inside)"
    for prefix, what in _BY_PREFIX:
        if any(key.startswith(prefix) for key in tensors):
            return what
    if any(part in key for key in tensors for part in _LORA):
        return "a LoRA"
    if "image_proj.proj.0.weight" in tensors and "image_proj.norm.weight" in tensors:
        return "an IP-Adapter FaceID or FaceID Portrait"
    return _with_another_encoder(tensors)


def _with_another_encoder(tensors: Mapping[str, Tensor]) -> str | None:
    """Adapters of the plus layout whose picture is not read by one of CLIP's towers of SD 1.5 and SDXL."""
    reader, out = tensors.get("image_proj.proj_in.weight"), tensors.get("image_proj.norm_out.weight")
    if reader is None or out is None or reader.ndim != 2:
        return None
    if reader.shape[1] == _FACE_VECTOR:
        return "an InstantID"
    if reader.shape[1] == 1024 and len(out) == 2048:
        return "an IP-Adapter for Kolors"
    return None
