"""Laws that hold inside ComfyUI, checked by its own interpreter: inside.py COMFYUI PACK TINY_MODELS."""

import os
from pathlib import Path
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.model_management
import comfy.samplers
import comfy_extras.nodes_model_advanced as model_nodes
import node_helpers
import torch

import nodes as core

(TINY,) = MORE
bridge = part("nodes.bridge.native_model")
MODEL, VAE = bridge.load_native_model(str(Path(TINY, "denoisers", "tiny.safetensors")))
STANDING, DRESSED = (
    part("humandiffusion.pose.presets").load_preset(name, (96, 64)) for name in ("standing-trousers", "standing-dress")
)


def features(seed: int = 0, **prompt: Any) -> Any:
    """Random features of top, pants and hair; with `prompt`, the prompt of top has these fields."""
    prompts = part("humandiffusion.prompts")
    vectors = torch.zeros(1, 24, 16)
    present = torch.zeros(1, 24, dtype=torch.bool)
    for index in (1, 5, 13):
        vectors[0, index] = torch.nn.functional.normalize(
            torch.randn(16, generator=torch.Generator().manual_seed(seed + index)), dim=0
        )
        present[0, index] = True
    told = prompts.PartPrompts(parts=(prompts.PartPrompt(1, "red shirt", **prompt),))
    return part("humandiffusion.smr.features").PartFeatures(
        features=vectors, present=present, prompts=told, encoder_id=MODEL.model.encoder_id
    )


def condition(pose: Any = STANDING, told: Any = None, **options: Any) -> tuple[Any, Any, Any]:
    given = {"width": 0, "height": 0, "batch_size": 1, **options}
    return NODES["Conditioning"].execute(told or features(), pose, **given).result


def ksample(positive: Any, negative: Any, latent: Any, model: Any = MODEL, **options: Any) -> torch.Tensor:
    given = {"seed": 1, "steps": 3, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", **options}
    return core.common_ksampler(model, positive=positive, negative=negative, latent=latent, **given)[0]["samples"]


def sampler(**options: Any) -> torch.Tensor:
    given = {
        "model": MODEL,
        "pose": STANDING,
        "seed": 1,
        "steps": 3,
        "cfg": 2.0,
        "sampler_name": "euler",
        "scheduler": "normal",
    }
    return NODES["Sampler"].execute(**{**given, "denoise": 1.0, **options}).result[0]["samples"]


def law_every_sampler_and_scheduler_runs() -> None:
    every = comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS
    pairs = [(name, "normal") for name in every[0]] + [("euler", name) for name in every[1]]
    if os.environ.get("HUMANDIFFUSION_ALL_SAMPLERS"):
        pairs = [(one, other) for one in every[0] for other in every[1]]
    conditions = condition()
    wrong = []
    for name, scheduler in pairs:
        result = ksample(*conditions, sampler_name=name, scheduler=scheduler, steps=4)
        if not bool(result.isfinite().all()) or result.shape != (1, 3, 48, 32):
            wrong.append((name, scheduler))
    assert not wrong, wrong


def law_a_batch_of_two_is_two_singles() -> None:
    pose = type(STANDING)(torch.cat((STANDING.labels, DRESSED.labels)))
    both = ksample(*condition(pose))
    for index, single in enumerate((STANDING, DRESSED)):
        positive, negative, latent = condition(single)
        # A batch's second picture has its own noise: ComfyUI names it by batch_index.
        alone = ksample(positive, negative, {**latent, "batch_index": [index]})
        assert torch.allclose(both[index], alone[0], atol=1e-4), (both[index] - alone[0]).abs().max()
    assert (both[0] - both[1]).abs().max() > 0.01


def law_a_map_or_feature_touches_its_own_picture_only() -> None:
    pose = type(STANDING)(torch.cat((STANDING.labels, STANDING.labels)))
    other = type(STANDING)(torch.cat((STANDING.labels, DRESSED.labels)))
    one, two = ksample(*condition(pose)), ksample(*condition(other))
    assert torch.allclose(one[0], two[0], atol=1e-4) and not torch.allclose(one[1], two[1], atol=1e-3)


def law_what_came_in_is_unchanged() -> None:
    positive, negative, latent = condition()
    kept = [
        positive[0][0].clone(),
        latent["samples"].clone(),
        STANDING.labels.clone(),
        set(positive[0][1]),
        set(latent),
    ]
    weights = {name: tensor.clone() for name, tensor in MODEL.model.state_dict().items()}
    sampler(features=features(), passes=2)
    ksample(positive, negative, latent)
    now = [positive[0][0], latent["samples"], STANDING.labels, set(positive[0][1]), set(latent)]
    assert all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(kept, now, strict=True))
    assert all(torch.equal(weights[name], tensor) for name, tensor in MODEL.model.state_dict().items())


