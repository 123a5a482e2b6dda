"""Laws of alignment on Stable Diffusion, inside ComfyUI: inside_sd.py COMFYUI PACK FOLDER, see boot.py.

FOLDER holds small random-weight files of the true layouts (sd_files.py).
"""

import copy
import functools
from pathlib import Path
from typing import Any

import sd_files  # noqa: F401  (finds random_models)
from random_models import FEW_LAYERS

# isort: split
from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.controlnet
import comfy.ldm.modules.attention as attention
import comfy.model_management
import comfy.samplers
import comfy.sd
import comfy.utils
import comfy_extras.nodes_custom_sampler as custom
import comfy_extras.nodes_freelunch as freelunch
import comfy_extras.nodes_pag as pag
import torch
from safetensors.torch import save_file

import nodes as core

FOLDER = Path(MORE[0])
SIZE = (24, 16)  # of the latent: 192 x 128 pixels
CLOSE = {"rtol": 1e-3, "atol": 1e-3}
prompts = part("humandiffusion.prompts")
regions = part("humandiffusion.mca.regions")
conds = part("nodes.bridge.sd_conds")
forward = part("nodes.bridge.sd_forward")
TOP = 1
STANDING, DRESSED = (
    part("humandiffusion.pose.presets").load_preset(name, (192, 128))
    for name in ("standing-trousers", "standing-dress")
)
DEFAULTS = {
    **{"strength": 1.0, "start": 0.0, "end": 1.0, "coarse": 1.0, "middle": 1.0, "fine": 1.0},
    **{"prompt_inside": 0.3, "regions": "soft", "feather": 8.0},
}


@functools.cache
def checkpoint(name: str) -> tuple[Any, Any]:
    path = str(FOLDER / name)
    model, clip, *_ = comfy.sd.load_checkpoint_guess_config(path, output_vae=False, te_model_options=FEW_LAYERS)
    return model, clip


MODEL, CLIP = checkpoint("sd15.safetensors")


def told(**phrases: str) -> Any:
    index = part("humandiffusion.parts").part_index
    return prompts.PartPrompts(parts=tuple(prompts.PartPrompt(index(name), text) for name, text in phrases.items()))


SAID = told(top="a red plaid shirt", pants="blue jeans", hair="long blonde hair")


def encode(text: str, clip: Any = CLIP) -> Any:
    return core.CLIPTextEncode().encode(clip, text)[0]


POSITIVE, NEGATIVE = encode("a photo of a man in the street"), encode("blurry")


def apply(
    model: Any = MODEL, positive: Any = POSITIVE, negative: Any = NEGATIVE, **options: Any
) -> tuple[Any, Any, Any]:
    given = {"clip": CLIP, "prompts": SAID, "pose": STANDING, **DEFAULTS, **options}
    return NODES["ApplyMCA"].execute(model, positive, negative, **given).result


def empty(batch: int = 1, size: tuple[int, int] = SIZE) -> dict[str, Any]:
    return {"samples": torch.zeros(batch, 4, *size)}


def ksample(model: Any, positive: Any, negative: Any, latent: Any = None, **options: Any) -> torch.Tensor:
    given = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", **options}
    return core.common_ksampler(model, positive=positive, negative=negative, latent=latent or empty(), **given)[0][
        "samples"
    ]


BASE = ksample(MODEL, POSITIVE, NEGATIVE)
ALIGNED = ksample(*apply())


class Count:
    """A probe that only counts."""

    def __init__(self) -> None:
        self.places: list[Any] = []
        self.rows: set[int] = set()

    def see(self, site: Any, rows: Any, *others: Any) -> None:
        self.places.append(site.place)
        self.rows.add(len(rows))


def with_options(model: Any, **options: Any) -> Any:
    model = model.clone()
    model.model_options["transformer_options"] = {**model.model_options["transformer_options"], **options}
    return model


def law_the_parts_make_a_difference() -> None:
    assert ALIGNED.isfinite().all() and not torch.allclose(BASE, ALIGNED, **CLOSE)


def law_without_parts_or_strength_or_outside_the_schedule_it_is_the_base_model() -> None:
    off = [
        {"strength": 0.0},
        {"prompts": told()},
        {"start": 0.0, "end": 0.0},
        {"coarse": 0.0, "middle": 0.0, "fine": 0.0},
    ]
    off += [
        {"prompts": prompts.PartPrompts(parts=(prompts.PartPrompt(TOP, "a shirt", **closed),))}
        for closed in ({"weight": 0.0}, {"end": 0.0})
    ]
    for options in off:
        assert torch.equal(ksample(*apply(**options)), BASE), options
    assert torch.equal(ksample(apply()[0], POSITIVE, NEGATIVE), BASE)


