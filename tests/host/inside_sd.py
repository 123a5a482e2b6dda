"""Laws of alignment on Stable Diffusion, inside ComfyUI: inside_sd.py COMFYUI PACK FOLDER, see boot.py, sd_world.py."""

import copy
from typing import Any

# isort: split
from sd_world import (
    ALIGNED,
    BASE,
    CLIP,
    CLOSE,
    DRESSED,
    MODEL,
    NEGATIVE,
    POSITIVE,
    SAID,
    SIZE,
    STANDING,
    TOP,
    apply,
    checkpoint,
    conds,
    empty,
    encode,
    forward,
    ksample,
    prompts,
    regions,
    told,
    with_options,
)

# isort: split
from boot import NODES, part, refused, report

# isort: split
import comfy.model_management
import comfy.samplers
import torch

import nodes as core


class Count:
    """A probe that only counts."""

    def __init__(self) -> None:
        self.places: list[Any] = []
        self.rows: set[int] = set()

    def see(self, site: Any, rows: Any, *others: Any) -> None:
        self.places.append(site.place)
        self.rows.add(len(rows))


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
