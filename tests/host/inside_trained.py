"""Laws of trained MCA adapters inside ComfyUI: inside_trained.py COMFYUI PACK FOLDER MINE, see boot.py.

FOLDER holds small random-weight files of the true layouts (sd_files.py), MINE an adapter for the small SD 1.5. There
`record.pt` is written, for diffusers to repeat.
"""

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import sd_files  # noqa: F401  (finds random_models)
from random_models import FEW_LAYERS

# isort: split
from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.sample
import comfy.samplers
import comfy.sd
import torch
from comfy_extras.nodes_model_downscale import PatchModelAddDownscale

import nodes as core

FOLDER, MINE = map(Path, MORE)
SIZE = (24, 16)  # of the latent: 192 x 128 pixels
CLOSE = {"rtol": 1e-3, "atol": 1e-3}
prompts, smr = part("humandiffusion.prompts"), part("humandiffusion.smr.features")
adapters, conds = part("nodes.bridge.adapters"), part("nodes.bridge.sd_conds")
HAIR, TOP, PANTS = (part("humandiffusion.parts").part_index(name) for name in ("hair", "top", "pants"))
STANDING, DRESSED = (
    part("humandiffusion.pose.presets").load_preset(name, (192, 128))
    for name in ("standing-trousers", "standing-dress")
)
DEFAULTS = {
    **{"strength": 1.0, "start": 0.0, "end": 1.0, "coarse": 1.0, "middle": 1.0, "fine": 1.0},
    **{"prompt_inside": 0.3, "regions": "soft", "feather": 8.0, "image_strength": 1.0},
}


@functools.cache
def checkpoint(name: str) -> tuple[Any, Any, Any]:
    path = str(FOLDER / name)
    model, clip, vae, _ = comfy.sd.load_checkpoint_guess_config(path, te_model_options=FEW_LAYERS)
    return model, clip, vae


MODEL, CLIP, VAE = checkpoint("sd15.safetensors")
ADAPTER = adapters.load_adapter(str(MINE / "mine.safetensors"))
SILENT = prompts.PartPrompts()


def encode(text: str, clip: Any = CLIP) -> Any:
    return core.CLIPTextEncode().encode(clip, text)[0]


POSITIVE, NEGATIVE = encode("a photo of a man in the street"), encode("blurry")


def found(*parts: int, seed: int = 0, batch: int = 1, **changed: Any) -> Any:
    """Features of these parts, as Retrieve Style gives them."""
    layout = ADAPTER.layout
    vectors, present = torch.zeros(batch, 24, layout.feature_dim), torch.zeros(batch, 24, dtype=torch.bool)
    for one in parts:
        generator = torch.Generator().manual_seed(seed + one)
        drawn = torch.randn(batch, layout.feature_dim, generator=generator)
        vectors[:, one], present[:, one] = torch.nn.functional.normalize(drawn, dim=1), True
    told = prompts.PartPrompts(tuple(prompts.PartPrompt(one, "red") for one in parts))
    return smr.PartFeatures(**{"features": vectors, "present": present, "prompts": told,
                               "encoder_id": layout.encoder_id, **changed})  # fmt: skip


def apply(model: Any = MODEL, positive: Any = POSITIVE, negative: Any = NEGATIVE, **options: Any) -> Any:
    given = {"clip": CLIP, "prompts": SILENT, "pose": STANDING, "adapter": ADAPTER, **DEFAULTS, **options}
    return NODES["ApplyMCA"].execute(model, positive, negative, **given).result


def empty(batch: int = 1, size: tuple[int, int] = SIZE) -> dict[str, Any]:
    return {"samples": torch.zeros(batch, 4, *size)}


