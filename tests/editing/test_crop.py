"""A crop carries picture, map and keypoints; put back, it changes nothing outside the mask."""

import pytest
import torch

from humandiffusion.editing.crop import Crop, crop_around, crop_mask, crop_picture, crop_pose, uncrop
from humandiffusion.editing.mask import part_mask
from humandiffusion.editing.plan import plan_edit
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FOOTWEAR, HAIR, PANTS, PARTS, TOP
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose

STANDING = load_preset("standing-trousers")
random = torch.Generator().manual_seed(0)


def _picture(height: int = 384, width: int = 256, channels: int = 3, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, height, width, channels, generator=random)


@pytest.mark.parametrize("part", [TOP, PANTS, HAIR, FOOTWEAR])
@pytest.mark.parametrize("options", [{}, {"context": 0.0}, {"largest": 1.0}, {"resolution": 128}, {"grid": 64}])
def test_the_box_holds_the_mask_and_the_size_is_on_the_grid(part: int, options: dict[str, float]) -> None:
    mask = part_mask(STANDING, part)
    crop = crop_around(mask, **options)
    top, left, bottom, right = crop.inside
    inside = torch.zeros_like(mask)
    inside[:, top:bottom, left:right] = 1
    assert not (mask * (1 - inside)).any()
    assert crop.size[0] % options.get("grid", 32) == 0 == crop.size[1] % options.get("grid", 32)
    assert abs(crop.size[0] / crop.box[0] - crop.size[1] / crop.box[1]) < 0.02 * crop.scale, "nothing is squashed"
    assert crop.scale <= options.get("largest", 99)


def test_the_size_is_about_the_resolution() -> None:
    large = load_preset("standing-trousers", (1536, 1024))
    for part in (TOP, HAIR, PANTS):
        crop = crop_around(part_mask(large, part), resolution=512, grid=64)
        assert 0.9 * 512**2 <= crop.size[0] * crop.size[1] <= 1.5 * 512**2


def test_a_small_part_is_shown_with_more_around_it_rather_than_enlarged() -> None:
    mask = part_mask(STANDING, FOOTWEAR)
    near, wide = crop_around(mask), crop_around(mask, largest=1.0)
    assert near.scale > 1.5 and wide.box == wide.size == (384, 256)


def test_a_box_stays_inside_the_picture_where_it_fits() -> None:
    crop = crop_around(part_mask(STANDING, FOOTWEAR), context=0.2, resolution=128)
    assert crop.padding == (0, 0, 0, 0) and crop.inside[2] <= 384


def test_a_picture_that_is_too_small_is_padded() -> None:
    mask = torch.zeros(1, 40, 30)
    mask[:, 2:38, 2:28] = 1
    crop = crop_around(mask, largest=1.0, grid=32)
    assert crop.size == crop.box == (64, 32) and sum(crop.padding) == 26
    picture = _picture(40, 30)
    cut = crop_picture(picture, crop)
    left, top, _, _ = crop.padding
    assert torch.equal(cut[:, top : top + 40, left : left + 30], picture)
    assert torch.equal(cut[:, 0, left : left + 30], picture[:, 0]), "its edge goes on"
    pose = crop_pose(SemanticPose(torch.full((1, 40, 30), TOP, dtype=torch.uint8)), crop)
    assert (pose.labels == TOP).sum() == 40 * 30 and (pose.labels[:, 0] == BACKGROUND).all()
    assert crop_mask(mask, crop).sum() == mask.sum()


def test_a_crop_put_back_unchanged_is_the_picture() -> None:
    picture = _picture()
    crop = crop_around(part_mask(STANDING, TOP), context=0.2, resolution=192, largest=1.0)
    assert crop.box == crop.size
    assert torch.equal(uncrop(picture, crop, crop_picture(picture, crop), torch.ones(1, 384, 256)), picture)


@pytest.mark.parametrize("options", [{}, {"largest": 1.0}, {"resolution": 64}])
@pytest.mark.parametrize("channels", [3, 4])
def test_outside_the_mask_every_pixel_is_bit_identical(options: dict[str, float], channels: int) -> None:
    for part in (TOP, FOOTWEAR):
        picture, mask = _picture(channels=channels), part_mask(STANDING, part)
        kept = picture.clone()
        crop = crop_around(mask, **options)
        result = uncrop(picture, crop, torch.rand(1, *crop.size, 3, generator=random), mask)
        assert torch.equal(result[mask == 0], picture[mask == 0]) and torch.equal(picture, kept)
        assert torch.equal(result[..., 3:], picture[..., 3:]), "transparency is nobody's part"
        changed = (result[..., :3] != picture[..., :3]).any(-1)
        assert changed[mask == 1].float().mean() > 0.99