def law_a_step_outside_the_schedule_is_the_base_models() -> None:
    late = ksample(*apply(start=0.6), steps=4)
    begun = ksample(MODEL, POSITIVE, NEGATIVE, steps=4, last_step=2)
    assert torch.equal(ksample(*apply(start=0.6), steps=4, last_step=2), begun)
    assert not torch.equal(late, ksample(MODEL, POSITIVE, NEGATIVE, steps=4))


def law_a_negative_without_phrases_is_not_touched() -> None:
    model, positive, negative = apply()
    assert negative is NEGATIVE or torch.equal(negative[0][0], NEGATIVE[0][0])
    one = ksample(model, positive, negative, cfg=1.0)
    assert torch.allclose(one, ksample(model, positive, positive, cfg=3.0), **CLOSE)


def law_every_site_is_aligned_once_a_forward() -> None:
    for name in ("sd15.safetensors", "sdxl.safetensors"):
        model, clip = (MODEL, CLIP) if name.startswith("sd15") else checkpoint(name)
        counted = Count()
        patched, positive, negative = apply(model, encode("a man", clip), encode("blurry", clip), clip=clip)
        result = ksample(with_options(patched, **{forward.PROBE: counted}), positive, negative, steps=1)
        expected = part("nodes.bridge.sd_model").places(model.model.diffusion_model)
        assert sorted(counted.places) == sorted(expected) and result.isfinite().all(), (counted.places, expected)


def law_parts_cost_no_forward() -> None:
    def forwards(model: Any, *conditions: Any) -> list[int]:
        calls: list[int] = []

        def count(executor: Any, x: torch.Tensor, *args: Any, **options: Any) -> Any:
            calls.append(len(x))
            return executor(x, *args, **options)

        model = model.clone()
        model.add_wrapper_with_key("diffusion_model", "count", count)
        ksample(model, *conditions)
        return calls

    assert forwards(*apply()) == forwards(MODEL, POSITIVE, NEGATIVE)
    more = encode("a street") + POSITIVE
    assert forwards(*apply(positive=more)) == forwards(MODEL, more, NEGATIVE)


def law_a_batch_of_three_maps_and_texts_is_three_singles() -> None:
    align = part("nodes.bridge.sd_align")
    poses = [STANDING, DRESSED, STANDING]
    texts = [SAID, told(dress="green silk"), told(pants="white linen trousers", hair="black")]
    several = regions.Region(type(STANDING).stack(poses), feather=8.0)
    model, positive, negative = align.apply_mca(MODEL, POSITIVE, NEGATIVE, CLIP, texts, several)
    both = ksample(model, positive, negative, empty(3))
    for index in range(3):
        single = ksample(*apply(pose=poses[index], prompts=texts[index]), {**empty(), "batch_index": [index]})
        assert torch.allclose(both[index], single[0], **CLOSE), (both[index] - single[0]).abs().max()


def law_a_batch_of_maps_touches_only_its_own_pictures() -> None:
    poses = type(STANDING).stack([STANDING, DRESSED])
    both = ksample(*apply(pose=poses), empty(2))
    for index, pose in enumerate((STANDING, DRESSED)):
        single = ksample(*apply(pose=pose), {**empty(), "batch_index": [index]})
        assert torch.allclose(both[index], single[0], **CLOSE)
    (four,) = core.RepeatLatentBatch().repeat(empty(2), 2)
    repeated = ksample(*apply(pose=poses), four)
    assert repeated.shape[0] == 4 and torch.allclose(repeated[:2], both, **CLOSE)
    refused(lambda: ksample(*apply(pose=poses), empty(3)), "3 pictures for 2 maps")


def law_an_area_is_its_crop_sampled_alone() -> None:
    geometry = part("humandiffusion.pose.geometry")
    told_of = {"prompts": told(top="a red plaid shirt", pants="blue jeans"), "feather": 0.0}
    model, positive, _ = apply(**told_of)
    (lower,) = core.ConditioningSetArea().append(positive, 128, 96, 0, 96, 1.0)
    noise = torch.randn(1, 4, *SIZE, generator=torch.Generator().manual_seed(0))
    (of_area,) = _denoised(model, [lower], noise)
    model, positive, _ = apply(pose=geometry.crop(STANDING, 96, 0, (96, 128)), **told_of)
    (alone,) = _denoised(model, [positive], noise[:, :, 12:])
    assert torch.allclose(of_area[:, :, 12:], alone, **CLOSE), (of_area[:, :, 12:] - alone).abs().max()