def ksample(model: Any, positive: Any, negative: Any, latent: Any = None, **options: Any) -> torch.Tensor:
    given = {"seed": 1, "steps": 1, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", **options}
    return core.common_ksampler(model, positive=positive, negative=negative, latent=latent or empty(), **given)[0][
        "samples"
    ]


FEATURES = found(HAIR, TOP, PANTS)
BASE, WORN = ksample(MODEL, POSITIVE, NEGATIVE), ksample(*apply(features=FEATURES))


def law_features_and_map_make_a_difference() -> None:
    assert WORN.isfinite().all() and not torch.allclose(WORN, BASE, **CLOSE)
    for change in (
        {"features": found(HAIR, TOP, PANTS, seed=100)}, {"features": found(TOP)}, {"pose": DRESSED}, {"coarse": 0.0},
        {"fine": 0.0}, {"image_strength": 0.5}, {"strength": 0.5},
    ):  # fmt: skip
        assert not torch.equal(ksample(*apply(**{"features": FEATURES, **change})), WORN), change


def law_strength_0_or_a_step_outside_the_schedule_is_the_base_model() -> None:
    scales = {"coarse": 0.0, "middle": 0.0, "fine": 0.0}
    for off in ({"strength": 0.0}, {"image_strength": 0.0}, {"start": 0.0, "end": 0.0}, scales):
        assert torch.equal(ksample(*apply(features=FEATURES, **off)), BASE), off
    begun = ksample(MODEL, POSITIVE, NEGATIVE, steps=4, last_step=2)
    assert torch.equal(ksample(*apply(features=FEATURES, start=0.6), steps=4, last_step=2), begun)


def law_words_hold_beside_it() -> None:
    said = prompts.PartPrompts((prompts.PartPrompt(TOP, "a red plaid shirt"),))
    both = ksample(*apply(features=FEATURES, prompts=said))
    words = ksample(*apply(prompts=said, adapter=None))
    assert not torch.allclose(both, WORN, **CLOSE) and not torch.allclose(both, words, **CLOSE)
    assert torch.equal(ksample(*apply(features=FEATURES, prompts=said, image_strength=0.0)), words)


def law_a_batch_of_maps_and_features_is_its_singles() -> None:
    poses, several = [STANDING, DRESSED, STANDING], found(HAIR, TOP, PANTS, batch=3)
    both = ksample(*apply(pose=type(STANDING).stack(poses), features=several), empty(3))
    for i, pose in enumerate(poses):
        own = replace(several, features=several.features[i : i + 1], present=several.present[i : i + 1])
        single = ksample(*apply(pose=pose, features=own), {**empty(), "batch_index": [i]})
        assert torch.allclose(both[i], single[0], **CLOSE), (both[i] - single[0]).abs().max()
    refused(lambda: ksample(*apply(features=found(TOP, batch=3)), empty(2)), "2 pictures", "3")


def law_it_costs_no_forward_and_cfg_1_works() -> None:
    calls: list[int] = []

    def count(executor: Any, x: torch.Tensor, *args: Any, **options: Any) -> Any:
        calls.append(len(x))
        return executor(x, *args, **options)

    for model, *others in (apply(features=FEATURES), (MODEL, POSITIVE, NEGATIVE)):
        model = model.clone()
        model.add_wrapper_with_key("diffusion_model", "count", count)
        ksample(model, *others)
    assert calls[:1] == calls[1:] == [2], calls
    model, positive, negative = apply(features=FEATURES)
    one = ksample(model, positive, negative, cfg=1.0)
    assert torch.allclose(one, ksample(model, positive, positive, cfg=3.0), **CLOSE)


def law_the_negative_keeps_the_map_and_has_no_features_but_its_own() -> None:
    _, positive, negative = apply(features=FEATURES)
    (asked,), (unasked,) = conds.regions_of(positive[0][1]), conds.regions_of(negative[0][1])
    assert asked.features.counts.sum() == 3 and unasked.features.counts.sum() == 0 and unasked.pose is STANDING
    unwanted = replace(FEATURES, negative=found(TOP, seed=7))
    _, _, negative = apply(features=unwanted)
    (unasked,) = conds.regions_of(negative[0][1])
    assert unasked.features.counts[0].nonzero()[:, 0].tolist() == [TOP]
    assert not torch.equal(ksample(*apply(features=unwanted)), WORN)


def law_joined_timed_and_foreign_conditions_run() -> None:
    model, positive, negative = apply(features=FEATURES)
    (timed,) = core.ConditioningSetTimestepRange().set_range(positive, 0.0, 0.5)
    (area,) = core.ConditioningSetArea().append(positive, 128, 96, 0, 96, 1.0)
    for changed in (timed + POSITIVE, area + POSITIVE, positive + encode("a man " * 60)):
        assert ksample(model, changed, negative).isfinite().all()
    assert torch.equal(ksample(model, positive, negative), WORN)
    words = {"adapter": None, "prompts": prompts.PartPrompts((prompts.PartPrompt(HAIR, "red"),)), "pose": DRESSED}
    second = apply(model, positive, negative, **words)
    assert not torch.allclose(ksample(*second), WORN, **CLOSE)


def law_two_applies_are_two_people_also_of_two_adapters() -> None:
    once = apply(features=FEATURES)
    twice = ksample(*apply(*once, features=FEATURES, pose=DRESSED))
    assert not torch.allclose(twice, WORN, **CLOSE) and twice.isfinite().all()
    assert torch.allclose(ksample(*apply(*once, features=FEATURES)), WORN, **CLOSE)  # the same person twice
    again = adapters.load_adapter(str(MINE / "mine.safetensors"))
    other = ksample(*apply(*once, features=FEATURES, pose=DRESSED, adapter=again))
    assert torch.allclose(other, twice, **CLOSE)
    model, positive, negative = apply(*once, features=FEATURES, pose=DRESSED)
    assert ksample(model, positive + once[1], negative).isfinite().all()  # conditions of two maps and of one


def law_any_size_and_smaller_feature_maps_of_another_node() -> None:
    for size in ((25, 17), (26, 15), (24, 18)):
        assert ksample(*apply(features=FEATURES), empty(1, size)).shape[-2:] == size
    model, positive, negative = apply(features=FEATURES)
    (shrunk,) = PatchModelAddDownscale.execute(model, 2, 2.0, 0.0, 1.0, True, "bicubic", "bicubic").result
    assert ksample(shrunk, positive, negative).isfinite().all()


def law_every_site_and_level_of_the_net_has_its_weights() -> None:
    net, model = part("nodes.bridge.sd_model"), MODEL.model.diffusion_model
    assert net.widths(model) == (ADAPTER.layout.site_widths, ADAPTER.layout.level_widths)
    assert net.level_ends(model) == {1: 0, 3: 1}
    xl, *_ = checkpoint("sdxl.safetensors")
    assert [len(one) for one in net.widths(xl.model.diffusion_model)] == [12, 3]


def law_who_it_does_not_fit_is_refused_by_name() -> None:
    xl, clip, _ = checkpoint("sdxl.safetensors")
    others = {"positive": encode("a man", clip), "negative": encode("blurry", clip), "clip": clip}
    refused(lambda: apply(xl, features=FEATURES, **others), "mine.safetensors", "768", "2048", "SDXL")
    refused(lambda: apply(), "features", "Retrieve Style", "mine.safetensors")
    refused(lambda: apply(features=found(TOP, encoder_id="clip-x")), "clip-x", ADAPTER.layout.encoder_id)


def law_load_adapter_tells_the_kinds_apart() -> None:
    assert ADAPTER.layout.kind == "mca" and str(ADAPTER.layout).startswith("MCA adapter for SD 1.5")
    plain = [m for m in ADAPTER.patcher.model.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d)]
    assert plain and {m.weight.dtype for m in plain} == {torch.float16}
    torn = MINE / "torn.safetensors"
    torn.write_bytes((MINE / "mine.safetensors").read_bytes()[:9000])
    refused(lambda: adapters.load_adapter(str(torn)), "torn.safetensors")
    make, given = ADAPTER.patcher.cached_patcher_init
    assert make(*given, disable_dynamic=True).model is not ADAPTER.patcher.model