def test_a_patch_that_is_no_number_stays_inside_the_mask() -> None:
    picture, mask = _picture(), part_mask(STANDING, TOP)
    crop = crop_around(mask)
    result = uncrop(picture, crop, torch.full((1, *crop.size, 3), float("nan")), mask)
    assert torch.equal(result[mask == 0], picture[mask == 0])


def test_the_map_goes_with_the_picture() -> None:
    """A picture that is the map's colours is, cut and enlarged, what the cut map's colours are, edges aside."""
    colours = torch.tensor([part.colour for part in PARTS]).float() / 255
    picture = colours[STANDING.labels.long()]
    for part in (TOP, FOOTWEAR):
        crop = crop_around(part_mask(STANDING, part), context=0.3)
        assert crop.scale > 1.2
        cut, pose = crop_picture(picture, crop), crop_pose(STANDING, crop)
        near = (cut - colours[pose.labels.long()]).abs().amax(-1) < 0.02
        assert near.float().mean() > 0.9


def test_keypoints_go_with_the_map() -> None:
    crop = crop_around(part_mask(STANDING, TOP), context=0.3, resolution=313)
    (whole,), (cut,) = STANDING.keypoints[0], crop_pose(STANDING, crop).keypoints[0]
    seen = cut.body[:, 2] > 0
    assert 4 <= seen.sum() < 18
    back = cut.body[:, :2] / crop.scale + torch.tensor([crop.left, crop.top])
    assert torch.allclose(back[seen], whole.body[seen, :2], atol=0.5)


def test_soft_edges_go_with_the_map() -> None:
    shares = torch.rand(1, 24, 48, 32, generator=random)
    pose = SemanticPose(STANDING.labels[:, ::8, ::8].contiguous(), shares / shares.sum(1, keepdim=True))
    cut = crop_pose(pose, Crop((48, 32), -8, 4, (32, 16), (64, 32)))
    assert cut.soft.shape == (1, 24, 64, 32) and torch.allclose(cut.soft.sum(1), torch.ones(1, 64, 32), atol=1e-5)


def test_a_map_of_another_size_fits_and_one_of_another_shape_is_refused() -> None:
    crop = crop_around(part_mask(load_preset("standing-trousers", (768, 512)), TOP))
    assert crop_pose(STANDING, crop).present()[0, TOP]
    with pytest.raises(InputError, match="256x384 for a picture of 512x512"):
        crop_pose(STANDING, Crop((512, 512), 0, 0, (512, 512), (512, 512)))


def test_one_patch_serves_a_batch_and_another_count_is_refused() -> None:
    mask = part_mask(STANDING, TOP)
    crop = crop_around(mask)
    patch = torch.rand(1, *crop.size, 3)
    assert len(uncrop(_picture(batch=3), crop, patch, mask)) == 3
    with pytest.raises(InputError, match="3 images, 2 patches"):
        uncrop(_picture(batch=3), crop, patch.expand(2, -1, -1, -1), mask)
    doubled = patch.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert torch.allclose(*(uncrop(torch.zeros(1, 384, 256, 3), crop, one, mask) for one in (patch, doubled)), atol=0.3)
    with pytest.raises(InputError, match="shape"):
        uncrop(_picture(), crop, patch[:, ::2], mask)
    with pytest.raises(InputError, match="image: got 128x384"):
        uncrop(_picture(width=128), crop, patch, mask)


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        crop_around(torch.zeros(1, 64, 64))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_picture_without_colours_is_refused_by_the_name_of_the_input(channels: int) -> None:
    grey = torch.rand(1, 384, 256, channels)
    crop = crop_around(part_mask(STANDING, TOP))
    for edit in (lambda: plan_edit(grey, STANDING, TOP), lambda: crop_picture(grey, crop)):
        with pytest.raises(InputError, match=f"image: got a picture of {channels} channels, wanted red, green"):
            edit()
