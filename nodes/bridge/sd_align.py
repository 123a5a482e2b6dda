"""Apply MCA: a MODEL that knows about regions, and conditions that carry them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.regions import Region, RegionPart
from ...humandiffusion.parts import PART_NAMES
from ...humandiffusion.pose.semantic_pose import SemanticPose
from ...humandiffusion.prompts import PartPrompt, PartPrompts
from ...humandiffusion.smr.features import PartFeatures
from .sd_conds import KEY, add_region, fill
from .sd_forward import carry
from .sd_model import architecture_of, places
from .sd_text import phrase_tokens

if TYPE_CHECKING:
    from .adapters import LoadedAdapter

logger = logging.getLogger(__name__)


def apply_mca(
    model: Any,
    positive: list[Any],
    negative: list[Any],
    clip: Any,
    prompts: PartPrompts,
    region: Region,
    *,
    features: PartFeatures | None = None,
    adapter: "LoadedAdapter | None" = None,
    clip_vision: Any = None,
) -> tuple[Any, list[Any], list[Any]]:
    """MODEL, positive and negative with one more region. `region` has the map and the settings; its texts are made
    here. What came in is unchanged, and comes out as it is if there is nothing to align. Raises InputError.
    """
    architecture = architecture_of(model.model)
    if features is not None and adapter is None:
        raise InputError("features: got some but no adapter; connect Load Adapter to adapter, or leave both out")
    parts = _in_map(prompts, region.pose)
    if not parts or region.strength == 0:
        return model, positive, negative
    looks: Mapping[int, Tensor] = {}
    blank = None
    if adapter is not None:
        from .adapters import image_tokens

        check_adapter(adapter, model.model)
        looks, blank = image_tokens(adapter, prompts, features, clip_vision, [prompt.part for prompt in parts])

    def told(prompt: PartPrompt, phrase: str, image: Tensor | None) -> RegionPart:
        tokens, repeats = torch.zeros(0, architecture.context_width), torch.zeros(0)
        if phrase.strip():
            tokens, repeats = phrase_tokens(clip, phrase, architecture)
        return RegionPart(prompt.part, tokens, repeats, image, prompt.weight, prompt.start, prompt.end)

    wanted = [told(prompt, prompt.phrase, looks.get(prompt.part)) for prompt in parts]
    # Guidance compares like with like: where the positive has a picture's tokens, the negative has those of none.
    unwanted = [told(prompt, prompt.negative, blank if prompt.part in looks else None) for prompt in parts]
    region = replace(region, adapter=adapter if looks else None)
    positive = _with(positive, region, wanted)
    negative = _with(negative, replace(region, remain=1.0), unwanted)
    return _patched(model, adapter if looks else None), positive, negative


def check_adapter(adapter: "LoadedAdapter", base: Any) -> None:
    """Raises InputError if an adapter is for another family, or another number of cross-attentions."""
    architecture, sites = architecture_of(base), len(places(base.diffusion_model))
    if adapter.layout.context_width != architecture.context_width or adapter.layout.sites != sites:
        raise InputError(
            f"adapter: {adapter.name} is for {adapter.layout.sites} cross-attentions of {adapter.layout.context_width} "
            f"wide tokens, the MODEL ({architecture.name}) has {sites} of {architecture.context_width}; load an "
            f"adapter made for {architecture.name}"
        )


def _in_map(prompts: PartPrompts, pose: SemanticPose) -> list[PartPrompt]:
    """The prompts that say something of a part that is in the map."""
    saying = [
        p for p in prompts.parts if p.weight > 0 and (p.phrase.strip() or p.negative.strip() or p.image is not None)
    ]
    present = pose.present().any(0)
    found = [prompt for prompt in saying if bool(present[prompt.part])]
    missed = ", ".join(prompt.name for prompt in saying if prompt not in found)
    if saying and not found:
        there = ", ".join(PART_NAMES[part] for part in present.nonzero()[:, 0].tolist())
        raise InputError(f"prompts: got {missed}, none of which is in the map; wanted at least one of {there}")
    if missed:
        logger.info("HumanDiffusion: not in the map, so without effect: %s", missed)
    return found


def _with(conditioning: list[Any], region: Region, parts: list[RegionPart]) -> list[Any]:
    said = tuple(part for part in parts if len(part.tokens) or part.image is not None)
    return add_region(conditioning, replace(region, texts=(said,))) if said else conditioning


def _patched(model: Any, adapter: "LoadedAdapter | None") -> Any:
    """A clone with our two wrappers, once however many regions there are, and the adapter loaded beside it."""
    model = model.clone()
    for kind, wrapper in ((WrappersMP.CALC_COND_BATCH, fill), (WrappersMP.APPLY_MODEL, carry)):
        model.remove_wrappers_with_key(kind, KEY)
        model.add_wrapper_with_key(kind, KEY, wrapper)
    if adapter is not None:
        model.set_additional_models(f"{KEY}.{adapter.id}", [adapter.patcher])
    return model
