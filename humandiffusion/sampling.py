"""Sigmas and seeds as ComfyUI's KSampler has them for a flow model, so that both faces paint one picture.

The reference is scheduler `normal` on ComfyUI's `ModelType.FLOW` with shift 1 and multiplier 1000 (`comfy/samplers.py`,
`comfy/model_sampling.py`) and `comfy.sample.prepare_noise`. A test on the real host compares them.
"""

import torch
from torch import Tensor

from .errors import InputError

LEVELS = 1000
LARGEST_SEED = 2**64 - 1
GRID = 32


def normal_sigmas(steps: int) -> Tensor:
    """Noise levels of `steps` sampling steps: float32 [steps + 1], from 1.0 (all noise) evenly down to 0.001, then 0.

    Raises InputError for less than one step.
    """
    if steps < 1:
        raise InputError(f"steps: got {steps}, wanted 1 or more")
    timesteps = torch.linspace(float(LEVELS), 1.0, steps, dtype=torch.float32)
    return torch.cat((timesteps / LEVELS, torch.zeros(1)))


def seeded_generator(seed: int) -> torch.Generator:
    """A CPU generator whose `torch.randn(shape)` is KSampler's noise for this seed and shape.

    The global generator stays as it was. Raises InputError for a seed outside 0 to 2**64 - 1.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed: got {seed}, wanted a whole number of 0 to {LARGEST_SEED}")
    return torch.Generator("cpu").manual_seed(seed)


def starting_noise(seed: int, shape: tuple[int, ...]) -> Tensor:
    """KSampler's noise for a seed and a shape, float32 on the CPU. Raises InputError for a seed out of range."""
    return torch.randn(shape, generator=seeded_generator(seed), dtype=torch.float32)


def nearest_on_grid(side: int, grid: int = GRID) -> int:
    """The multiple of the model's grid that is nearest to a side of a picture, at least one."""
    return max(1, round(side / grid)) * grid


def check_size(height: int, width: int, grid: int = GRID) -> None:
    """Raises InputError, telling the nearest that fits, unless both sides are multiples of the model's grid."""
    if height > 0 and width > 0 and height % grid == 0 and width % grid == 0:
        return
    near = f"{nearest_on_grid(width, grid)}x{nearest_on_grid(height, grid)}"
    raise InputError(f"size: got {width}x{height} (width x height), wanted multiples of {grid}; the nearest is {near}")
