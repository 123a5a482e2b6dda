import torch

from humandiffusion.parts import BACKGROUND, FACE, NUM_PARTS, TOP
from humandiffusion.training.denoiser import denoising_loss, draw_batch, half_size
from humandiffusion.training.variants import Variants

DIM = 8


def variants(count: int = 6) -> tuple[Variants, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    occupancy = torch.zeros(count, NUM_PARTS, 12, 8, dtype=torch.uint8)
    occupancy[:, BACKGROUND] = 255
    occupancy[:, TOP, 3:9, 2:6], occupancy[:, BACKGROUND, 3:9, 2:6] = 255, 0
    queries = torch.zeros(count, NUM_PARTS, DIM, dtype=torch.float16)
    vectors = torch.nn.functional.normalize(torch.randn(count, 2, DIM, generator=draw), dim=-1)
    queries[:, [BACKGROUND, TOP]] = vectors.half()
    latent = torch.randint(0, 256, (count, 3, 48, 32), generator=draw, dtype=torch.uint8)
    features = torch.stack((queries, queries.flip(0)), 1)
    return Variants(latent, occupancy, queries, torch.arange(count)), features, torch.zeros(NUM_PARTS, DIM)


def test_the_noisy_picture_is_the_clean_one_and_noise_by_sigma():
    made, features, priors = variants()
    batch = draw_batch(made, features, priors, 64, torch.Generator().manual_seed(1), (0.0, 1.0))
    noise = (batch["x"] - (1 - batch["sigma"][:, None, None, None]) * batch["x0"]) / batch["sigma"][:, None, None, None]
    assert abs(float(noise.mean())) < 0.02 and abs(float(noise.std()) - 1) < 0.02
    assert float(batch["x0"].amin()) >= -1 and float(batch["x0"].amax()) <= 1


def test_parts_that_are_not_in_a_photo_are_never_present():
    made, features, priors = variants()
    batch = draw_batch(made, features, priors, 64, torch.Generator().manual_seed(1), (0.0, 1.0))
    others = [p for p in range(NUM_PARTS) if p not in (BACKGROUND, TOP)]
    assert batch["present"][:, others].sum() == 0
    assert 0.5 < float(batch["present"][:, TOP].mean()) < 1


def test_features_are_unit_vectors_and_the_same_seed_draws_the_same():
    made, features, priors = variants()
    seeds = [torch.Generator().manual_seed(4) for _ in range(2)]
    first, second = (draw_batch(made, features, priors, 8, seed, (0.0, 1.0)) for seed in seeds)
    assert all(torch.equal(first[name], second[name]) for name in first)
    torch.testing.assert_close(first["features"][:, TOP].norm(dim=-1), torch.ones(8), atol=1e-3, rtol=0)


def test_a_mirrored_picture_has_a_mirrored_map():
    made, features, priors = variants()
    made.latent[:] = made.occupancy[:, TOP].repeat_interleave(4, 1).repeat_interleave(4, 2)[:, None]
    made.latent[..., :4], made.occupancy[..., TOP, :, 0], made.occupancy[:, BACKGROUND, :, 0] = 255, 255, 0
    batch = draw_batch(made, features, priors, 32, torch.Generator().manual_seed(2), (0.0, 1.0))
    shown = torch.nn.functional.avg_pool2d((batch["x0"][:, :1] + 1) / 2, 4)[:, 0]
    torch.testing.assert_close(shown, batch["occupancy"][:, TOP], atol=1e-2, rtol=0)


def test_half_size_keeps_the_picture_its_noise_level_and_a_map_that_sums_to_one():
    made, features, priors = variants()
    batch = draw_batch(made, features, priors, 4, torch.Generator().manual_seed(3), (0.0, 1.0))
    small = half_size(batch)
    assert small["x"].shape[-2:] == (24, 16) and small["occupancy"].shape[-2:] == (6, 4)
    torch.testing.assert_close(small["occupancy"].sum(1), torch.ones(4, 6, 4))
    assert torch.equal(small["sigma"], batch["sigma"])


def test_the_loss_is_zero_for_the_truth_and_looks_harder_at_a_face():
    made, features, priors = variants()
    made.occupancy[:, FACE, :3, :4], made.occupancy[:, BACKGROUND, :3, :4] = 255, 0
    batch = draw_batch(made, features, priors, 4, torch.Generator().manual_seed(3), (0.0, 1.0))
    batch["occupancy"] = torch.zeros_like(batch["occupancy"])
    batch["occupancy"][:, BACKGROUND], batch["occupancy"][:, FACE, :3] = 1, 1
    batch["occupancy"][:, BACKGROUND, :3] = 0
    assert float(denoising_loss(batch["x0"], batch)) == 0
    face, ground = batch["x0"].clone(), batch["x0"].clone()
    face[..., :12, :] += 0.1
    ground[..., 12:24, :] += 0.1
    assert float(denoising_loss(face, batch)) > 2 * float(denoising_loss(ground, batch))
