"""Sigmas and starting noise."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.sampling import LARGEST_SEED, normal_sigmas, starting_noise


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


def test_noise_depends_on_the_seed_alone_and_leaves_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    first = starting_noise(5, (1, 3, 8, 8))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(3)
    assert torch.equal(first, starting_noise(5, (1, 3, 8, 8)))
    assert not torch.equal(first, starting_noise(6, (1, 3, 8, 8)))


def test_noise_is_that_of_the_global_generator_with_this_seed() -> None:
    """`comfy.sample.prepare_noise` seeds torch's global CPU generator."""
    with torch.random.fork_rng():
        expected = torch.randn(1, 3, 8, 8, generator=torch.manual_seed(17))
    assert torch.equal(starting_noise(17, (1, 3, 8, 8)), expected)


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="seed: got"):
        starting_noise(seed, (1,))
