"""ComfyUI's CLIP_VISION: which tower it is, and what it makes of pictures."""

from typing import Any

import comfy.clip_model
import comfy.model_management
import torch
from torch import Tensor

from ...humandiffusion.adapters.towers import TOWERS, Tower, tower_of
from ...humandiffusion.errors import InputError

PICTURE_SIZE = 224  # height and width that these towers were trained at
_BEFORE_LAST = -2  # the layer whose patch features adapters were trained on
_BATCH = 16


def vision_tower(clip_vision: Any) -> Tower:
    """The tower of a CLIP_VISION. Raises InputError if adapters know none like it."""
    model = clip_vision.model
    widths = (0, 0)
    if isinstance(model, comfy.clip_model.CLIPVisionModelProjection):
        projection = model.visual_projection
        widths = (getattr(projection, "out_features", 0), getattr(projection, "in_features", 0))
    tower = tower_of(*widths)
    if tower is None:
        got = f"one of embedding width {widths[0]} and hidden width {widths[1]}" if all(widths) else "none of CLIP's"
        known = ", ".join(tower.name for tower in TOWERS)
        raise InputError(
            f"clip_vision: got {got} (or without its projection), wanted one of {known}; for most adapters that is "
            f"{TOWERS[1].file} in Load CLIP Vision"
        )
    return tower


def picture_embeddings(clip_vision: Any, pictures: Tensor) -> Tensor:
    """Pictures [N, H, W, 3] in 0..1 -> image embeddings [N, E] as they come out, float32 on the CPU."""
    return _encoded(clip_vision, pictures, "image_embeds")


def patch_features(clip_vision: Any, pictures: Tensor) -> Tensor:
    """Pictures [N, H, W, 3] in 0..1 -> features of all patches [N, L, E], float32 on the CPU."""
    return _encoded(clip_vision, pictures, "penultimate_hidden_states")


def patch_features_of_nothing(clip_vision: Any) -> Tensor:
    """[1, L, E] of a picture that is 0 everywhere after CLIP's normalisation: what plus adapters take for no picture.

    Not to be had from `encode_image`, which rounds pictures to 8 bits before it normalises them.
    """
    comfy.model_management.load_models_gpu([clip_vision.patcher])
    size = (1, 3, clip_vision.image_size, clip_vision.image_size)
    pixels = torch.zeros(size, device=clip_vision.load_device)
    return clip_vision.model(pixel_values=pixels, intermediate_output=_BEFORE_LAST)[1].float().cpu()


def _encoded(clip_vision: Any, pictures: Tensor, what: str) -> Tensor:
    # Longer pictures are cropped at the centre, as CLIP's own preprocessing does.
    return torch.cat([clip_vision.encode_image(some)[what].float().cpu() for some in pictures.split(_BATCH)])