def law_the_negative_of_an_area_has_no_regions_of_the_positive() -> None:
    """ComfyUI makes one of the positive's entry and the negative's prompt."""
    model, positive, negative = apply()
    (area,) = core.ConditioningSetArea().append(positive, 128, 96, 0, 0, 1.0)
    counted = Count()
    ksample(with_options(model, **{forward.PROBE: counted}), area, negative, steps=1)
    assert counted.rows == {1} and len(counted.places) == len(set(counted.places)), counted.rows


def law_a_negative_phrase_lies_where_its_part_is() -> None:
    unwanted = prompts.PartPrompts(parts=(*SAID.parts[:1], prompts.PartPrompt(5, "blue jeans", negative="shorts")))
    _, positive, negative = apply(prompts=unwanted)
    coverage = part("humandiffusion.mca.coverage").region_coverage
    for conditioning, parts in ((positive, (TOP, 5)), (negative, (5,))):
        (region,) = conds.regions_of(conditioning[0][1])
        assert region.parts == parts and torch.equal(region.coverage(SIZE), coverage(STANDING, parts, SIZE, 8.0))


def law_prompts_of_unequal_length_share_a_forward_rightly() -> None:
    long = encode(" ".join(["a photo of a man in a busy street with many people and cars"] * 7))
    assert long[0][0].shape[1] == 154
    # Alone in a forward, a prompt is not repeated; together with the long one it is. Both must be the same.
    model, positive, _ = apply()
    noise = torch.randn(1, 4, *SIZE, generator=torch.Generator().manual_seed(0))
    together = _denoised(model, [positive, long], noise)
    alone = _denoised(model, [positive], noise)
    assert torch.allclose(together[0], alone[0], **CLOSE), (together[0] - alone[0]).abs().max()


def _denoised(model: Any, conditions: list[Any], noise: torch.Tensor) -> list[torch.Tensor]:
    """What the model says of one noisy latent for each condition, evaluated together."""
    seen: list[Any] = []

    def sample(
        denoiser: Any, x: torch.Tensor, sigmas: torch.Tensor, extra_args: Any = None, **options: Any
    ) -> torch.Tensor:
        inner = denoiser.inner_model
        prepared = [inner.conds["positive"], inner.conds["negative"]][: len(conditions)]
        seen.extend(
            comfy.samplers.calc_cond_batch(inner.inner_model, prepared, x, sigmas[:1], extra_args["model_options"])
        )
        return x

    pair = (conditions * 2)[:2]
    comfy.samplers.sample(
        model,
        noise,
        *pair,
        4.0,
        torch.device("cpu"),
        comfy.samplers.KSAMPLER(sample),
        torch.tensor([5.0, 0.0]),
        model.model_options,
        latent_image=torch.zeros_like(noise),
    )
    return seen


def law_joined_and_timed_conditions_run() -> None:
    model, positive, negative = apply()
    (joined,) = core.ConditioningConcat().concat(positive, encode("with a dog"))
    (averaged,) = core.ConditioningAverage().addWeighted(positive, encode("a painting"), 0.5)
    (timed,) = core.ConditioningSetTimestepRange().set_range(positive, 0.0, 0.5)
    for changed in (joined, averaged, timed + POSITIVE):
        assert ksample(model, changed, negative).isfinite().all()


def law_a_zeroed_positive_has_no_parts() -> None:
    model, positive, _ = apply()
    (zeroed,) = core.ConditioningZeroOut().zero_out(positive)
    (plain,) = core.ConditioningZeroOut().zero_out(POSITIVE)
    assert torch.equal(ksample(model, positive, zeroed), ksample(model, positive, plain))


def law_two_applies_are_two_people() -> None:
    first = apply()
    both = apply(*first, pose=DRESSED, prompts=told(hair="red hair"))
    result = ksample(*both)
    assert result.isfinite().all() and not torch.allclose(result, ALIGNED, **CLOSE)
    assert len(both[0].get_wrappers("apply_model", conds.KEY)) == 1
    assert torch.equal(ksample(*first), ALIGNED)


