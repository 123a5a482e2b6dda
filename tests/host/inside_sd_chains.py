"""Laws of alignment on Stable Diffusion beside other nodes: LoRA, ControlNet, patches, samplers, adapters.

inside_sd_chains.py COMFYUI PACK FOLDER, see boot.py and sd_world.py.
"""

from typing import Any

# isort: split
from sd_world import (
    ALIGNED,
    BASE,
    CLIP,
    CLOSE,
    DRESSED,
    FOLDER,
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
    ksample,
    prompts,
    told,
    with_options,
)

# isort: split
from boot import NODES, part, refused, report

# isort: split
import comfy.controlnet
import comfy.ldm.modules.attention as attention
import comfy.sd
import comfy.utils
import comfy_extras.nodes_custom_sampler as custom
import comfy_extras.nodes_freelunch as freelunch
import comfy_extras.nodes_pag as pag
import torch
from safetensors.torch import save_file

import nodes as core


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


if __name__ == "__main__":
    report(globals())
