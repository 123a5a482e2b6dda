"""Editing with the native model, tiny and random: what changes, what does not, and what is asked of each part."""

from typing import Any

import pytest
import torch

from humandiffusion.editing.crop import check_shape
from humandiffusion.editing.masked_sampling import masked_sigmas, sample_masked
from humandiffusion.editing.native import edit_native, features_of
from humandiffusion.editing.plan import plan_edit, reshaped
from humandiffusion.editing.wishes import wish
from humandiffusion.encoders.crops import cut_mask
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FACE, HAIR, HEADWEAR, PANTS, SKIN, TOP
from humandiffusion.pose.io import load_pose
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.sampling import GRID, nearest_on_grid


@pytest.fixture(scope="module")
def pipeline(tiny_files: Any) -> Any:
    pytest.importorskip("diffusers")
    from humandiffusion.pipeline import HumanDiffusionPipeline

    return HumanDiffusionPipeline.from_files(
        model=tiny_files.model, encoder=tiny_files.encoder, memory=tiny_files.memory
    )


@pytest.fixture
def pose(tiny_files: Any) -> SemanticPose:
    return load_pose(tiny_files.pose)


PICTURE = torch.rand(1, 96, 64, 3, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("part", [TOP, PANTS, HAIR, FACE, SKIN, BACKGROUND])
@pytest.mark.parametrize("factor", [1, 3])
def test_no_bit_outside_the_mask_changes(pipeline: Any, pose: SemanticPose, part: int, factor: int) -> None:
    picture = PICTURE.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    kept = picture.clone()
    plan = plan_edit(picture, pose, part, largest=1.0, resolution=96)
    changed = edit_native(pipeline, plan, "a green shirt", steps=2)
    assert torch.equal(changed[plan.mask == 0], picture[plan.mask == 0]) and torch.equal(picture, kept)
    assert not torch.equal(changed, picture) and 0 <= changed.min() and changed.max() <= 1


def test_words_pictures_and_seeds_all_matter(pipeline: Any, pose: SemanticPose) -> None:
    plan = plan_edit(PICTURE, pose, TOP)
    cloth = torch.zeros(20, 20, 3) + torch.tensor([0.1, 0.6, 0.2])
    results = [
        edit_native(pipeline, plan, *words, steps=2, **more)
        for words, more in (
            (("a green shirt",), {}),
            (("a red coat",), {}),
            (("a green shirt",), {"seed": 5}),
            ((), {"reference": cloth}),
            (("a green shirt",), {"denoise": 0.5}),
        )
    ]
    assert all(not torch.equal(a, b) for i, a in enumerate(results) for b in results[:i])
    assert torch.equal(results[0], edit_native(pipeline, plan, "a green shirt", steps=2))


def test_the_wanted_part_goes_through_the_memory_and_the_others_stay_as_they_look(
    pipeline: Any, pose: SemanticPose
) -> None:
    plan = plan_edit(PICTURE, pose, TOP)
    features = features_of(pipeline, plan, "a green shirt", None, None)
    how = {one.part: one.how for one in features.retrieved}
    assert how[TOP] == "text" and how[PANTS] == how[HAIR] == how[BACKGROUND] == "image"
    again = features_of(pipeline, plan, "a red coat", None, None)
    assert torch.equal(features.features[:, PANTS], again.features[:, PANTS])
    crop, share = cut_mask(PICTURE[0].movedim(-1, 0), pose.labels[0] == PANTS, pipeline.encoder.crop_size)
    (own,) = pipeline.encoder.encode_image(crop[None], share[None])
    assert torch.allclose(features.features[0, PANTS], own, atol=1e-6)


def test_a_new_shape_counts_only_where_one_of_the_maps_has_the_part(pose: SemanticPose) -> None:
    new = pose.labels.clone()
    new[:, :12] = HEADWEAR  # where the hair was
    new[:, 60:] = SKIN  # no hat, so it does not count
    hat = reshaped(pose, SemanticPose(new), HEADWEAR)
    assert torch.equal(hat.labels[:, :12], new[:, :12]) and torch.equal(hat.labels[:, 12:], pose.labels[:, 12:])
    plan = plan_edit(PICTURE, pose, HEADWEAR, new_pose=SemanticPose(new))
    assert (plan.mask[:, :12] == 1).all() and not plan.mask[:, 60:].any()
    assert torch.equal(plan.after.labels, hat.labels) and torch.equal(plan.before.labels, pose.labels)


def test_without_words_a_part_keeps_its_look_in_a_new_shape_only(pipeline: Any, pose: SemanticPose) -> None:
    longer = pose.labels.clone()
    longer[:, 40:60][longer[:, 40:60] == PANTS] = TOP
    plan = plan_edit(PICTURE, pose, TOP, new_pose=SemanticPose(longer))
    features = features_of(pipeline, plan, "", None, None)
    assert {one.part: one.how for one in features.retrieved}[TOP] == "image"
    with pytest.raises(InputError, match="phrase"):
        features_of(pipeline, plan_edit(PICTURE, pose, TOP), "", None, None)
    with pytest.raises(InputError, match="phrase"):
        wish(HEADWEAR)


def test_what_is_wrong_is_refused(pipeline: Any, pose: SemanticPose) -> None:
    with pytest.raises(InputError, match="headwear, which is not in the map; wanted one of"):
        plan_edit(PICTURE, pose, HEADWEAR)
    with pytest.raises(InputError, match="neither|either"):
        plan_edit(PICTURE, pose, HEADWEAR, new_pose=pose)
    with pytest.raises(InputError, match="shape"):
        plan_edit(PICTURE[:, :64], pose, TOP)
    two = SemanticPose.stack([pose, pose])
    with pytest.raises(InputError, match="2 maps for 3 images"):
        plan_edit(PICTURE.expand(3, -1, -1, -1), two, TOP)
    with pytest.raises(InputError, match="batch of 3"):
        edit_native(pipeline, plan_edit(PICTURE.expand(3, -1, -1, -1), pose, TOP), "a coat")


def test_every_map_serves_the_picture_that_was_made_with_it() -> None:
    for height in range(64, 640, 16):
        for width in range(64, 512, 16):
            size = nearest_on_grid(height, GRID), nearest_on_grid(width, GRID)
            pose = SemanticPose(torch.full((1, height, width), TOP, dtype=torch.uint8))
            check_shape(pose, size)
    small = SemanticPose(torch.full((1, 256, 176), TOP, dtype=torch.uint8))
    assert plan_edit(torch.rand(1, 256, 192, 3), small, TOP).after.labels.shape == (1, 256, 192)
    with pytest.raises(InputError, match="same shape"):
        check_shape(small, (256, 256))


def test_masked_sampling_keeps_what_is_outside_and_is_plain_sampling_inside() -> None:
    random = torch.Generator().manual_seed(2)
    known, noise, target = (torch.randn(1, 3, 8, 8, generator=random) for _ in range(3))
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    sigmas = masked_sigmas(6, 1.0)
    result = sample_masked(lambda x, sigma, scale: target, known, noise, mask, sigmas, 1.0)
    assert torch.allclose(result[..., :4], known[..., :4], atol=1e-5)
    assert torch.allclose(result[..., 4:], target[..., 4:], atol=1e-5)
    seen: list[torch.Tensor] = []

    def look(x: torch.Tensor, sigma: torch.Tensor, scale: float) -> torch.Tensor:
        seen.append(x)
        return target

    sample_masked(look, known, noise, mask, sigmas, 1.0)
    for x, sigma in zip(seen, sigmas, strict=False):
        assert torch.allclose(x[..., :4], ((1 - sigma) * known + sigma * noise)[..., :4], atol=1e-5)


def test_less_denoise_begins_later_in_a_longer_run() -> None:
    half = masked_sigmas(10, 0.5)
    assert len(half) == 11 and abs(float(half[0]) - 0.5) < 0.06 and half[-1] == 0
    assert torch.equal(masked_sigmas(10, 1.0)[:1], torch.ones(1))
    for wrong in (0.0, 1.5):
        with pytest.raises(InputError, match="denoise"):
            masked_sigmas(10, wrong)
