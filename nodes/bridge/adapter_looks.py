"""How each part looks, in the form that an adapter reads: an image embedding, or features of a picture's patches."""

from typing import Any

import torch
from torch import Tensor

from ...humandiffusion.adapters.layouts import AdapterLayout
from ...humandiffusion.errors import InputError
from ...humandiffusion.parts import FACE, PART_NAMES
from ...humandiffusion.prompts import PartPrompts
from ...humandiffusion.smr.asking import reference_crop
from ...humandiffusion.smr.features import PartFeatures, Retrieved
from .clip_towers import PICTURE_SIZE, patch_features, patch_features_of_nothing, picture_embeddings, vision_tower


def check_tower(layout: AdapterLayout, clip_vision: Any) -> None:
    """Raises InputError unless the CLIP_VISION is what the adapter was trained with."""
    got = vision_tower(clip_vision)
    if got != layout.tower:
        raise InputError(
            f"clip_vision: got {got.name}, wanted {layout.tower.name}, with which this {layout.kind} adapter was "
            f"trained; load {layout.tower.file} in Load CLIP Vision"
        )


def look_of(
    part: int, layout: AdapterLayout, prompts: PartPrompts, features: PartFeatures | None, clip_vision: Any | None
) -> Tensor | None:
    """The part's look: [1, E] for base, [1, L, E] for plus and full; None if it has none. Raises InputError."""
    if layout.kind == "base" and features is not None and _made_by(layout, features):
        if bool(features.present[0, part]):
            return features.features[:1, part] * features.norm
    picture = _picture(part, prompts, features)
    if picture is not None and clip_vision is not None:
        read = picture_embeddings if layout.kind == "base" else patch_features
        return read(clip_vision, picture)
    if picture is not None or _has_hits(part, features):
        raise _unreadable(part, layout, features, picture is not None)
    return None


def no_look(layout: AdapterLayout, clip_vision: Any | None) -> Tensor:
    """What published adapters take for no picture: an embedding of zeros, or the patches of a picture of zeros."""
    if layout.kind == "base":
        return torch.zeros(1, layout.input_width)
    return patch_features_of_nothing(clip_vision)


def _made_by(layout: AdapterLayout, features: PartFeatures) -> bool:
    fits = features.features.shape[-1] == layout.tower.embedding
    return fits and features.encoder_id.startswith(f"clip-{layout.tower.name}-")


def _picture(part: int, prompts: PartPrompts, features: PartFeatures | None) -> Tensor | None:
    """[1, S, S, 3] in 0..1: the reference picture inside its mask, or else the thumbnail of the best hit."""
    prompt = prompts.get(part)
    reference = None if prompt is None else reference_crop(prompt, PICTURE_SIZE)
    if reference is not None:
        return reference[0].movedim(0, -1)[None]
    found = _told(part, features)
    return None if found is None or found.thumbnail is None else found.thumbnail[None].float() / 255


def _told(part: int, features: PartFeatures | None) -> Retrieved | None:
    retrieved = () if features is None else features.retrieved
    return next((row for row in retrieved if row.part == part), None)


def _has_hits(part: int, features: PartFeatures | None) -> bool:
    """Whether something of its own was found for the part; of faces no memory keeps any but their mean."""
    found = _told(part, features)
    return found is not None and bool(found.ids) and part != FACE


def _unreadable(part: int, layout: AdapterLayout, features: PartFeatures | None, has_picture: bool) -> InputError:
    name, tower = PART_NAMES[part], layout.tower
    vision = f"connect {tower.file} from Load CLIP Vision to clip_vision"
    if layout.kind != "base":
        missing = "no clip_vision to read its picture" if has_picture else "no picture that it could read"
        advice = vision if has_picture else "add a reference picture in Part Prompt, or load a base adapter"
        return InputError(
            f"adapter: a {layout.kind} adapter reads pictures, and there is {missing} of {name}; {advice}"
        )
    if features is None:
        return InputError(f"clip_vision: got none, wanted one to read the reference picture of {name}; {vision}")
    return InputError(
        f"features: made with the part encoder {features.encoder_id}, wanted Part Encoder From CLIP with {tower.name}, "
        f"with which the adapter was trained ({tower.pair}); use that, or {vision} to have pictures read instead"
    )
