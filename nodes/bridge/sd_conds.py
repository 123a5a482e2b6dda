"""How regions travel in CONDITIONING, and become tensors when ComfyUI evaluates the denoiser for a step."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import comfy.conds
import torch
import torch.nn.functional as F
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.feature_rows import FeatureRows
from ...humandiffusion.mca.region_attention import RegionRows
from ...humandiffusion.mca.regions import AlignedRows, Region, check_batches, region_rows
from ...humandiffusion.mca.sites import COARSE
from .shapes import check_proportions

KEY = "humandiffusion_regions"
ADAPTERS = f"{KEY}.adapters"
PICTURE_SCALE = 8  # pixels of the picture to one of the latent
_TEXT, _IMAGE, _FEATURES = f"{KEY}.text", f"{KEY}.image", f"{KEY}.features"
_FLAGS = f"{KEY}.flags"  # of each row: aligned, hard, length of its prompt

logger = logging.getLogger(__name__)


class Carried(comfy.conds.CONDConstant):
    """The regions of one condition, in its `model_conds`: there they stay with their own prompt when ComfyUI makes, out
    of both, a negative for the area of a positive. `fill` takes them away; a MODEL without our wrappers meets them, and
    refuses by name.
    """

    def process_cond(self, batch_size: int, **kwargs: Any) -> "Carried":
        raise InputError(
            "model: got one that does not know about regions, wanted that of Apply MCA, because positive or negative "
            "comes from Apply MCA; connect the MODEL of the same node"
        )


def add_region(conditioning: list[Any], region: Region) -> list[Any]:
    """A copy of a CONDITIONING in which a region holds beside those that were there."""
    return [_with_regions(entry, (*regions_of(entry[1]), region)) for entry in conditioning]


def regions_of(values: Mapping[str, Any]) -> tuple[Region, ...]:
    """The regions of one condition."""
    carried = values.get("model_conds", {}).get(KEY)
    return () if carried is None else carried.cond


def marked(conditioning: list[Any]) -> list[Any]:
    """A copy of a CONDITIONING that says that it went through Apply MCA, though there was nothing to align."""
    return [[tokens, {**values, KEY: True}] for tokens, values in conditioning]


def is_marked(conditioning: list[Any]) -> bool:
    """Whether any entry went through Apply MCA."""
    return any(KEY in values for _, values in conditioning)


def without_coarse(conditioning: list[Any]) -> list[Any]:
    """For a pass that refines: the coarse scale, which places the parts, no longer aligned."""

    def finer(region: Region) -> Region:
        scales = tuple(0.0 if scale == COARSE else gain for scale, gain in enumerate(region.scales))
        return replace(region, scales=scales)

    return _with_each(conditioning, finer)


def in_any_shape(conditioning: list[Any]) -> list[Any]:
    """For pictures of a shape that is meant: maps of other proportions are fitted in, and background is around them."""
    return _with_each(conditioning, lambda region: replace(region, any_shape=True))


def fill(executor: Any, model: Any, conds: list[Any], x_in: Tensor, timestep: Tensor, options: dict[str, Any]) -> Any:
    """CALC_COND_BATCH wrapper: regions become tensors of one size for every condition, so that as many conditions share
    a forward as without us. Where nothing counts at this step, nothing is added.
    """
    every = [cond for group in conds for cond in group or ()]
    rows = {id(cond): _rows(cond, model, x_in, timestep, options) for cond in every}
    if every and not any(KEY in cond for cond in every):
        _warn_once_a_run(timestep, options)
    there = [aligned for aligned in rows.values() if aligned is not None]
    common = _Common(there) if there else None

    def told(cond: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in cond["model_conds"].items() if name != KEY}
        if common is not None:
            kept |= common.conds(rows[id(cond)], _prompt(cond).shape[1], x_in)
        return {**cond, "model_conds": kept}

    return executor(model, [group and [told(cond) for cond in group] for group in conds], x_in, timestep, options)


@dataclass(frozen=True)
class Told:
    """What `fill` added to the arguments of a forward: text rows, image rows of each adapter, those of trained ones,
    and which rows are aligned.
    """

    text: RegionRows
    images: list[tuple[Any, RegionRows]]
    features: list[FeatureRows]
    aligned: list[bool]


def unpack(packed: dict[str, Any]) -> Told | None:
    """What `fill` added, taken out of the arguments of a forward; None if there is nothing."""
    ours = {name: packed.pop(name) for name in list(packed) if name.startswith(KEY)}
    if not ours:
        return None
    aligned, hard, length = ours[_FLAGS].mT.tolist()
    shared = {"hard": tuple(map(bool, hard)), "length": tuple(length)}
    text = RegionRows(**{name: ours[f"{_TEXT}.{name}"] for name in _TENSORS}, **shared)
    images = [
        (adapter, replace(text, **{name: ours[f"{_IMAGE}{i}.{name}"] for name in _OWN}))
        for i, adapter in enumerate(ours[ADAPTERS])
    ]
    features = [
        FeatureRows(adapter, **{name: ours[f"{_FEATURES}{i}.{name}"] for name in _OF_FEATURES})
        for i, adapter in enumerate(ours[_FEATURES])
    ]
    return Told(text, images, features, list(map(bool, aligned)))


_OWN = ("tokens", "owner", "repeats", "gain")  # what text and each adapter's images have of their own
_TENSORS = (*_OWN, "coverage", "remain")
_OF_FEATURES = ("features", "present", "occupancy", "territory", "gain")
_MAPS = ("occupancy", "territory")


class _Common:
    """The sizes to which all conditions of a step are filled up, and the adapters that any of them has."""

    def __init__(self, every: Sequence[AlignedRows]) -> None:
        self.adapters = tuple(dict.fromkeys(adapter for rows in every for adapter in rows.images))
        self.width = every[0].text.tokens.shape[-1]
        self.parts = max(rows.text.coverage.shape[1] for rows in every)
        self.text = max(rows.text.tokens.shape[1] for rows in every)
        self.images = [
            max(rows.images[adapter].tokens.shape[1] for rows in every if adapter in rows.images)
            for adapter in self.adapters
        ]
        # Of each trained adapter as many as any condition has, and an example of their sizes.
        self.features: list[FeatureRows] = []
        for rows in every:
            for told in rows.features:
                here, there = (
                    sum(one.adapter is told.adapter for one in some) for some in (rows.features, self.features)
                )
                self.features += [told] * max(here - there, 0)

    def conds(self, rows: AlignedRows | None, length: int, x_in: Tensor) -> dict[str, Any]:
        """For the `model_conds` of one condition; empty rows if it has no regions."""
        text = self._empty(x_in, length) if rows is None else rows.text
        flags = torch.tensor([[rows is not None, hard, own] for hard, own in zip(text.hard, text.length, strict=True)])
        coverage = _filled(text.coverage, 1, self.parts).to(x_in.device)
        conds = {
            _FLAGS: comfy.conds.CONDRegular(flags),
            ADAPTERS: comfy.conds.CONDConstant(self.adapters),
            f"{_TEXT}.coverage": comfy.conds.CONDNoiseShape(coverage),
            f"{_TEXT}.remain": comfy.conds.CONDRegular(_filled(text.remain, 1, self.parts).to(x_in.device)),
            **self._own(_TEXT, text, self.text, x_in),
        }
        for i, adapter in enumerate(self.adapters):
            image = None if rows is None else rows.images.get(adapter)
            if image is None:
                image = replace(text, tokens=text.tokens[:, :0], owner=text.owner[:, :0], repeats=text.repeats[:, :0])
            conds |= self._own(f"{_IMAGE}{i}", image, self.images[i], x_in)
        return conds | self._of_features(rows, x_in)

    def _of_features(self, rows: AlignedRows | None, x_in: Tensor) -> dict[str, Any]:
        """The rows of trained adapters; where this condition has none, some that count nothing."""
        left = [] if rows is None else list(rows.features)
        conds: dict[str, Any] = {_FEATURES: comfy.conds.CONDConstant(tuple(like.adapter for like in self.features))}
        for i, like in enumerate(self.features):
            told = next((one for one in left if one.adapter is like.adapter), None)
            if told is None:
                told = replace(like.select(slice(0, 1)), gain=torch.zeros(1, 3))
            else:
                left = [one for one in left if one is not told]
            for name in _OF_FEATURES:
                kind = comfy.conds.CONDNoiseShape if name in _MAPS else comfy.conds.CONDRegular
                conds[f"{_FEATURES}{i}.{name}"] = kind(getattr(told, name).to(x_in.device))
        return conds

    def _own(self, prefix: str, rows: RegionRows, tokens: int, x_in: Tensor) -> dict[str, Any]:
        sizes = {"tokens": tokens, "owner": tokens, "repeats": tokens, "gain": self.parts}
        return {
            f"{prefix}.{name}": comfy.conds.CONDRegular(_filled(getattr(rows, name), 1, size).to(x_in.device))
            for name, size in sizes.items()
        }

    def _empty(self, x_in: Tensor, length: int) -> RegionRows:
        coverage = torch.ones(1, 1, *x_in.shape[-2:])
        none = torch.zeros(1, 0)
        tokens = torch.zeros(1, 0, self.width)
        gain = torch.zeros(1, 1, 3)
        return RegionRows(tokens, none.long(), none, coverage, gain, torch.ones(1, 1), (False,), (length,))


def _rows(
    cond: dict[str, Any], model: Any, x_in: Tensor, timestep: Tensor, options: dict[str, Any]
) -> AlignedRows | None:
    regions = regions_of(cond)
    if not regions:
        return None
    if x_in.ndim != 4:
        raise InputError(
            f"latent: got one of shape {list(x_in.shape)}, wanted pictures [B, C, h, w]; Apply MCA is for those"
        )
    for region in regions:
        if not region.any_shape:
            check_proportions(x_in.shape, (region.pose.height, region.pose.width), PICTURE_SCALE)
    pictures, batch = len(x_in), check_batches(regions)
    if batch > 1 and "context_window" in options.get("transformer_options", {}):
        raise InputError(
            f"pose: got {batch} maps in a run that is cut into context windows, which do not tell a map of its window; "
            "use one map, or no context windows"
        )
    if pictures % batch:
        raise InputError(
            f"latent: got {pictures} pictures for {batch} maps or descriptions, wanted as many or a multiple; use a "
            "latent batch of that size, or one map"
        )
    prompt = _prompt(cond)
    # Conditioning Zero Out makes of a positive the condition of nothing; then its parts say nothing either.
    if not bool(prompt.any()):
        return None
    sampling, sigma = model.model_sampling, float(timestep[0])

    def active(start: float, end: float) -> bool:
        return sampling.percent_to_sigma(end) <= sigma <= sampling.percent_to_sigma(start)

    return region_rows(regions, (x_in.shape[-2], x_in.shape[-1]), active, prompt.shape[1])


def _prompt(cond: dict[str, Any]) -> Tensor:
    return cond["model_conds"]["c_crossattn"].cond


def _with_each(conditioning: list[Any], change: Callable[[Region], Region]) -> list[Any]:
    return [
        _with_regions(entry, tuple(map(change, regions))) if (regions := regions_of(entry[1])) else entry
        for entry in conditioning
    ]


def _with_regions(entry: list[Any], regions: tuple[Region, ...]) -> list[Any]:
    tokens, values = entry
    return [tokens, {**values, KEY: True, "model_conds": {**values.get("model_conds", {}), KEY: Carried(regions)}}]


def _filled(values: Tensor, dim: int, size: int) -> Tensor:
    """Zeros after the end of a dimension."""
    missing = size - values.shape[dim]
    return F.pad(values, (0, 0) * (values.ndim - 1 - dim) + (0, missing)) if missing else values


def _warn_once_a_run(timestep: Tensor, options: dict[str, Any]) -> None:
    sigmas = options.get("transformer_options", {}).get("sample_sigmas")
    if sigmas is not None and float(sigmas[0]) == float(timestep[0]):
        logger.warning(
            "HumanDiffusion: MODEL comes from Apply MCA, but neither positive nor negative does: no part is aligned"
        )
