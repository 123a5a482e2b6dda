"""The picture decoder: any size, each picture by itself, the same picture for the same latent."""

import pytest
import torch

from humandiffusion.models.decoder import DecoderConfig, PictureDecoder, picture_angle

TINY = DecoderConfig(channels=(8, 12), blocks=1, head=8, head_blocks=1, textures=2, tile=32)


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
def test_pictures_of_other_mean_colours_get_other_textures(decoder: PictureDecoder) -> None:
    angles = picture_angle(torch.cat((latents(1), latents(1) * 0.5 + 0.1)), TINY.textures)
    assert float((angles[0] - angles[1]).abs().max()) > 0.3
    assert not torch.equal(decoder(latents(1), angles[1:]), decoder(latents(1), angles[:1]))


def test_a_rounding_error_in_the_latent_hardly_turns_the_textures() -> None:
    latent = latents(1)
    assert float((picture_angle(latent + 1e-6, 8) - picture_angle(latent, 8)).abs().max()) < 1e-3


@torch.no_grad()
def test_textures_repeat_after_a_tile_so_a_shift_by_one_changes_nothing(decoder: PictureDecoder) -> None:
    angle = picture_angle(latents(1), TINY.textures)
    tile = TINY.tile
    assert torch.equal(decoder(latents(1), angle, (tile, 2 * tile)), decoder(latents(1), angle, (0, 0)))
    assert not torch.equal(decoder(latents(1), angle, (4, 8)), decoder(latents(1), angle, (0, 0)))


@torch.no_grad()
def test_runs_in_half_precision_weights_on_a_float_latent_when_layers_cast(decoder: PictureDecoder) -> None:
    half = PictureDecoder(TINY, operations=_Casting, dtype=torch.bfloat16).eval()
    half.load_state_dict(decoder.state_dict())
    assert torch.allclose(half(latents(1)), decoder(latents(1)), atol=0.05)


def test_state_dict_holds_weights_only_and_the_default_size_is_small() -> None:
    decoder = PictureDecoder(DecoderConfig())
    assert set(decoder.state_dict()) == {name for name, _ in decoder.named_parameters()}
    assert sum(p.numel() for p in decoder.parameters()) < 3.5e6


class _Casting:
    """As a host's `operations`: weights are kept in one type and cast to the input's at each call."""

    class Conv2d(torch.nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            bias = None if self.bias is None else self.bias.to(x)
            return self._conv_forward(x, self.weight.to(x), bias)
