"""The diffusers pipeline, on tiny random weights."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    UniPCMultistepScheduler,
)

from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, TOP
from humandiffusion.pipeline import HumanDiffusionPipeline
from humandiffusion.pose.io import load_pose
from humandiffusion.pose.occupancy import occupancy
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.sampling import normal_sigmas, seeded_generator, starting_noise
from humandiffusion.smr.features import PartFeatures

TEXT = "a woman in a red shirt and blue jeans"
FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}


@pytest.fixture(scope="module")
def loaded(tiny_files: Any) -> HumanDiffusionPipeline:
    files = {"model": tiny_files.model, "encoder": tiny_files.encoder, "memory": tiny_files.memory}
    return HumanDiffusionPipeline.from_files(**files)


@pytest.fixture
def pipeline(loaded: HumanDiffusionPipeline) -> HumanDiffusionPipeline:
    """Its networks are shared by the tests, its scheduler is its own."""
    made = HumanDiffusionPipeline(**{**loaded.components, "scheduler": FlowMatchEulerDiscreteScheduler()})
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture
def pose(tiny_files: Any) -> SemanticPose:
    return load_pose(tiny_files.pose)


def latents_of(pipeline: HumanDiffusionPipeline, *arguments: Any, seed: int = 1, steps: int = 3, **options: Any) -> Any:
    made = pipeline(
        *arguments, num_inference_steps=steps, generator=seeded_generator(seed), output_type="latent", **options
    )
    return made.images


def test_the_same_seed_and_inputs_give_the_same_picture(pipeline: Any, pose: SemanticPose) -> None:
    first, again = latents_of(pipeline, TEXT, pose), latents_of(pipeline, TEXT, pose)
    assert torch.equal(first, again)
    assert not torch.equal(first, latents_of(pipeline, TEXT, pose, seed=2))
    assert not torch.equal(first, latents_of(pipeline, "a woman in a green dress", pose))


def test_sampling_is_ksampler_euler_normal(pipeline: Any, pose: SemanticPose) -> None:
    """x + (x - x0) / sigma (sigma' - sigma) with x0 = null + (told - null) cfg, from its noise. 1e-5: rounding."""
    found = pipeline.retrieve(TEXT)
    unet = pipeline.unet.net
    x = starting_noise(1, (1, 3, 48, 32))
    shares = occupancy(pose, (48, 32))
    told = unet.prepare(shares, found.features, found.present, size=(48, 32))
    null = unet.prepare(shares, found.features * 0, found.present & False, size=(48, 32))
    sigmas = normal_sigmas(3)
    with torch.no_grad():
        for sigma, after in zip(sigmas[:-1], sigmas[1:], strict=True):
            told_x0, null_x0 = unet.denoise(x, sigma[None], told), unet.denoise(x, sigma[None], null)
            x0 = null_x0 + (told_x0 - null_x0) * 2.0
            x = x + (x - x0) / sigma * (after - sigma)
    torch.testing.assert_close(latents_of(pipeline, TEXT, pose), x, rtol=0, atol=1e-5 * float(x.abs().max()))


def test_a_batch_of_different_maps_and_texts_equals_singles(pipeline: Any, pose: SemanticPose) -> None:
    """To 1e-5 of the largest value: a batch may sum in another order."""
    other = SemanticPose(pose.labels.flip(2).clone())
    texts = [TEXT, "a man in a green coat"]
    both = pipeline(
        texts,
        [pose, other],
        num_inference_steps=3,
        generator=[seeded_generator(1), seeded_generator(2)],
        output_type="latent",
    ).images
    singles = [latents_of(pipeline, texts[0], pose, seed=1), latents_of(pipeline, texts[1], other, seed=2)]
    torch.testing.assert_close(both, torch.cat(singles), rtol=0, atol=1e-5 * float(both.abs().max()))


def test_one_map_serves_many_texts(pipeline: Any, pose: SemanticPose) -> None:
    made = pipeline([TEXT, "a man in a green coat", "a nurse"], pose, num_inference_steps=1)
    assert [picture.size for picture in made.images] == [(64, 96)] * 3 and len(made.features) == 3


@pytest.mark.parametrize("height, width", [(64, 64), (96, 128), (128, 32)])
def test_any_size_on_the_grid(pipeline: Any, pose: SemanticPose, height: int, width: int) -> None:
    made = pipeline(TEXT, pose, height=height, width=width, num_inference_steps=1, output_type="pt")
    assert made.images.shape == (1, 3, height, width)
    assert 0 <= made.images.min() and made.images.max() <= 1


def test_a_map_off_the_grid_gives_the_nearest_size(pipeline: Any, pose: SemanticPose) -> None:
    odd = SemanticPose(pose.labels[:, :90, :60].contiguous())
    assert pipeline(TEXT, odd, num_inference_steps=1).images[0].size == (64, 96)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"height": 100}, "size: got .* wanted multiples of 32"),
        ({"output_type": "jpg"}, "output_type"),
        ({"mode": "both"}, "mode"),
        ({"num_inference_steps": 0}, "steps: got 0"),
        ({"latents": torch.zeros(1, 4, 8, 8)}, "latents: got shape"),
        ({"generator": [seeded_generator(1)] * 2}, "generator: got 2"),
        ({"callback_on_step_end_tensor_inputs": ["prompt_embeds"]}, "callback_on_step_end_tensor_inputs"),
    ],
)
def test_wrong_options_are_refused_by_name(pipeline: Any, pose: SemanticPose, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        pipeline(TEXT, pose, **options)


@pytest.mark.parametrize("prompt", ["", "  ", PartPrompts(), []])
def test_a_prompt_that_says_nothing_is_refused(pipeline: Any, pose: SemanticPose, prompt: Any) -> None:
    with pytest.raises(InputError, match="prompt"):
        pipeline(prompt, pose)


def test_two_prompts_and_three_maps_are_refused(pipeline: Any, pose: SemanticPose) -> None:
    with pytest.raises(InputError, match="2 prompts and 3 maps"):
        pipeline([TEXT, TEXT], [pose, pose, pose])


def test_saved_and_loaded_it_paints_the_same_picture(pipeline: Any, pose: SemanticPose, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "saved")
    again = HumanDiffusionPipeline.from_pretrained(tmp_path / "saved")
    again.set_progress_bar_config(disable=True)
    assert torch.equal(latents_of(pipeline, TEXT, pose), latents_of(again, TEXT, pose))
    assert not list((tmp_path / "saved").rglob("*.bin"))


def test_weights_that_are_not_safetensors_are_not_loaded(pipeline: Any, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "saved")
    weights = tmp_path / "saved" / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(pipeline.unet.state_dict(), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(OSError):
        HumanDiffusionPipeline.from_pretrained(tmp_path / "saved")


@pytest.mark.parametrize(
    "scheduler",
    [FlowMatchHeunDiscreteScheduler(), DPMSolverMultistepScheduler(**FLOW), UniPCMultistepScheduler(**FLOW)],
    ids=lambda scheduler: type(scheduler).__name__,
)
def test_every_flow_scheduler_arrives_where_a_sure_model_points(pipeline: Any, pose: Any, scheduler: Any) -> None:
    """If x0 is always the same, the path is a straight line: a solver leaves it only if it is told a wrong sigma."""
    unet = copy.deepcopy(pipeline.unet)
    unet.net.head_out.weight.data.zero_()
    unet.net.head_out.bias.data.fill_(0.5)
    pipeline.register_modules(unet=unet, scheduler=scheduler)
    arrived = latents_of(pipeline, TEXT, pose, steps=6, guidance_scale=1.0)
    torch.testing.assert_close(arrived, torch.full_like(arrived, 0.5), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    "scheduler",
    [
        DDIMScheduler(),
        DPMSolverMultistepScheduler(),
        FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        FlowMatchEulerDiscreteScheduler(invert_sigmas=True),
    ],
    ids=lambda scheduler: type(scheduler).__name__,
)
def test_other_schedulers_are_refused_by_name(pipeline: Any, pose: SemanticPose, scheduler: Any) -> None:
    pipeline.scheduler = scheduler
    with pytest.raises(InputError, match=f"scheduler: got {type(scheduler).__name__}"):
        pipeline(TEXT, pose)


def test_callbacks_see_change_and_stop(pipeline: Any, pose: SemanticPose) -> None:
    seen = []

    def watch(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        seen.append(step)
        pipe._interrupt = step == 1
        return {"latents": torch.zeros_like(tensors["latents"])}

    assert not latents_of(pipeline, TEXT, pose, steps=4, callback_on_step_end=watch).any()
    assert seen == [0, 1]


def test_guidance_of_one_asks_the_model_once_a_step(pipeline: Any, pose: SemanticPose) -> None:
    rows = []
    pipeline.unet.net.stem1.register_forward_hook(lambda module, inputs, output: rows.append(len(output)))
    latents_of(pipeline, TEXT, pose, steps=2, guidance_scale=1.0)
    latents_of(pipeline, TEXT, pose, steps=2, guidance_scale=3.0)
    assert rows == [1, 1, 2, 2]


def test_modes_and_the_dropped_map_make_a_difference(pipeline: Any, pose: SemanticPose) -> None:
    usual = latents_of(pipeline, TEXT, pose)
    assert not torch.equal(usual, latents_of(pipeline, TEXT, pose, mode="free"))
    assert not torch.equal(usual, latents_of(pipeline, TEXT, pose, drop_map=True))
    alone = latents_of(pipeline, TEXT, pose, guidance_scale=1.0)
    assert torch.equal(alone, latents_of(pipeline, TEXT, pose, guidance_scale=1.0, drop_map=True))


def test_a_part_outside_its_start_and_end_is_absent(pipeline: Any, pose: SemanticPose) -> None:
    always = pipeline.retrieve(PartPrompts((PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "blue jeans"))))

    def within(start: float, end: float) -> PartFeatures:
        return replace(always, prompts=always.prompts.with_part(PartPrompt(TOP, "red shirt", start=start, end=end)))

    present = always.present.clone()
    present[:, TOP] = False
    never = latents_of(pipeline, replace(always, present=present), pose)
    assert torch.equal(never, latents_of(pipeline, within(0.9995, 1.0), pose))  # the last sigma is 0.001
    usual, late = latents_of(pipeline, always, pose), latents_of(pipeline, within(0.4, 1.0), pose)
    assert torch.equal(usual, latents_of(pipeline, within(0.0, 1.0), pose))
    assert not torch.equal(late, never) and not torch.equal(late, usual)


def test_nothing_that_came_in_is_changed(pipeline: Any, pose: SemanticPose) -> None:
    labels, latents = pose.labels.clone(), starting_noise(1, (1, 3, 48, 32))
    features = pipeline.retrieve(TEXT)
    kept, noise = features.features.clone(), latents.clone()
    pipeline(features, pose, latents=latents, num_inference_steps=2)
    assert torch.equal(pose.labels, labels) and torch.equal(latents, noise) and torch.equal(features.features, kept)


def test_features_of_another_encoder_are_refused(pipeline: Any, pose: SemanticPose) -> None:
    strange = replace(pipeline.retrieve(TEXT), encoder_id="clip")
    with pytest.raises(InputError, match="part features: made by the part encoder clip"):
        pipeline(strange, pose)
