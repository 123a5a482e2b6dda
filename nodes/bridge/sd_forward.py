"""One forward of the U-Net with regions: what happens in each of its cross-attentions.

Nothing outlives the forward. An attn2 patch appends the part tokens to the context and says so to the next attention
call, which is that of the same block; an attention that finds nothing said is none of ours and goes its way.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import comfy.ldm.modules.attention as attention
import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.feature_rows import FeatureRows
from ...humandiffusion.mca.region_attention import RegionRows, alignment_bias, image_bias
from .sd_conds import Told, unpack
from .sd_features import FeatureForward
from .sd_model import Place, architecture_of, places

PROBE = "humandiffusion_probe"
OVERRIDE = "optimized_attention_override"
Attention = Callable[..., Tensor]
# ComfyUI's attentions that take a mask of floats. Others may ignore it without a word (sage, flash).
_TAKE_MASKS = ("attention_pytorch", "attention_sub_quad", "attention_split", "attention_basic", "attention_xformers")


def carry(
    executor: Any,
    x: Tensor,
    t: Tensor,
    c_concat: Tensor | None = None,
    c_crossattn: Tensor | None = None,
    control: Any = None,
    transformer_options: dict[str, Any] = {},  # noqa: B006  (ComfyUI's own signature; never written to)
    **extra: Any,
) -> Any:
    """APPLY_MODEL wrapper: what `fill` put into the conditions steers the attention of this forward."""
    told = unpack(extra)
    if told is not None and any(told.aligned):
        if told.text.coverage.shape[-2:] != x.shape[-2:]:
            raise InputError(
                f"latent: another node hands the MODEL pieces of {list(x.shape[-2:])} where Apply MCA's map has "
                f"{list(told.text.coverage.shape[-2:])}; use Crop Tiles and Join Tiles instead of a node that cuts the "
                "latent into tiles"
            )
        runs = _runs(told)
        latent = (x.shape[-2], x.shape[-1])
        forward = AlignedForward(executor.class_obj, runs, latent, c_crossattn.shape[1], transformer_options)
        transformer_options = forward.options(transformer_options)
    return executor(x, t, c_concat, c_crossattn, control, transformer_options, **extra)


@dataclass(frozen=True)
class Run:
    """Consecutive rows of the batch that are all aligned, or all not (then `text` is None)."""

    rows: slice
    text: RegionRows | None
    images: Sequence[tuple[Any, RegionRows]] = ()
    features: Sequence[FeatureRows] = ()


@dataclass(frozen=True)
class Site:
    """The cross-attention that is at work: its place, the size and scale at which it sees the latent, and how many keys
    come before the part tokens.
    """

    place: Place
    size: tuple[int, int]
    scale: int
    before: int


class AlignedForward:
    """The state of one forward. `latent` is its (h, w), `prompt_tokens` the length of its prompts."""

    def __init__(
        self, base: Any, runs: Sequence[Run], latent: tuple[int, int], prompt_tokens: int, options: dict[str, Any]
    ) -> None:
        self.runs, self.latent, self.prompt_tokens = runs, latent, prompt_tokens
        self.part_tokens = next(run.text.tokens.shape[1] for run in runs if run.text is not None)
        self.architecture = architecture_of(base)
        reading = [(run.rows, run.features) for run in runs if run.features]
        self.features = FeatureForward(base, self.architecture, reading) if reading else None
        self.numbers = places(base.diffusion_model) if reading or any(run.images for run in runs) else {}
        self.others = options.get(OVERRIDE)
        self.probe = options.get(PROBE)
        self.strangers = ", ".join(_strangers(options))
        self.site: Site | None = None
        self._made: dict[Any, Any] = {}

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """A copy of the transformer options with this forward in them; what other nodes put there is chained."""
        patches, replaced = given.get("patches", {}), given.get("patches_replace", {})
        wrapped = {place: self._around(foreign) for place, foreign in replaced.get("attn2", {}).items()}
        ours = {"attn2_patch": [*patches.get("attn2_patch", []), self.append]}
        if self.features is not None:
            ours["input_block_patch"] = [*patches.get("input_block_patch", []), self.features.add_map]
        return {
            **given,
            OVERRIDE: self.attend,
            "patches": {**patches, **ours},
            "patches_replace": {**replaced, "attn2": wrapped},
        }

    def append(self, x: Tensor, context: Tensor, value: Tensor, options: dict[str, Any]) -> tuple[Tensor, ...]:
        """attn2 patch, the last one: the part tokens join the context."""
        place = (*options["block"], options["block_index"])
        if self.site is not None:
            raise self._taken_over(self.site.place, "no attention of ComfyUI's followed")
        size = (options["activations_shape"][-2], options["activations_shape"][-1])
        rows, cells = self.runs[-1].rows.stop, math.prod(size)
        if len(context) != rows or x.shape[1] != cells:
            raise self._taken_over(place, f"{len(context)} rows of {x.shape[1]} cells, wanted {rows} of {cells}")
        scale = self.architecture.scale_at(place[0], self.latent, cells)
        self.site = Site(place, size, scale, context.shape[1])
        return x, self._with_parts(context), self._with_parts(value)

    def attend(
        self, func: Attention, q: Tensor, k: Tensor, v: Tensor, heads: int, *args: Any, **options: Any
    ) -> Tensor:
        """Attention override: by regions where `append` came before, elsewhere as it was."""
        plain = func if self.others is None else partial(self.others, func)
        site, self.site = self.site, None
        if site is None:
            return plain(q, k, v, heads, *args, **options)
        self._check_keys(site, k)
        masked, out = _masked(func), []
        for run in self.runs:
            if run.text is None:
                own_k, own_v = k[run.rows, : site.before], v[run.rows, : site.before]
                out.append(plain(q[run.rows], own_k, own_v, heads, *args, **options))
            else:
                bias = self._bias(site, run, q.dtype)
                mixed = masked(q[run.rows], k[run.rows], v[run.rows], heads, mask=bias, **options)
                out.append(self._with_looks(mixed, masked, site, run, q, heads))
                self._look(site, run, q, k, heads, bias)
        return torch.cat(out) if len(out) > 1 else out[0]

    def _around(self, foreign: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Somebody's replacement of a cross-attention (IP-Adapter): it gets what it would get without us, and what
        regions change is added to its result.
        """

        def both(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
            site, self.site = self.site, None
            if site is None:
                return foreign(q, k, v, options)
            self._check_keys(site, k)
            own_k, own_v, heads = k[:, : site.before], v[:, : site.before], options["n_heads"]
            out = foreign(q, own_k, own_v, options).clone()
            masked = _masked(attention.optimized_attention)
            for run in (run for run in self.runs if run.text is not None):
                rows, bias = run.rows, self._bias(site, run, q.dtype)
                ours = masked(q[rows], k[rows], v[rows], heads, mask=bias)
                out[rows] += ours - masked(q[rows], own_k[rows], own_v[rows], heads)
                out[rows] = self._with_looks(out[rows], masked, site, run, q, heads)
                self._look(site, run, q, k, heads, bias)
            return out

        return both

    def _with_parts(self, context: Tensor) -> Tensor:
        if not self.part_tokens:
            return context
        tokens = self._once("tokens", context.dtype, lambda: self._tokens().to(context))
        return torch.cat((context, tokens), 1)

    def _tokens(self) -> Tensor:
        """[rows, K, D], of zeros where a row is not aligned: their keys are cut off again."""
        width = next(run.text.tokens.shape[1:] for run in self.runs if run.text is not None)
        rows = [
            torch.zeros(run.rows.stop - run.rows.start, *width) if run.text is None else run.text.tokens
            for run in self.runs
        ]
        device = next(run.text.tokens.device for run in self.runs if run.text is not None)
        return torch.cat([row.to(device) for row in rows])

    def _check_keys(self, site: Site, k: Tensor) -> None:
        expected = site.before + self.part_tokens
        if k.shape[1] != expected:
            raise self._taken_over(site.place, f"{k.shape[1]} keys, wanted {expected}")

    def _bias(self, site: Site, run: Run, dtype: torch.dtype) -> Tensor:
        assert run.text is not None
        rows, foreign = run.text, site.before - self.prompt_tokens
        if foreign < 0:
            raise self._taken_over(site.place, f"{site.before} tokens of the prompt, wanted {self.prompt_tokens}")
        make = partial(alignment_bias, rows, site.size, site.scale, self.prompt_tokens, foreign, dtype)
        return self._once(("bias", run.rows.start, site.size, site.scale, foreign), dtype, make)

    def _with_looks(self, out: Tensor, masked: Attention, site: Site, run: Run, q: Tensor, heads: int) -> Tensor:
        """A run's result with what the parts' image tokens, and a trained adapter, add to it, before the attention's
        output projection.
        """
        for adapter, rows in run.images:
            key = ("image", run.rows.start, id(adapter), site.size, site.scale)
            bias, weight = self._once(key, q.dtype, partial(image_bias, rows, site.size, site.scale))
            k, v = adapter.patcher.model.keys_values(self.numbers[site.place], rows.tokens.to(q))
            out = out + masked(q[run.rows], k, v, heads, mask=bias.to(q)) * weight.to(q)
        if self.features is not None and run.features:
            number = self.numbers[site.place]
            out = out + self.features.attend(run.rows, q[run.rows], heads, masked, number, site.size, site.scale)
        return out

    def _taken_over(self, place: Place, how: str) -> InputError:
        return InputError(
            f"model: another node ({self.strangers or 'which left no name'}) changed the cross-attention at {place} "
            f"({how}), so Apply MCA cannot work there; remove one of the two"
        )

    def _look(self, site: Site, run: Run, q: Tensor, k: Tensor, heads: int, bias: Tensor) -> None:
        if self.probe is not None:
            self.probe.see(site, run.text, q[run.rows], k[run.rows], heads, bias)

    def _once(self, key: Any, dtype: torch.dtype, make: Callable[[], Any]) -> Any:
        if (key, dtype) not in self._made:
            self._made[key, dtype] = make()
        return self._made[key, dtype]


def _runs(told: Told) -> list[Run]:
    runs, start = [], 0
    for on, group in groupby(told.aligned):
        rows = slice(start, start + len(list(group)))
        start = rows.stop
        if not on:
            runs.append(Run(rows, None))
            continue
        images = [(adapter, of.select(rows)) for adapter, of in told.images if bool(of.repeats[rows].any())]
        features = [of.select(rows) for of in told.features if bool(of.gain[rows].any())]
        runs.append(Run(rows, told.text.select(rows), images, features))
    return runs


def _strangers(options: dict[str, Any]) -> list[str]:
    """Where the patches of other nodes come from that could touch a cross-attention."""
    patches = options.get("patches", {}).get("attn2_patch", [])
    replaced = options.get("patches_replace", {}).get("attn2", {}).values()
    every = [*patches, *replaced, *filter(None, [options.get(OVERRIDE)])]
    return sorted({str(getattr(patch, "__module__", type(patch).__module__)) for patch in every})


def _masked(func: Attention) -> Attention:
    return func if func.__name__ in _TAKE_MASKS else attention.attention_pytorch
