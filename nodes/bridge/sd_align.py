"""Apply MCA: a MODEL that knows about regions, and conditions that carry them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ...humandiffusion.adapters.mca_features import region_features
from ...humandiffusion.adapters.mca_layout import McaLayout
from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.regions import Region, RegionPart
from ...humandiffusion.parts import PART_NAMES
from ...humandiffusion.pose.semantic_pose import SemanticPose
from ...humandiffusion.prompts import PartPrompt, PartPrompts
from ...humandiffusion.smr.features import PartFeatures
from .adapters import LoadedAdapter, image_tokens
from .sd_conds import KEY, add_region, fill, marked
from .sd_forward import carry
from .sd_model import architecture_of, places, widths
from .sd_text import phrase_tokens

logger = logging.getLogger(__name__)


def apply_mca(
    model: Any,
    positive: list[Any],
    negative: list[Any],
    clip: Any,
    prompts: PartPrompts | Sequence[PartPrompts],
    region: Region,
    *,
    features: PartFeatures | None = None,
    adapter: LoadedAdapter | None = None,
    clip_vision: Any = None,
) -> tuple[Any, list[Any], list[Any]]:
    """MODEL, positive and negative with one more region. `region` has the map and the settings; its texts are made
    here from `prompts`, one for all pictures of a batch or one for each. What came in is unchanged, and says the same
    when it comes out if there is nothing to align. Raises InputError.
    """
    architecture = architecture_of(model.model)
    if features is not None and adapter is None:
        raise InputError("features: got some but no adapter; connect Load Adapter to adapter, or leave both out")
    trained = adapter is not None and isinstance(adapter.layout, McaLayout)
    texts = [prompts] if isinstance(prompts, PartPrompts) else list(prompts)
    seen = [_seen(text, features) if adapter is not None and not trained else set() for text in texts]
    texts = [_with_silent(text, parts) for text, parts in zip(texts, seen, strict=True)]
    chosen = _in_map(texts, seen, region.pose)
    if not (trained or any(chosen)) or region.strength == 0:
        return model, marked(positive), marked(negative)
    if adapter is not None:
        check_adapter(adapter, model.model)
    elif any(_seen(text, None) for text in texts):
        logger.warning("HumanDiffusion: the reference pictures of prompts have no effect without adapter")
    told_of = region_features(adapter.layout, features, adapter.name) if trained else (None, None)

    def told(prompt: PartPrompt, phrase: str, image: Tensor | None) -> RegionPart:
        tokens, repeats = torch.zeros(0, architecture.context_width), torch.zeros(0)
        if phrase.strip():
            tokens, repeats = phrase_tokens(clip, phrase, architecture)
        image = None if image is None else image.cpu()
        return RegionPart(prompt.part, tokens, repeats, image, prompt.weight, prompt.start, prompt.end)

    wanted, unwanted = [], []
    for text, parts in zip(texts, chosen, strict=True):
        looks, blank = _looks(None if trained else adapter, text, features, clip_vision, parts)
        wanted.append([told(prompt, prompt.phrase, looks.get(prompt.part)) for prompt in parts])
        # Guidance compares like with like: where the positive has a picture's tokens, the negative has those of none.
        unwanted.append([told(prompt, prompt.negative, blank if prompt.part in looks else None) for prompt in parts])
    asked = replace(region, adapter=adapter, features=told_of[0])
    unasked = replace(region, adapter=adapter, features=told_of[1], remain=1.0)
    return _patched(model, adapter), _with(positive, asked, wanted), _with(negative, unasked, unwanted)


def check_adapter(adapter: LoadedAdapter, base: Any) -> None:
    """Raises InputError if an adapter is for another family, or another number of cross-attentions."""
    architecture, sites = architecture_of(base), len(places(base.diffusion_model))
    if adapter.layout.context_width != architecture.context_width or adapter.layout.sites != sites:
        raise InputError(
            f"adapter: {adapter.name} is for {adapter.layout.sites} cross-attentions of {adapter.layout.context_width} "
            f"wide tokens, the MODEL ({architecture.name}) has {sites} of {architecture.context_width}; load an "
            f"adapter made for {architecture.name}"
        )
    if isinstance(adapter.layout, McaLayout):
        got, wanted = (adapter.layout.site_widths, adapter.layout.level_widths), widths(base.diffusion_model)
        if got != wanted:
            raise InputError(
                f"adapter: {adapter.name} was trained on a U-Net of levels {got[1]}, the MODEL has {wanted[1]}, or "
                "other cross-attentions; load an adapter that was trained on a model of this build"
            )


def _seen(text: PartPrompts, features: PartFeatures | None) -> set[int]:
    """The parts that an adapter can see: by a reference picture, or by what was found for them."""
    pictured = {prompt.part for prompt in text.parts if prompt.image is not None}
    if features is None:
        return pictured
    assumed = {row.part for row in features.retrieved if row.how == "prior"}
    return pictured | set(features.present[0].nonzero()[:, 0].tolist()) - assumed - set(text.absent)


def _with_silent(text: PartPrompts, parts: set[int]) -> PartPrompts:
    """The text, and a prompt without words for each of these parts that has none (a saved look beside other words)."""
    silent = sorted(parts - {prompt.part for prompt in text.parts})
    return replace(text, parts=(*text.parts, *(PartPrompt(part, "") for part in silent)))


def _in_map(texts: Sequence[PartPrompts], seen: Sequence[set[int]], pose: SemanticPose) -> list[list[PartPrompt]]:
    """Of each text, the prompts that say something, or whose look is `seen`, of a part that is in the map."""
    present = pose.present().any(0)
    saying = [
        [prompt for prompt in text.parts if prompt.weight > 0 and (_speaks(prompt) or prompt.part in looks)]
        for text, looks in zip(texts, seen, strict=True)
    ]
    found = [[prompt for prompt in prompts if bool(present[prompt.part])] for prompts in saying]
    missed = sorted({prompt.name for prompts in saying for prompt in prompts if not bool(present[prompt.part])})
    if missed and not any(found):
        there = ", ".join(PART_NAMES[part] for part in present.nonzero()[:, 0].tolist())
        raise InputError(f"prompts: got {', '.join(missed)}, not in the map; wanted at least one of {there}")
    if missed:
        logger.info("HumanDiffusion: not in the map, so without effect: %s", ", ".join(missed))
    return found


def _speaks(prompt: PartPrompt) -> bool:
    return bool(prompt.phrase.strip() or prompt.negative.strip())


def _looks(
    adapter: LoadedAdapter | None, text: PartPrompts, features: Any, clip_vision: Any, parts: Sequence[PartPrompt]
) -> tuple[Mapping[int, Tensor], Tensor | None]:
    """The image tokens of parts, and those of no picture."""
    if adapter is None:
        return {}, None
    return image_tokens(adapter, text, features, clip_vision, [prompt.part for prompt in parts])


def _with(conditioning: list[Any], region: Region, texts: Sequence[Sequence[RegionPart]]) -> list[Any]:
    said = tuple(tuple(part for part in text if len(part.tokens) or part.image is not None) for text in texts)
    if not any(said) and region.features is None:
        return marked(conditioning)
    return add_region(conditioning, replace(region, texts=said))


def _patched(model: Any, adapter: LoadedAdapter | None) -> Any:
    """A clone with our two wrappers, once however many regions there are, and the adapter loaded beside it."""
    model = model.clone()
    for kind, wrapper in ((WrappersMP.CALC_COND_BATCH, fill), (WrappersMP.APPLY_MODEL, carry)):
        model.remove_wrappers_with_key(kind, KEY)
        model.add_wrapper_with_key(kind, KEY, wrapper)
    if adapter is not None:
        # By object: the same file loaded twice is two sets of weights, each to be moved with the model.
        model.set_additional_models(f"{KEY}.{adapter.id}.{id(adapter)}", [adapter.patcher])
    return model
