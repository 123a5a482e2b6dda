import pytest
import torch

from humandiffusion.models.blocks import zero_residuals
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.unet import HumanUNet
from humandiffusion.parts import NUM_PARTS, PANTS, RING, TOP

TINY = DenoiserConfig(
    stem_channels=16, channels=(16, 32), encoder_blocks=1, decoder_blocks=1, time_width=32, feature_dim=8,
    token_width=16, token_heads=2, head_width=16, spade_hidden=8,
)  # fmt: skip


def unet(config: DenoiserConfig = TINY) -> HumanUNet:
    torch.manual_seed(0)
    return HumanUNet(config).eval()


def inputs(batch: int = 1) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    labels = torch.zeros(batch, NUM_PARTS, 32, 24)
    labels[:, 0] = 1
    labels[:, 0, 4:28, 8:16] = 0
    labels[:, TOP, 4:16, 8:16] = 1
    labels[:, PANTS, 16:28, 8:16] = 1
    return {
        "x": torch.randn(batch, 3, 32, 24, generator=draw),
        "sigma": torch.rand(batch, generator=draw),
        "occupancy": labels,
        "features": torch.nn.functional.normalize(torch.randn(batch, NUM_PARTS, 8, generator=draw), dim=-1),
        "present": torch.ones(batch, NUM_PARTS),
    }


@torch.no_grad()
def test_what_comes_out_has_the_shape_of_the_latent():
    given = inputs(2)
    assert unet()(**given).shape == given["x"].shape


@torch.no_grad()
def test_a_fresh_model_with_zeroed_residuals_does_not_know_its_parts():
    model, given = unet(), inputs()
    zero_residuals(model)
    before = model(**given)
    given["features"][:, TOP] = -given["features"][:, TOP]
    # The coarse path scales and shifts inside residual branches, which are zero as well.
    torch.testing.assert_close(before, model(**given))


@torch.no_grad()
def test_prepared_once_equals_prepared_every_time():
    model, given = unet(), inputs()
    given["sigma"].fill_(0.4)
    context = model.prepare(given["occupancy"], given["features"], given["present"], size=(32, 24))
    assert torch.equal(model.denoise(given["x"], given["sigma"], context), model(**given))


@torch.no_grad()
def test_a_batch_equals_its_singles():
    model, given = unet(), inputs(3)
    given["features"][1] = given["features"][1].flip(0)
    given["occupancy"][2] = given["occupancy"][2].flip(-1)
    batch = model(**given)
    for i in range(3):
        single = model(**{name: value[i : i + 1] for name, value in given.items()})
        torch.testing.assert_close(batch[i : i + 1], single, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_a_part_that_is_not_in_the_map_changes_nothing():
    model, given = unet(), inputs()
    before = model(**given)
    given["features"][:, RING] += 3
    assert torch.equal(before, model(**given))


@torch.no_grad()
def test_a_feature_changes_the_picture_and_an_absent_one_does_not():
    model, given = unet(), inputs()
    before = model(**given)
    given["features"][:, TOP] = -given["features"][:, TOP]
    assert not torch.allclose(before, model(**given))
    given["present"][:, TOP] = 0
    absent = model(**given)
    given["features"][:, TOP] = 0.5
    assert torch.equal(absent, model(**given))


@torch.no_grad()
def test_mode_free_opens_every_part_to_every_cell():
    model, given = unet(), inputs()
    assert not torch.allclose(model(**given, mode="free"), model(**given, mode="region"))


@torch.no_grad()
@pytest.mark.parametrize("size", [(8, 8), (40, 24), (64, 56)])
def test_any_size_on_the_grid(size: tuple[int, int]):
    model, given = unet(), inputs()
    x = torch.randn(1, 3, *size)
    occupancy = torch.nn.functional.interpolate(given["occupancy"], size, mode="nearest-exact")
    assert model(x, given["sigma"], occupancy, given["features"], given["present"]).shape == x.shape


@torch.no_grad()
def test_an_empty_map_and_no_features_are_finite():
    model, given = unet(), inputs()
    given["occupancy"].zero_()
    given["occupancy"][:, 0] = 1
    given["present"].zero_()
    assert torch.isfinite(model(**given)).all()


@torch.no_grad()
def test_high_noise_is_denoised_at_half_size_and_low_noise_at_full_size():
    model, given = unet(), inputs(2)
    context = model.prepare(given["occupancy"], given["features"], given["present"], size=(32, 24))
    high, low = torch.full((2,), 0.9), torch.full((2,), 0.2)
    coarse, fine = model.denoise(given["x"], high, context), model.denoise(given["x"], low, context)
    assert coarse.shape == fine.shape == given["x"].shape
    mixed = model.denoise(given["x"], torch.tensor([0.9, 0.2]), context)
    torch.testing.assert_close(mixed, torch.cat((coarse[:1], fine[1:])), atol=2e-5, rtol=1e-4)
    assert torch.equal(fine, model(**{**given, "sigma": low}))


@torch.no_grad()
def test_at_half_size_the_prediction_is_that_of_the_pooled_picture():
    model = unet()
    draw = torch.Generator().manual_seed(5)
    occupancy = torch.zeros(1, NUM_PARTS, 32, 32)
    occupancy[:, 0, :, :16], occupancy[:, TOP, :, 16:] = 1, 1
    x, features = torch.randn(1, 3, 32, 32, generator=draw), torch.randn(1, NUM_PARTS, 8, generator=draw)
    present, sigma = torch.ones(1, NUM_PARTS), torch.tensor([0.8])
    context = model.prepare(occupancy, features, present, size=(32, 32))
    pooled = torch.nn.functional.avg_pool2d
    small = model(pooled(x, 2), sigma, pooled(occupancy, 2), features, present)
    expected = torch.nn.functional.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
    torch.testing.assert_close(model.denoise(x, sigma, context), expected)


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_weights_give_nearly_the_same_picture(dtype: torch.dtype):
    model, given = unet(), inputs()
    full = model(**given)
    half = model.to(dtype)(**{name: value.to(dtype) if name != "sigma" else value for name, value in given.items()})
    assert half.dtype == dtype
    assert float((half.float() - full).norm() / full.norm()) < 0.05
