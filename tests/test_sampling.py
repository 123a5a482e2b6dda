"""Sigmas, seeds and sizes."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.sampling import LARGEST_SEED, check_size, nearest_on_grid, normal_sigmas, starting_noise


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50])
def test_sigmas_fall_from_all_noise_to_none(steps: int) -> None:
    sigmas = normal_sigmas(steps)
    assert sigmas.shape == (steps + 1,)
    assert sigmas[0] == 1 and sigmas[-1] == 0
    assert (sigmas.diff() < 0).all()


def test_four_steps_are_those_of_ksampler_normal() -> None:
    """From ComfyUI 0.33.0: calculate_sigmas(ModelSamplingDiscreteFlow(), "normal", 4); equal to the last bit there."""
    expected = torch.tensor([1.0, 0.6669999957084656, 0.33399999141693115, 0.0010000000474974513, 0.0])
    assert torch.equal(normal_sigmas(4), expected)


def test_no_step_is_refused() -> None:
    with pytest.raises(InputError, match="steps: got 0"):
        normal_sigmas(0)


def test_noise_is_that_of_the_global_generator_with_this_seed_which_stays_untouched() -> None:
    """`comfy.sample.prepare_noise` seeds torch's global CPU generator."""
    with torch.random.fork_rng():
        expected = torch.randn(1, 3, 8, 8, generator=torch.manual_seed(17))
    before = torch.random.get_rng_state()
    assert torch.equal(starting_noise(17, (1, 3, 8, 8)), expected)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="seed: got"):
        starting_noise(seed, (1,))


@pytest.mark.parametrize("size", [(0, 64), (64, -32), (65, 64), (64, 48)])
def test_size_off_the_grid_is_refused_and_the_nearest_told(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="the nearest is [0-9]+x[0-9]+"):
        check_size(*size)


def test_the_nearest_size_on_the_grid_is_at_least_one_cell() -> None:
    assert [nearest_on_grid(side) for side in (1, 32, 47, 49, 750, 1101)] == [32, 32, 32, 64, 736, 1088]


def test_any_multiple_of_the_grid_is_a_size() -> None:
    check_size(384, 256)
    check_size(32, 32)