def law_the_sampler_is_conditioning_and_ksampler() -> None:
    assert torch.equal(sampler(features=features()), ksample(*condition()))
    positive, negative, _ = condition()
    assert torch.equal(sampler(positive=positive), sampler(positive=positive, negative=negative))


def law_two_passes_are_two_ksamplers() -> None:
    positive, negative, latent = condition(width=128, height=192)
    half = {"samples": torch.zeros(1, 3, 48, 32)}
    first = ksample(positive, negative, half)
    (larger,) = core.LatentUpscaleBy().upscale({"samples": first}, "bilinear", 2.0)
    by_hand = ksample(positive, negative, larger, denoise=0.4)
    assert torch.equal(by_hand, sampler(features=features(), latent=latent, passes=2, refine=0.4))


def law_an_empty_latent_of_any_kind_gives_the_size() -> None:
    (empty,) = core.EmptyLatentImage().generate(128, 192)
    _, _, ours = condition(width=128, height=192)
    for passes in (1, 2):
        by_empty = sampler(features=features(), latent=empty, passes=passes)
        assert torch.equal(by_empty, sampler(features=features(), latent=ours, passes=passes))


def law_the_sampler_paints_the_map_it_is_given() -> None:
    positive, _, _ = condition(STANDING)
    assert torch.equal(sampler(positive=positive, pose=DRESSED), sampler(features=features(), pose=DRESSED))


def law_wrong_families_are_refused_by_name() -> None:
    text = [[torch.zeros(1, 77, 768), {"pooled_output": None}]]
    positive, negative, latent = condition()
    refused(lambda: ksample(text, text, latent), "HumanDiffusion Conditioning", "CLIP Text Encode")
    refused(lambda: sampler(positive=text), "positive", "Retrieve Style")
    refused(lambda: sampler(features=features(), negative=text), "negative")
    refused(lambda: sampler(), "features and positive", "neither")
    refused(lambda: sampler(features=features(), positive=positive), "both")
    refused(lambda: sampler(features=features(), denoise=0.5), "VAE Encode")
    other = foreign_model()
    refused(
        lambda: ksample(positive, negative, {"samples": torch.zeros(1, 4, 8, 8)}, model=other),
        "Load HumanDiffusion Model",
    )
    refused(lambda: sampler(model=other, features=features()), "BaseModel")
    refused(lambda: sampler(model=other, positive=text), "positive and negative")
    refused(lambda: sampler(model=other, positive=positive, negative=negative), "BaseModel")


def law_sizes_and_batches_are_refused_by_name() -> None:
    positive, negative, latent = condition()
    refused(lambda: ksample(positive, negative, {"samples": torch.zeros(1, 3, 50, 32)}), "64 x 100", "32")
    refused(lambda: ksample(positive, negative, {"samples": torch.ones(1, 4, 48, 32)}), "VAE Encode")
    pose = type(STANDING)(torch.cat((STANDING.labels, DRESSED.labels)))
    refused(lambda: ksample(*condition(pose)[:2], latent), "1 pictures for 2 maps")
    told = features()
    object.__setattr__(told, "encoder_id", "another")
    refused(lambda: ksample(*condition(told=told)), "another", MODEL.model.encoder_id)
    (joined,) = core.ConditioningConcat().concat(positive, positive)
    refused(lambda: ksample(joined, negative, latent), "Combine")


def law_a_reloaded_model_paints_the_same() -> None:
    make, given = MODEL.cached_patcher_init
    again = make(*given, disable_dynamic=True)
    assert again.model is not MODEL.model
    assert torch.equal(ksample(*condition(), model=again), ksample(*condition()))


def law_repeated_latents_repeat_the_maps() -> None:
    pose = type(STANDING)(torch.cat((STANDING.labels, DRESSED.labels)))
    positive, negative, latent = condition(pose)
    (four,) = core.RepeatLatentBatch().repeat(latent, 2)
    result = ksample(positive, negative, four)
    assert torch.equal(result, ksample(*condition(pose, batch_size=2))) and result.shape[0] == 4


