"""Sampling inside a mask: what lies outside is kept at every step. As KSampler does it with a noise mask, Euler."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import InputError
from ..sampling import normal_sigmas

Denoiser = Callable[[Tensor, Tensor, float], Tensor]


def masked_sigmas(steps: int, denoise: float) -> Tensor:
    """Noise levels of `steps` steps that begin at the share `denoise` of the noise: the last of a longer run.

    Raises InputError for a share that is not above 0 and at most 1.
    """
    if not 0 < denoise <= 1:
        raise InputError(f"denoise: got {denoise}, wanted more than 0 and at most 1, which paints wholly anew")
    # KSampler's own arithmetic, so that both choose the same levels.
    whole = steps if denoise > 0.9999 else int(steps / denoise)
    return normal_sigmas(whole)[-(steps + 1) :]


@torch.no_grad()
def sample_masked(
    model: Denoiser, known: Tensor, noise: Tensor, mask: Tensor, sigmas: Tensor, guidance: float
) -> Tensor:
    """A latent [B, C, h, w] that is `known` where `mask` [B, 1, h, w] is 0 and painted anew where it is 1.

    `model(x, sigma, guidance)` predicts the clean latent; x_t = (1 - sigma) x0 + sigma noise. `sigmas` falls to 0.
    """
    kept = 1 - mask
    x = (1 - sigmas[0]) * known + sigmas[0] * noise
    for sigma, following in zip(sigmas[:-1], sigmas[1:], strict=True):
        seen = x * mask + ((1 - sigma) * known + sigma * noise) * kept
        clean = model(seen, sigma, guidance) * mask + known * kept
        x = x + (x - clean) / sigma * (following - sigma)
    return x
