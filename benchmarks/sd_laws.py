"""Laws of alignment as figures, inside ComfyUI: what leaks out of a region, what a batch does, and a record of runs."""

from collections.abc import Sequence
from typing import Any

import torch
from sd_scene import PARTS, Scene, grid_pose, ksample, part
from torch import Tensor

CHANGED = 6  # a part in the middle of the map


def leak(scene: Scene) -> dict[str, float]:
    """Another phrase for one part, exclusive regions: how much the cross-attentions' outputs change outside its region
    and inside, relative to the largest output of the site; the greatest of all sites. Both runs have the same queries.
    """
    site_inputs: dict[Any, Tensor] = {}
    first = _outputs(scene, scene.prompts(PARTS), site_inputs)
    second = _outputs(scene, scene.prompts(PARTS, changed=CHANGED), site_inputs)
    outside, inside = 0.0, 0.0
    for place, (out, shares) in first.items():
        change = (out - second[place][0]).abs().amax(-1)[-1] / out.abs().max()
        region = shares[-1, CHANGED] > 0
        outside = max(outside, float(change[~region].max()))
        inside = max(inside, float(change[region].max()))
    return {"leak_exclusive": outside, "change_inside": inside}


def batch_error(scene: Scene) -> dict[str, float]:
    """Three pictures with a map and phrases each, at once and one by one: the greatest difference, relative to the
    largest value of the latent; and the same of the untouched model.
    """
    poses = [scene.pose, grid_pose(scene.pose.labels.shape[-2:], mirrored=True), scene.pose]
    texts = [scene.prompts(PARTS), scene.prompts(6), scene.prompts(3, changed=2)]
    together = ksample(scene.aligned(texts, type(scene.pose).stack(poses)), scene.size, batch=3)
    singles = [
        ksample(scene.aligned(text, pose), scene.size, batch_index=[i])
        for i, (text, pose) in enumerate(zip(texts, poses, strict=True))
    ]
    plain = ksample(scene.plain, scene.size, batch=3)
    plain_singles = [ksample(scene.plain, scene.size, batch_index=[i]) for i in range(3)]
    return {
        "batch_error": _relative(together, torch.cat(singles)),
        "batch_error_plain": _relative(plain, torch.cat(plain_singles)),
    }


def record(scene: Scene, prompts: Any, steps: Sequence[int]) -> dict[str, Any]:
    """Runs of so many steps, and all that goes into them: noise, sigmas, prompts, the rows of both conditions."""
    import comfy.sample
    import comfy.samplers

    model, positive, negative = scene.aligned(prompts)
    conds, regions = part("nodes.bridge.sd_conds"), part("humandiffusion.mca.regions")
    sampling = model.get_model_object("model_sampling")

    def rows(conditioning: Any) -> dict[str, Any]:
        tokens, values = conditioning[0]
        made = regions.region_rows(conds.regions_of(values), scene.size, lambda start, end: True, tokens.shape[1])
        return {name: value for name, value in vars(made.text).items()}

    latent = torch.zeros(1, 4, *scene.size)
    return {
        "noise": comfy.sample.prepare_noise(latent, 1),
        "prompts": torch.cat((negative[0][0], positive[0][0])),
        "rows": [rows(negative), rows(positive)],
        "sigmas": {count: comfy.samplers.calculate_sigmas(sampling, "normal", count) for count in steps},
        "aligned": {count: ksample((model, positive, negative), scene.size, count) for count in steps},
        "plain": {count: ksample(scene.plain, scene.size, count) for count in steps},
    }


def _outputs(scene: Scene, prompts: Any, site_inputs: dict[Any, Tensor]) -> dict[Any, tuple[Tensor, Tensor]]:
    """Of one step, each cross-attention's output [B, N, C] and the shares [B, P, N] that its cells belong to.

    `site_inputs`: what each is fed; filled by the first call, used by the next.
    """
    coverage = part("humandiffusion.mca.region_attention")
    probe = part("nodes.bridge.sd_forward").PROBE
    shares: dict[Any, Tensor] = {}
    outputs: dict[Any, Tensor] = {}

    class Look:
        def see(self, site: Any, rows: Any, *others: Any) -> None:
            shares[site.place] = coverage.cell_shares(rows, site.size)

    def same(x: Tensor, context: Tensor, value: Tensor, options: dict[str, Any]) -> tuple[Tensor, ...]:
        return site_inputs.setdefault(_place(options), x.clone()), context, value

    def keep(out: Tensor, options: dict[str, Any]) -> Tensor:
        outputs[_place(options)] = out.clone()
        return out

    model, positive, negative = scene.aligned(prompts, exclusive=True, feather=0.0, remain=0.3)
    model.set_model_attn2_patch(same)
    model.set_model_attn2_output_patch(keep)
    model.model_options["transformer_options"][probe] = Look()
    ksample((model, positive, negative), scene.size)
    return {place: (outputs[place], shares[place]) for place in shares}


def _place(options: dict[str, Any]) -> tuple[Any, ...]:
    return (*options["block"], options["block_index"])


def _relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())
