"""Looking into a forward: what share of its attention each place gives to each part."""

from typing import Any

import comfy.sample
import comfy.samplers
import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.mass import attention_mass
from ...humandiffusion.mca.region_attention import RegionRows
from ...humandiffusion.mca.regions import Region
from ...humandiffusion.pose.occupancy import resize_area
from .sd_conds import KEY, in_any_shape, is_marked, regions_of
from .sd_forward import PROBE, Site

_PLACES = ("area", "strength", "set_area_to_bounds", "mask", "mask_strength")


class Probe:
    """Sees every cross-attention of a forward; keeps for each scale the mean over its sites, at the latent's size."""

    def __init__(self, latent: tuple[int, int]) -> None:
        self.latent = latent
        self._sums: dict[int, Tensor] = {}
        self._sites: dict[int, int] = {}

    def see(self, site: Site, rows: RegionRows, q: Tensor, k: Tensor, heads: int, bias: Tensor) -> None:
        """Called by the forward for each run of aligned rows."""
        mass = attention_mass(q, k, heads, bias, rows).unflatten(2, site.size)
        self._sums[site.scale] = self._sums.get(site.scale, 0) + resize_area(mass.cpu(), self.latent)
        self._sites[site.scale] = self._sites.get(site.scale, 0) + 1

    @property
    def masses(self) -> dict[int, Tensor]:
        """For each scale [B, P, h, w]; channel 0 is the prompt."""
        return {scale: total / self._sites[scale] for scale, total in self._sums.items()}


def probe_attention(
    model: Any, positive: list[Any], latent: dict[str, Any], percent: float, seed: int
) -> tuple[dict[int, Tensor], tuple[Region, ...]]:
    """One forward at `percent` of the run: the attention mass by scale, [B, P, h, w], and the regions it belongs to;
    nothing where no part counts. Raises InputError for what does not come from Apply MCA.
    """
    if not is_marked(positive):
        raise InputError("positive: got one without regions, wanted that of Apply MCA; connect its positive output")
    if not any(regions_of(values) for _, values in positive):
        return {}, ()
    if not model.get_wrappers("apply_model", KEY):
        raise InputError("model: got one that does not know about regions, wanted that of Apply MCA")
    tokens, values = next(entry for entry in positive if regions_of(entry[1]))
    # The whole map is shown, also where the condition holds in an area of it.
    (entry,) = in_any_shape([[tokens, {name: value for name, value in values.items() if name not in _PLACES}]])
    samples = comfy.sample.fix_empty_latent_channels(model, latent["samples"], latent.get("downscale_ratio_spacial"))
    probe = Probe((samples.shape[-2], samples.shape[-1]))
    model = model.clone()
    model.model_options["transformer_options"] = {**model.model_options["transformer_options"], PROBE: probe}
    sampling = model.get_model_object("model_sampling")
    sigma = min(max(sampling.percent_to_sigma(percent), float(sampling.sigma_min)), float(sampling.sigma_max))
    comfy.sample.sample_custom(
        model,
        comfy.sample.prepare_noise(samples, seed),
        1.0,
        comfy.samplers.KSAMPLER(_once),
        torch.tensor([sigma, 0.0]),
        [entry],
        [entry],
        samples,
        disable_pbar=True,
        seed=seed,
    )
    return probe.masses, regions_of(entry[1])


def _once(model: Any, x: Tensor, sigmas: Tensor, extra_args: dict[str, Any], **options: Any) -> Tensor:
    """A sampler that asks the model once and is content."""
    model(x, sigmas[0] * x.new_ones(len(x)), **extra_args)
    return x
