"""Sigmas and starting noise as ComfyUI's KSampler makes them for a flow model, so that both faces paint one picture.

The reference is scheduler `normal` on ComfyUI's `ModelType.FLOW` with shift 1 and multiplier 1000 (`comfy/samplers.py`,
`comfy/model_sampling.py`) and `comfy.sample.prepare_noise`. A test on the real host compares them.
"""

import torch
from torch import Tensor

from .errors import InputError

LEVELS = 1000
LARGEST_SEED = 2**64 - 1


def normal_sigmas(steps: int) -> Tensor:
    """Noise levels of `steps` sampling steps: float32 [steps + 1], from 1.0 (all noise) evenly down to 0.001, then 0.

    Raises InputError for less than one step.
    """
    if steps < 1:
        raise InputError(f"steps: got {steps}, wanted 1 or more")
    timesteps = torch.linspace(float(LEVELS), 1.0, steps, dtype=torch.float32)
    return torch.cat((timesteps / LEVELS, torch.zeros(1)))


def starting_noise(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Normal noise, float32 on the CPU, that depends on the seed and the shape alone; the global generator stays as it was.

    Raises InputError for a seed outside 0 to 2**64 - 1.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed: got {seed}, wanted a whole number of 0 to {LARGEST_SEED}")
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32)