def law_a_map_of_any_size_is_fitted() -> None:
    odd = part("humandiffusion.pose.presets").load_preset("standing-dress", (150, 90))
    positive, negative, latent = condition(odd)
    assert latent["samples"].shape == (1, 3, 80, 48), latent["samples"].shape
    assert ksample(positive, negative, latent).isfinite().all()
    wide = {"samples": torch.zeros(1, 3, 48, 64)}
    assert sampler(features=features(), pose=odd, latent=wide).isfinite().all()
    positive, negative, latent = condition(odd, width=128, height=96)
    assert latent["samples"].shape == wide["samples"].shape and ksample(positive, negative, latent).isfinite().all()


def law_a_latent_of_another_shape_is_refused() -> None:
    """A tiler hands over its tiles, each as a run of its own; no map of ours is cut with them."""
    positive, negative, latent = condition()
    tile = {"samples": ksample(positive, negative, latent)[..., :32, :]}
    words = "64x64 for a map of 64x96", "Crop Tiles", "Join Tiles", "HumanDiffusion Sampler"
    refused(lambda: ksample(positive, negative, tile, denoise=0.4), *words)
    wide = condition(width=128, height=96)
    refused(lambda: ksample(*wide[:2], latent), "64x96 for a map of 128x96")
    (larger,) = core.LatentUpscaleBy().upscale(latent, "bilinear", 2.0)
    assert ksample(positive, negative, larger, denoise=0.5).shape == (1, 3, 96, 64)


def law_a_tiler_inside_the_model_is_refused() -> None:
    def tiled(forward: Any, given: Any) -> torch.Tensor:
        x, half = given["input"], given["input"].shape[-2] // 2
        tiles = [forward(x[..., i : i + half, :], given["timestep"], **given["c"]) for i in (0, half)]
        return torch.cat(tiles, 2)

    model = MODEL.clone()
    model.set_model_unet_function_wrapper(tiled)
    refused(lambda: ksample(*condition(), model=model), "pieces of [24, 32]", "Crop Tiles", "Join Tiles")


def law_what_does_not_depend_on_the_step_is_made_once() -> None:
    unet = MODEL.model.diffusion_model.unet
    calls = []
    unet.prepare, kept = (lambda *args, **options: calls.append(1) or kept(*args, **options)), unet.prepare
    try:
        cached = ksample(*condition(), steps=5)
    finally:
        del unet.prepare
    assert len(calls) == 1, calls
    bare = MODEL.clone()
    bare.remove_wrappers_with_key("sampler_sample", "humandiffusion")
    assert torch.equal(cached, ksample(*condition(), model=bare, steps=5))


def law_guidance_of_one_is_the_positive_alone() -> None:
    positive, negative, latent = condition()
    assert torch.allclose(
        ksample(positive, negative, latent, cfg=1.0), ksample(positive, positive, latent, cfg=3.0), atol=1e-4
    )


def law_a_zeroed_positive_is_the_negative() -> None:
    positive, negative, latent = condition()
    (zeroed,) = core.ConditioningZeroOut().zero_out(positive)
    assert torch.equal(ksample(positive, zeroed, latent), ksample(positive, negative, latent))


def law_areas_and_combinations_run() -> None:
    positive, negative, latent = condition()
    (area,) = core.ConditioningSetAreaPercentage().append(positive, 0.6, 0.45, 0.1, 0.2, 1.0)
    assert ksample(area + positive, negative, latent).isfinite().all()
    half = torch.zeros(1, 48, 32)
    half[:, :24] = 1
    (masked,) = core.ConditioningSetMask().append(condition(told=features(7))[0], half, "default", 1.0)
    assert ksample(masked + positive, negative, latent).isfinite().all()


def law_a_part_counts_within_its_span_only() -> None:
    closed = features()
    closed.present[0, 1] = False
    assert torch.allclose(
        sampler(features=features(start=0.0, end=0.0), steps=4), sampler(features=closed, steps=4), atol=1e-3
    )
    half, whole = sampler(features=features(start=0.0, end=0.5), steps=4), sampler(features=features(), steps=4)
    assert half.isfinite().all() and not torch.allclose(half, whole, atol=1e-3)


def law_a_part_counts_by_its_weight() -> None:
    whole, some = (sampler(features=features(weight=weight)) for weight in (1.0, 0.3))
    closed = features()
    closed.present[0, 1] = False
    assert not torch.allclose(whole, some, atol=1e-4) and not torch.allclose(some, sampler(features=closed), atol=1e-4)


