"""Blocks of the denoiser: RES, and SRES with SPADE (Park et al. 2019; as a diffusion block, Wang et al., SDM, 2022)."""

from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import norm32, split_heads

Modulation = tuple[Tensor, Tensor]


def zero_residuals(model: nn.Module) -> None:
    """Zero the last layer of every residual branch, so that a fresh model starts from its trunk alone."""
    for module in model.modules():
        for name in getattr(module, "ZEROED", ()):
            layer = getattr(module, name)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)


class ResBlock(nn.Module):
    """RES: norm, SiLU, conv; norm scaled and shifted by t', SiLU, zero-initialised conv; plus the input."""

    ZEROED = ("conv2",)

    def __init__(
        self,
        before: int,
        after: int,
        time_width: int,
        *,
        operations: ModuleType | Any = torch.nn,
        affine: bool = True,
        **factory: Any,
    ) -> None:
        super().__init__()
        norm = (
            operations if affine else nn
        )  # a norm without weights has nothing to cast, and ComfyUI's cannot be without
        self.norm1 = norm.GroupNorm(16, before, affine=affine, **factory)
        self.conv1 = operations.Conv2d(before, after, 3, padding=1, **factory)
        self.time = operations.Linear(time_width, 2 * after, **factory)
        self.norm2 = norm.GroupNorm(16, after, affine=affine, **factory)
        self.conv2 = operations.Conv2d(after, after, 3, padding=1, **factory)
        self.skip = operations.Conv2d(before, after, 1, **factory) if before != after else nn.Identity()

    def forward(self, x: Tensor, time: Tensor, modulation: tuple[Modulation, Modulation] | None = None) -> Tensor:
        """x [B, C, h, w], activated t' [B, width]; `modulation` is SRES's, from `SpadeBlock.modulate`."""
        first, second = modulation if modulation is not None else (None, None)
        scale, shift = self.time(time)[..., None, None].chunk(2, 1)
        h = self.conv1(F.silu(_spade(norm32(self.norm1, x), first)))
        h = torch.addcmul(shift, _spade(norm32(self.norm2, h), second), 1 + scale)
        out: Tensor = self.skip(x) + self.conv2(F.silu(h))
        return out


class SpadeBlock(ResBlock):
    """SRES: RES whose norms are modulated by the semantic pose map."""

    def __init__(
        self,
        before: int,
        after: int,
        time_width: int,
        hidden: int,
        *,
        operations: ModuleType | Any = torch.nn,
        **factory: Any,
    ) -> None:
        super().__init__(before, after, time_width, operations=operations, affine=False, **factory)
        self.gamma_beta1 = operations.Conv2d(hidden, 2 * before, 1, **factory)
        self.gamma_beta2 = operations.Conv2d(hidden, 2 * after, 1, **factory)

    def modulate(self, seg: Tensor) -> tuple[Modulation, Modulation]:
        """seg' [B, hidden, h, w] -> (gamma, beta) of both norms: what does not depend on the step."""
        gamma1, beta1 = self.gamma_beta1(seg).chunk(2, 1)
        gamma2, beta2 = self.gamma_beta2(seg).chunk(2, 1)
        return (1 + gamma1, beta1), (1 + gamma2, beta2)


def _spade(h: Tensor, modulation: Modulation | None) -> Tensor:
    return h if modulation is None else torch.addcmul(modulation[1].to(h.dtype), h, modulation[0].to(h.dtype))


class SelfAttention(nn.Module):
    """Self-attention over the cells of a coarse scale, so that both shoes match. Not drawn in the paper; SDM has it."""

    ZEROED = ("out",)

    def __init__(
        self, channels: int, head_width: int, *, operations: ModuleType | Any = torch.nn, **factory: Any
    ) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm = operations.GroupNorm(16, channels, **factory)
        self.qkv = operations.Linear(channels, 3 * channels, **factory)
        self.out = operations.Linear(channels, channels, **factory)

    def forward(self, h: Tensor) -> Tensor:
        """h [B, C, h, w] -> the same shape."""
        tokens = norm32(self.norm, h).flatten(2).mT
        q, k, v = (split_heads(x, self.heads) for x in self.qkv(tokens).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = h + self.out(mixed).mT.unflatten(2, h.shape[2:])
        return out


class Downsample(nn.Module):
    """Half the height and width by a strided convolution."""

    def __init__(self, before: int, after: int, *, operations: ModuleType | Any = torch.nn, **factory: Any) -> None:
        super().__init__()
        self.conv = operations.Conv2d(before, after, 3, stride=2, padding=1, **factory)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C', h / 2, w / 2]."""
        out: Tensor = self.conv(x)
        return out


class Upsample(nn.Module):
    """Twice the height and width: a 1 x 1 convolution, then nearest; the block after it smooths."""

    def __init__(self, before: int, after: int, *, operations: ModuleType | Any = torch.nn, **factory: Any) -> None:
        super().__init__()
        self.conv = operations.Conv2d(before, after, 1, **factory)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C', 2 h, 2 w]."""
        return F.interpolate(self.conv(x), scale_factor=2.0, mode="nearest")
