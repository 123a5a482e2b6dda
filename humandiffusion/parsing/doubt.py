"""Doubt between garments: a skirt or the lower half of a dress, a coat or a top?"""

from torch import Tensor

from ..parts import DRESS, LEGGINGS, OUTER, PANTS, ROMPERS, SKIRT, TOP

RIVALS = (TOP, OUTER, SKIRT, DRESS, PANTS, LEGGINGS, ROMPERS)
TRUST = 0.8  # chosen on photos trained on


def resolve_doubt(shares: Tensor) -> Tensor:
    """Shares [B, P, h, w] in which each garment counts the more, the more the whole photo shows of it, so that one
    garment is not patched of two. What all of them have together in a cell stays as it was."""
    rivals = shares[:, RIVALS]
    seen = rivals.mean((2, 3), keepdim=True)
    favoured = rivals * (seen / seen.amax(1, keepdim=True).clamp_min(1e-9)).clamp_min(1e-4) ** TRUST
    favoured = favoured * rivals.sum(1, keepdim=True) / favoured.sum(1, keepdim=True).clamp_min(1e-9)
    resolved = shares.clone()
    resolved[:, RIVALS] = favoured
    return resolved