def law_what_came_in_is_unchanged() -> None:
    kept = copy.deepcopy(
        [POSITIVE[0][0], sorted(POSITIVE[0][1]), STANDING.labels, str(MODEL.model_options), str(MODEL.wrappers)]
    )
    ksample(*apply())
    now = [POSITIVE[0][0], sorted(POSITIVE[0][1]), STANDING.labels, str(MODEL.model_options), str(MODEL.wrappers)]
    assert all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(kept, now, strict=True))
    assert torch.equal(ksample(MODEL, POSITIVE, NEGATIVE), BASE)


def law_an_interrupted_run_leaves_nothing_behind() -> None:
    model, positive, negative = apply()
    stopped = model.clone()
    calls: list[int] = []

    def interrupt(executor: Any, *args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            comfy.model_management.interrupt_current_processing()
        return executor(*args, **options)

    stopped.add_wrapper_with_key("diffusion_model", "test", interrupt)
    try:
        ksample(stopped, positive, negative, steps=4)
    except comfy.model_management.InterruptProcessingException:
        pass
    else:
        raise AssertionError("not interrupted")
    assert torch.equal(ksample(model, positive, negative), ALIGNED) and torch.equal(
        ksample(MODEL, POSITIVE, NEGATIVE), BASE
    )


def law_a_model_that_does_not_know_about_regions_is_refused() -> None:
    _, positive, negative = apply(prompts=told(top="red"), negative=NEGATIVE)
    refused(lambda: ksample(MODEL, positive, negative), "Apply MCA")
    native, _ = part("nodes.bridge.native_model").load_native_model("builtin")
    refused(lambda: apply(native), "NativeConfig", "SD 1.5", "SDXL")


def law_a_clip_of_another_model_is_refused() -> None:
    xl, clip = checkpoint("sdxl.safetensors")
    refused(lambda: apply(clip=clip), "2048", "768", "SD 1.5")
    refused(lambda: apply(xl, clip=CLIP), "768", "2048", "SDXL")
    refused(lambda: apply(clip=None), "clip")


def law_phrases_without_their_part_have_no_effect_and_none_at_all_are_refused() -> None:
    extra = prompts.PartPrompts(parts=(*SAID.parts, prompts.PartPrompt(3, "a pleated skirt")))
    assert torch.equal(ksample(*apply(prompts=extra)), ALIGNED)
    refused(
        lambda: apply(prompts=prompts.PartPrompts(parts=(prompts.PartPrompt(3, "a pleated skirt"),))), "skirt", "top"
    )


def law_a_latent_of_another_shape_is_refused_unless_it_is_meant() -> None:
    """A tiler hands over its tiles, each as a run of its own; no map of ours is cut with them."""
    model, positive, negative = apply()
    picture = ksample(model, positive, negative)
    tile = {"samples": picture[..., :16, :]}
    words = "128x128 for a map of 128x192", "Crop Tiles", "Join Tiles", "Pose Transform"
    refused(lambda: ksample(model, positive, negative, tile, denoise=0.4), *words)
    given = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    for size in ((16, 24), (25, 17), (31, 9), (8, 40)):
        (done,) = (
            NODES["Sampler"]
            .execute(model, STANDING, **given, positive=positive, negative=negative, latent=empty(1, size))
            .result
        )
        assert done["samples"].shape[-2:] == size and done["samples"].isfinite().all()


def law_a_larger_pass_and_a_neighbouring_size_are_no_tiles() -> None:
    model, positive, negative = apply()
    (larger,) = core.LatentUpscaleBy().upscale({"samples": ksample(model, positive, negative)}, "bilinear", 1.5)
    assert ksample(model, positive, negative, larger, denoise=0.5).shape[-2:] == (36, 24)
    for size in ((25, 17), (26, 15), (24, 18)):
        assert ksample(model, positive, negative, empty(1, size)).shape[-2:] == size


def law_a_tiler_inside_the_model_is_refused() -> None:
    model, positive, negative = apply()

    def tiled(forward: Any, given: Any) -> torch.Tensor:
        x, half = given["input"], given["input"].shape[-2] // 2
        tiles = [forward(x[..., i : i + half, :], given["timestep"], **given["c"]) for i in (0, half)]
        return torch.cat(tiles, 2)

    model = model.clone()
    model.set_model_unet_function_wrapper(tiled)
    refused(lambda: ksample(model, positive, negative), "pieces of [12, 16]", "Crop Tiles", "Join Tiles")


def law_a_negative_phrase_steers_away() -> None:
    unwanted = prompts.PartPrompts(
        parts=(prompts.PartPrompt(TOP, "a red plaid shirt", negative="a suit"), *SAID.parts[1:])
    )
    assert not torch.allclose(ksample(*apply(prompts=unwanted)), ALIGNED, **CLOSE)
    assert torch.equal(ksample(*apply(prompts=unwanted), cfg=1.0), ksample(*apply(), cfg=1.0))


def law_a_phrase_is_read_as_clip_text_encode_reads_it() -> None:
    read, sd15 = part("nodes.bridge.sd_text").phrase_tokens, part("humandiffusion.mca.sites").SD15
    tokens, repeats = read(CLIP, "a (red:1.3) shirt", sd15)
    assert torch.equal(tokens, encode("a (red:1.3) shirt")[0][0][0, 1:5].float())
    assert repeats.tolist() == [1, 1, 1, 73]  # words, then an end that stands for itself and the padding
    long, repeats = read(CLIP, "shirt " * 100, sd15)
    assert len(long) == 100 + 2 and repeats.sum() == 2 * 76


def law_each_control_makes_a_difference() -> None:
    changes = [{"strength": 0.5}, {"coarse": 0.0}, {"fine": 0.0}, {"prompt_inside": 1.0}, {"regions": "exclusive"}]
    for change in [*changes, {"feather": 0.0}, {"end": 0.4}]:
        assert not torch.allclose(ksample(*apply(**change)), ALIGNED, rtol=1e-5, atol=1e-5), change


def law_lora_may_come_before_or_after() -> None:
    lora = comfy.utils.load_torch_file(str(FOLDER / "lora.safetensors"))
    changed, clip = comfy.sd.load_lora_for_models(MODEL, CLIP, lora, 1.0, 1.0)
    with_lora = {"positive": encode("a man", clip), "negative": NEGATIVE, "clip": clip}
    before = ksample(*apply(changed, **with_lora))
    model, positive, negative = apply(**with_lora)
    after, _ = comfy.sd.load_lora_for_models(model, None, lora, 1.0, 0.0)
    assert torch.equal(before, ksample(after, positive, negative))
    assert not torch.allclose(before, ksample(model, positive, negative), **CLOSE)


def law_freeu_and_pag_go_on_working() -> None:
    def freeu(model: Any) -> Any:
        return freelunch.FreeU_V2.execute(model, 1.3, 1.4, 0.9, 0.2).result[0]

    def perturbed(model: Any) -> Any:
        return pag.PerturbedAttentionGuidance.execute(model, 3.0).result[0]

    for patch in (freeu, perturbed):
        model, positive, negative = apply()
        assert torch.equal(ksample(*apply(patch(MODEL))), ksample(patch(model), positive, negative)), patch
    assert not torch.allclose(ksample(*apply(perturbed(MODEL))), ALIGNED, **CLOSE)


def law_controlnet_goes_on_working() -> None:
    net = comfy.controlnet.load_controlnet(str(FOLDER / "control.safetensors"))
    hint = part("humandiffusion.pose.render").render(STANDING)
    model, positive, negative = apply()
    results = []
    for pair in ((positive, negative), (POSITIVE, NEGATIVE)):
        guided = core.ControlNetApplyAdvanced().apply_controlnet(*pair, net, hint, 1.0, 0.0, 1.0)
        results.append((guided, ksample(model, *guided)))
    assert not torch.allclose(results[0][1], ALIGNED, **CLOSE) and not torch.allclose(
        results[0][1], results[1][1], **CLOSE
    )
    later = apply(positive=results[1][0][0], negative=results[1][0][1])
    assert torch.equal(ksample(*later), results[0][1])


class Foreign:
    """What IP-Adapter packs do: one replacement for each cross-attention, with keys of its own."""

    def __init__(self, seed: int) -> None:
        self.seed, self.keys = seed, set()

    def __call__(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, options: Any) -> torch.Tensor:
        self.keys.add(k.shape[1])
        generator = torch.Generator().manual_seed(self.seed)
        own = torch.randn(len(q), 4, q.shape[-1], generator=generator)
        out = attention.optimized_attention(q, k, v, options["n_heads"])
        return out + attention.optimized_attention(q, own, own, options["n_heads"])


def replaced(model: Any, foreign: Any) -> Any:
    model = model.clone()
    for place in part("nodes.bridge.sd_model").places(MODEL.model.diffusion_model):
        model.set_model_attn2_replace(foreign, *place)
    return model


def law_another_nodes_replacement_is_chained_before_and_after() -> None:
    model, positive, negative = apply()
    foreign = Foreign(3)
    after, before = ksample(replaced(model, foreign), positive, negative), ksample(*apply(replaced(MODEL, foreign)))
    assert torch.equal(after, before) and foreign.keys == {77}, foreign.keys
    alone = ksample(replaced(MODEL, foreign), POSITIVE, NEGATIVE)
    assert not torch.allclose(after, alone, **CLOSE) and not torch.allclose(after, ALIGNED, **CLOSE)
    model, positive, negative = apply(start=0.0, end=0.0)
    assert torch.equal(ksample(replaced(model, foreign), positive, negative), alone)


def law_other_patches_of_the_context_stay() -> None:
    def longer(x: torch.Tensor, context: torch.Tensor, value: torch.Tensor, options: Any) -> Any:
        extra = torch.ones(len(context), 4, context.shape[-1])
        return x, torch.cat((context, extra), 1), torch.cat((value, extra), 1)

    model, positive, negative = apply()
    model.set_model_attn2_patch(longer)
    result = ksample(model, positive, negative)
    assert result.isfinite().all() and not torch.allclose(result, ALIGNED, **CLOSE)


def law_who_changes_the_same_attention_beyond_repair_is_refused_by_name() -> None:
    model, positive, negative = apply()
    doubled = model.clone()
    doubled.set_model_attn2_patch(
        lambda x, context, value, options: (x.repeat(2, 1, 1), context.repeat(2, 1, 1), value.repeat(2, 1, 1))
    )
    refused(lambda: ksample(doubled, positive, negative), "Apply MCA", "another node")
    tiled = model.clone()
    tiled.set_model_unet_function_wrapper(
        lambda apply_model, args: torch.cat(
            [apply_model(half, args["timestep"], **args["c"]) for half in args["input"].chunk(2, 2)], 2
        )
    )
    refused(lambda: ksample(tiled, positive, negative), "tiles")


def law_another_override_keeps_what_is_not_ours() -> None:
    seen: list[int] = []

    def override(func: Any, q: torch.Tensor, k: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        seen.append(k.shape[1])
        return func(q, k, *args, **options)

    model, positive, negative = apply()
    result = ksample(with_options(model, optimized_attention_override=override), positive, negative)
    assert torch.equal(result, ALIGNED) and 77 in seen and max(seen) == SIZE[0] * SIZE[1]


def law_attention_backends_agree() -> None:
    kept = attention.optimized_attention

    def without_masks(
        q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int, mask: Any = None, **options: Any
    ) -> torch.Tensor:
        assert mask is None, "a backend that may ignore masks was given one"
        return attention.attention_pytorch(q, k, v, heads, **options)

    without_masks.__name__ = "attention_sage"
    backends = [attention.attention_pytorch, attention.attention_split, attention.attention_sub_quad]
    try:
        for backend in [*backends, attention.wrap_attn(without_masks)]:
            attention.optimized_attention = backend
            result = ksample(*apply())
            assert torch.allclose(result, ALIGNED, rtol=5e-3, atol=5e-3), (
                backend.__name__,
                (result - ALIGNED).abs().max(),
            )
            assert torch.equal(ksample(*apply(start=0.0, end=0.0)), ksample(MODEL, POSITIVE, NEGATIVE)), (
                backend.__name__
            )
    finally:
        attention.optimized_attention = kept


def law_custom_samplers_are_ksampler() -> None:
    model, positive, negative = apply()
    (noise,) = custom.RandomNoise.execute(1).result
    (guider,) = custom.CFGGuider.execute(model, positive, negative, 4.0).result
    (sigmas,) = custom.BasicScheduler.execute(model, "normal", 2, 1.0).result
    (sampler,) = custom.KSamplerSelect.execute("euler").result
    result = custom.SamplerCustomAdvanced.execute(noise, guider, sampler, sigmas, empty()).result[0]["samples"]
    assert torch.equal(result, ALIGNED)


def law_two_passes_are_two_ksamplers_by_hand() -> None:
    model, positive, negative = apply()
    given = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    latent = empty(1, (48, 32))
    both = (
        NODES["Sampler"]
        .execute(model, STANDING, **given, passes=2, refine=0.5, positive=positive, negative=negative, latent=latent)
        .result[0]["samples"]
    )
    first = ksample(model, positive, negative, empty())
    (larger,) = core.LatentUpscaleBy().upscale({"samples": first}, "bilinear", 2.0)
    assert torch.equal(both, ksample(*apply(coarse=0.0), larger, denoise=0.5))
    once = NODES["Sampler"].execute(model, STANDING, **given, positive=positive, negative=negative).result[0]["samples"]
    assert torch.equal(once, ALIGNED)
    model, positive, negative = apply(strength=0.0)  # to compare; it is still Apply MCA's
    off = NODES["Sampler"].execute(model, STANDING, **given, positive=positive, negative=negative).result[0]["samples"]
    assert torch.equal(off, BASE)
    refused(
        lambda: NODES["Sampler"].execute(MODEL, STANDING, **given, positive=POSITIVE, negative=NEGATIVE), "Apply MCA"
    )


def law_a_picture_may_be_inpainted() -> None:
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., 6:14, :] = 1
    start = {"samples": torch.randn(1, 4, *SIZE, generator=torch.Generator().manual_seed(5)), "noise_mask": mask}
    result = ksample(*apply(), start, denoise=0.8)
    assert torch.allclose(result[..., :5, :], start["samples"][..., :5, :], atol=1e-4)


def adapter(sites: int = 7, width: int = 768, channels: tuple[int, ...] = ()) -> Any:
    """A base adapter of ViT-H, for the small U-Net unless told otherwise, from a file."""
    layouts, towers = part("humandiffusion.adapters.layouts"), part("humandiffusion.adapters.towers")
    tower = next(tower for tower in towers.TOWERS if tower.name == "ViT-H")
    layout = layouts.AdapterLayout(
        "sd15" if width == 768 else "sdxl", "base", tower, 4, width, channels or (320,) * sites
    )
    module = part("humandiffusion.adapters.part_adapter").PartAdapter(layout)
    generator = torch.Generator().manual_seed(8)
    tensors = {
        name: torch.ones(tensor.shape) if "norm" in name else torch.randn(tensor.shape, generator=generator) / 28
        for name, tensor in module.state_dict().items()
    }
    path = FOLDER / f"adapter_{sites}_{width}.safetensors"
    save_file(tensors, path)
    return part("nodes.bridge.adapters").load_adapter(str(path))


def looks(*parts: int, seed: int = 0) -> Any:
    """Features of parts as Part Encoder From CLIP and Retrieve Style give them."""
    vectors, present = torch.zeros(1, 24, 1024), torch.zeros(1, 24, dtype=torch.bool)
    for index in parts:
        generator = torch.Generator().manual_seed(seed + index)
        vectors[0, index] = torch.nn.functional.normalize(torch.randn(1024, generator=generator), dim=0)
        present[0, index] = True
    smr = part("humandiffusion.smr.features")
    return smr.PartFeatures(vectors, present, SAID, "clip-ViT-H-0123456789ab", norm=20.0)


def law_looks_make_a_difference() -> None:
    given = {"adapter": adapter(), "image_strength": 1.0}
    whole = ksample(*apply(features=looks(TOP), **given), steps=1)
    other = ksample(*apply(features=looks(TOP, seed=50), **given), steps=1)
    words = ksample(*apply(), steps=1)
    assert not torch.allclose(whole, words, **CLOSE) and not torch.allclose(whole, other, **CLOSE)
    unseen = apply(features=looks(TOP), adapter=given["adapter"], image_strength=0.0)
    assert torch.allclose(ksample(*unseen, steps=1), words, **CLOSE)
    assert len(apply(features=looks(TOP), **given)[0].get_additional_models()) == 1


def law_looks_add_what_the_published_formula_says() -> None:
    """One part that covers everything: prompt attention + scale * attention to the image tokens, in every site."""
    loaded, scale = adapter(), 0.7
    everywhere = type(STANDING)(torch.full_like(STANDING.labels, TOP))
    silent = prompts.PartPrompts(parts=(prompts.PartPrompt(TOP, "", image=torch.rand(8, 8, 3)),))
    model, positive, negative = apply(
        prompts=silent, pose=everywhere, features=looks(TOP), adapter=loaded, image_strength=scale
    )
    ours = ksample(model, positive, negative, steps=1, cfg=1.0)

    module, places = loaded.patcher.model, part("nodes.bridge.sd_model").places(MODEL.model.diffusion_model)
    tokens = module.tokens(looks(TOP).features[:, TOP] * 20.0)

    def published(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, options: Any) -> torch.Tensor:
        own = module.keys_values(places[(*options["block"], options["block_index"])], tokens)
        heads = options["n_heads"]
        return attention.optimized_attention(q, k, v, heads) + scale * attention.optimized_attention(q, *own, heads)

    by_hand = ksample(replaced(MODEL, published), POSITIVE, NEGATIVE, steps=1, cfg=1.0)
    assert torch.allclose(ours, by_hand, **CLOSE), (ours - by_hand).abs().max()


def law_two_adapters_and_a_foreign_one_work_together() -> None:
    first = apply(features=looks(TOP), adapter=adapter())
    second = apply(*first, pose=DRESSED, prompts=told(dress="silk"), features=looks(4), adapter=adapter())
    result = ksample(*second)
    assert result.isfinite().all()
    chained = ksample(replaced(second[0], Foreign(3)), *second[1:])
    assert chained.isfinite().all() and not torch.allclose(chained, result, **CLOSE)


def law_looks_hold_on_sdxl() -> None:
    model, clip = checkpoint("sdxl.safetensors")
    net = model.model.diffusion_model
    blocks = {"input": net.input_blocks, "output": net.output_blocks, "middle": [net.middle_block]}
    spatial = attention.SpatialTransformer
    channels = [
        next(layer for layer in blocks[section][block] if isinstance(layer, spatial)).transformer_blocks[i].attn2.heads
        * 64
        for section, block, i in part("nodes.bridge.sd_model").places(net)
    ]
    loaded = adapter(len(channels), 2048, tuple(channels))
    given = {"model": model, "positive": encode("a man", clip), "negative": encode("blurry", clip), "clip": clip}
    seen, words = apply(**given, features=looks(TOP), adapter=loaded), apply(**given)
    result, without = ksample(*seen, steps=1), ksample(*words, steps=1)
    assert result.isfinite().all() and not torch.allclose(result, without, **CLOSE)


def law_a_look_needs_no_words() -> None:
    loaded = adapter()
    only = apply(prompts=told(pants="blue jeans"), features=looks(TOP), adapter=loaded)
    words = apply(prompts=told(pants="blue jeans"))
    (region,) = conds.regions_of(only[1][0][1])
    assert region.parts == (TOP, 5) and not torch.allclose(ksample(*only), ksample(*words), **CLOSE)


def law_a_file_loaded_twice_is_two_models_to_move() -> None:
    first = apply(features=looks(TOP), adapter=adapter())
    second = apply(*first, features=looks(5), adapter=adapter())
    assert len(second[0].get_additional_models()) == 2


def law_an_adapter_of_another_family_is_refused() -> None:
    refused(lambda: apply(features=looks(TOP), adapter=adapter(16)), "16", "7", "SD 1.5")
    refused(lambda: apply(features=looks(TOP), adapter=adapter(7, 2048)), "2048", "768", "SD 1.5")
    refused(lambda: apply(features=looks(TOP)), "Load Adapter")


def law_the_preview_shows_whose_attention_is_where() -> None:
    model, positive, _ = apply()
    probe = part("nodes.bridge.sd_probe")
    masses, _ = probe.probe_attention(model, positive, empty(2), 0.3, 0)
    for mass in masses.values():
        assert mass.shape == (2, 4, *SIZE) and torch.allclose(mass.sum(1), torch.ones(()), atol=1e-3)
        assert not mass[:, 1, -2:].any()  # no shirt at the feet
    (image,) = NODES["AlignmentPreview"].execute(model, positive, empty(), 0.3, 0).result
    assert image.ndim == 4 and image.std() > 0.01
    refused(lambda: NODES["AlignmentPreview"].execute(model, POSITIVE, empty(), 0.3, 0), "Apply MCA")
    refused(lambda: NODES["AlignmentPreview"].execute(MODEL, positive, empty(), 0.3, 0), "Apply MCA")
    for nothing in (apply(start=0.5), apply(strength=0.0)):
        (note,) = NODES["AlignmentPreview"].execute(*nothing[:2], empty(), 0.1, 0).result
        assert note.shape[1] < 60 < note.shape[2]  # a line that says so, and no error: a run's picture is still wanted


if __name__ == "__main__":
    report(globals())