def law_edit_part_makes_the_features_that_it_reads() -> None:
    """Of the builtin encoder and memory, where none is connected."""
    picture = torch.rand(1, 192, 128, 3, generator=torch.Generator().manual_seed(3))
    given = {"image": picture, "pose": STANDING, "part": "top", "phrase": "a green shirt", "seed": 1, "steps": 1}
    given |= {"cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0, "grow": 4.0, "feather": 8.0}
    given |= {"model": MODEL, "vae": VAE, "clip": CLIP, "resolution": 128}
    loaded = adapters.load_adapter(str(MINE / "builtin.safetensors"))
    (plain, mask, _), (worn, *_) = (
        NODES["EditPart"].execute(**given, **more).result for more in ({}, {"adapter": loaded})
    )
    assert torch.equal(worn[mask == 0], picture[mask == 0]) and not torch.allclose(worn, plain, atol=0.01)


def law_alignment_preview_shows_the_words() -> None:
    probe = part("nodes.bridge.sd_probe").probe_attention
    said = prompts.PartPrompts((prompts.PartPrompt(TOP, "a red plaid shirt"),))
    for text, channels in ((SILENT, 1), (said, 2)):
        model, positive, _ = apply(features=FEATURES, prompts=text)
        masses, _ = probe(model, positive, empty(), 0.3, 0)
        assert masses and all(mass.shape[1] == channels for mass in masses.values())


def law_diffusers_can_repeat_it() -> None:
    """Writes what goes in and what comes out."""
    features = replace(FEATURES, negative=found(HAIR, seed=9))
    model, positive, negative = apply(features=features)
    sampling = model.get_model_object("model_sampling")
    record = {
        "noise": comfy.sample.prepare_noise(torch.zeros(1, 4, *SIZE), 1),
        "prompts": torch.cat((NEGATIVE[0][0], POSITIVE[0][0])),
        "labels": STANDING.labels,
        "features": [features.negative.features, features.features],
        "counts": [features.negative.counts, features.counts],
        "sigmas": {count: comfy.samplers.calculate_sigmas(sampling, "normal", count) for count in (1, 4)},
        "worn": {count: ksample(model, positive, negative, steps=count) for count in (1, 4)},
        "plain": {count: ksample(MODEL, POSITIVE, NEGATIVE, steps=count) for count in (1, 4)},
    }
    torch.save(record, MINE / "record.pt")


if __name__ == "__main__":
    report(globals())