def law_a_negative_phrase_steers_away() -> None:
    unwanted, told = features(9), features()
    unwanted.present[0, 5:] = False
    object.__setattr__(told, "negative", unwanted)
    assert not torch.allclose(sampler(features=told), sampler(features=features()), atol=1e-4)
    assert torch.allclose(sampler(features=told, cfg=1.0), sampler(features=features(), cfg=1.0), atol=1e-5)


def law_free_alignment_and_a_dropped_map_make_a_difference() -> None:
    plain = ksample(*condition())
    for options in ({"alignment": "free"}, {"negative_without_map": True}):
        assert not torch.allclose(plain, ksample(*condition(**options)), atol=1e-4), options


def law_the_shift_may_be_changed_but_not_the_kind() -> None:
    (shifted,) = model_nodes.ModelSamplingSD3().patch(MODEL, 3.0)
    (aura,) = model_nodes.ModelSamplingAuraFlow().patch_aura(MODEL, 3.0)
    assert torch.allclose(ksample(*condition(), model=shifted), ksample(*condition(), model=aura), atol=1e-4)
    (eps,) = model_nodes.ModelSamplingDiscrete().patch(MODEL, "eps", False)
    refused(lambda: ksample(*condition(), model=eps), "flow matching")


def law_an_interrupted_run_leaves_nothing_behind() -> None:
    calls = []

    def interrupt(executor: Any, *args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            comfy.model_management.interrupt_current_processing()
        return executor(*args, **options)

    whole = ksample(*condition(), steps=6)
    stopped = MODEL.clone()
    stopped.add_wrapper_with_key("diffusion_model", "test", interrupt)
    try:
        ksample(*condition(), steps=6, model=stopped)
    except comfy.model_management.InterruptProcessingException:
        pass
    else:
        raise AssertionError("not interrupted")
    assert len(calls) < 6 and torch.equal(whole, ksample(*condition(), steps=6))


def law_a_picture_may_be_the_start() -> None:
    start = {"samples": torch.rand(1, 3, 48, 32) * 2 - 1}
    positive, negative, _ = condition()
    repainted = sampler(features=features(), latent=start, denoise=0.5)
    assert torch.equal(repainted, ksample(positive, negative, start, denoise=0.5))
    assert not torch.equal(repainted, sampler(features=features(), denoise=1.0))


def law_the_vae_is_one_to_every_node() -> None:
    image = torch.rand(2, 96, 64, 3)
    (encoded,) = core.VAEEncode().encode(VAE, image)
    area = torch.nn.functional.avg_pool2d(image.movedim(-1, 1) * 2 - 1, 2)
    assert torch.allclose(encoded["samples"], area, atol=1e-5)
    (picture,) = core.VAEDecode().decode(VAE, encoded)
    assert picture.shape == (2, 96, 64, 3) and 0 <= picture.min() and picture.max() <= 1
    (tiled,) = core.VAEDecodeTiled().decode(VAE, encoded, 64, 16)
    assert tiled.shape == picture.shape and (tiled - picture).abs().mean() < 0.1
    (tiles,) = core.VAEEncodeTiled().encode(VAE, image, 64, 16)
    assert torch.allclose(tiles["samples"], area, atol=1e-4)
    (masked,) = core.VAEEncodeForInpaint().encode(VAE, image[:1], torch.ones(1, 96, 64))
    assert sampler(features=features(), latent=masked).isfinite().all()


def law_one_batched_decode_is_two_singles() -> None:
    latent = torch.rand(2, 3, 48, 32) * 2 - 1
    both = VAE.decode(latent)
    assert all(torch.allclose(both[i], VAE.decode(latent[i : i + 1])[0], atol=1e-5) for i in range(2))


def law_conditioning_values_survive_other_nodes() -> None:
    positive, negative, latent = condition()
    changed = node_helpers.conditioning_set_values(positive, {"start_percent": 0.0, "end_percent": 1.0})
    assert torch.equal(ksample(changed, negative, latent), ksample(positive, negative, latent))


def foreign_model() -> Any:
    """A Stable-Diffusion-like MODEL with nothing in it."""
    import comfy.model_base
    import comfy.model_patcher
    import comfy.supported_models

    class Net(torch.nn.Module):
        dtype = torch.float32

        def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            return torch.zeros_like(x)

    config = comfy.supported_models.SD15({"disable_unet_model_creation": True, "in_channels": 4})
    model = comfy.model_base.BaseModel(config)
    model.diffusion_model = Net()
    return comfy.model_patcher.ModelPatcher(model, load_device=torch.device("cpu"), offload_device=torch.device("cpu"))


if __name__ == "__main__":
    report(globals())
