"""The picture decoder: any size, each picture by itself, the same picture for the same latent."""

import pytest
import torch

from humandiffusion.models.decoder import DecoderConfig, PictureDecoder, fixed_noise, hashed_normal

TINY = DecoderConfig(channels=(8, 12), blocks=1, head=8, head_blocks=1, noise_channels=2)


@pytest.fixture(scope="module")
def decoder() -> PictureDecoder:
    torch.manual_seed(0)
    return PictureDecoder(TINY).eval()


def latents(count: int, height: int = 16, width: int = 12, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("size", [(16, 12), (17, 13), (4, 4), (1, 30)])
@torch.no_grad()
def test_doubles_any_size(decoder: PictureDecoder, size: tuple[int, int]) -> None:
    assert decoder(latents(2, *size)).shape == (2, 3, 2 * size[0], 2 * size[1])


@torch.no_grad()
def test_the_same_latent_gives_the_same_picture_whatever_the_generator_has_drawn(decoder: PictureDecoder) -> None:
    first = decoder(latents(1))
    torch.manual_seed(99)
    assert torch.equal(decoder(latents(1)), first)


@torch.no_grad()
def test_batch_of_two_equals_two_singles(decoder: PictureDecoder) -> None:
    both = latents(2)
    singles = torch.cat([decoder(both[:1]), decoder(both[1:])])
    # Other batch sizes may sum in another order.
    assert torch.allclose(decoder(both), singles, atol=1e-5)


@torch.no_grad()
def test_latent_is_left_as_it_was(decoder: PictureDecoder) -> None:
    latent = latents(1)
    before = latent.clone()
    decoder(latent)
    assert torch.equal(latent, before)


@torch.no_grad()
def test_given_noise_replaces_the_fixed_one(decoder: PictureDecoder) -> None:
    latent = latents(1)
    sizes = decoder.noise_sizes(16, 12)
    fixed = fixed_noise(latent, sizes, TINY.noise_channels)
    assert torch.equal(decoder(latent, fixed), decoder(latent))
    assert not torch.equal(decoder(latent, [torch.zeros_like(n) for n in fixed]), decoder(latent))


def test_fixed_noise_is_like_normal_noise_and_other_for_other_pictures() -> None:
    one, other = latents(1), latents(1, seed=2)
    maps = fixed_noise(torch.cat((one, other)), [(64, 64), (32, 32)], 4)
    for noise in maps:
        assert noise.shape[:2] == (2, 4)
        assert abs(float(noise.mean())) < 0.03
        assert abs(float(noise.std()) - 1) < 0.03
    assert float((maps[0][0] - maps[0][1]).abs().mean()) > 0.3


def test_a_rounding_error_in_the_latent_hardly_moves_the_noise() -> None:
    latent = latents(1)
    moved = fixed_noise(latent + 1e-6, [(32, 32)], 4)[0] - fixed_noise(latent, [(32, 32)], 4)[0]
    assert float(moved.abs().max()) < 1e-3


def test_noise_depends_on_the_position_only_so_a_larger_map_begins_with_the_smaller() -> None:
    device = torch.device("cpu")
    assert torch.equal(hashed_normal(3, (40, 30), 0, device)[:, :16, :12], hashed_normal(3, (16, 12), 0, device))
    # A change here changes every picture.
    assert torch.allclose(hashed_normal(1, (1, 3), 0, device)[0, 0], torch.tensor(KNOWN), atol=1e-6)


def test_state_dict_holds_weights_only_and_default_size_is_within_three_million() -> None:
    with torch.device("meta"):
        decoder = PictureDecoder(DecoderConfig())
    assert set(decoder.state_dict()) == {name for name, _ in decoder.named_parameters()}
    assert sum(p.numel() for p in decoder.parameters()) < 3.1e6


KNOWN = [-0.466845, -1.014881, -0.8525]
