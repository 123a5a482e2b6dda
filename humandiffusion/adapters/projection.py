"""From a CLIP image feature to tokens: the three projections of published IP-Adapters (Ye et al. 2023).

Attributes have the names that the tensors have in the files, so that these load as they are.
"""

from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import split_heads


class ImageProjection(nn.Module):
    """Base: image embedding [N, E] -> tokens [N, T, D], norm(W e + b) for each token."""

    def __init__(
        self, embedding: int, context: int, tokens: int, *, operations: ModuleType | Any = nn, **factory: Any
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.proj = operations.Linear(embedding, tokens * context, **factory)
        self.norm = operations.LayerNorm(context, **factory)

    def forward(self, embedding: Tensor) -> Tensor:
        """[N, E] -> [N, T, D]."""
        out: Tensor = self.norm(self.proj(embedding).unflatten(-1, (self.tokens, -1)))
        return out


class MlpProjection(nn.Module):
    """Full: patch features [N, L, E] -> as many tokens [N, L, D]."""

    def __init__(self, hidden: int, context: int, *, operations: ModuleType | Any = nn, **factory: Any) -> None:
        super().__init__()
        self.proj = nn.Sequential(
            operations.Linear(hidden, hidden, **factory),
            nn.GELU(),
            operations.Linear(hidden, context, **factory),
            operations.LayerNorm(context, **factory),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """[N, L, E] -> [N, L, D]."""
        out: Tensor = self.proj(patches)
        return out


class Resampler(nn.Module):
    """Plus: patch features [N, L, E] -> T tokens [N, T, D], by queries that look at them layer after layer (the
    Perceiver Resampler of Flamingo, Alayrac et al. 2022, arXiv:2204.14198, section 3.1).
    """

    def __init__(
        self,
        hidden: int,
        context: int,
        tokens: int,
        *,
        width: int,
        depth: int,
        heads: int,
        head_width: int = 64,
        operations: ModuleType | Any = nn,
        **factory: Any,
    ) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(1, tokens, width, **factory), requires_grad=False)
        self.proj_in = operations.Linear(hidden, width, **factory)
        self.layers = nn.ModuleList(
            _Layer((_Looking(width, heads, head_width, operations, factory), _mlp(width, operations, factory)))
            for _ in range(depth)
        )
        self.proj_out = operations.Linear(width, context, **factory)
        self.norm_out = operations.LayerNorm(context, **factory)

    def forward(self, patches: Tensor) -> Tensor:
        """[N, L, E] -> [N, T, D]."""
        seen = self.proj_in(patches)
        x = self.latents.to(seen).expand(len(patches), -1, -1)
        for layer in self.layers:
            x = layer(seen, x)
        out: Tensor = self.norm_out(self.proj_out(x))
        return out


class _Layer(nn.ModuleList):
    """A list of two, because the files number them."""

    def forward(self, seen: Tensor, x: Tensor) -> Tensor:
        x = x + self[0](seen, x)
        out: Tensor = x + self[1](x)
        return out


class _Looking(nn.Module):
    """Queries attend to what is seen and to each other."""

    def __init__(
        self, width: int, heads: int, head_width: int, operations: ModuleType | Any, factory: dict[str, Any]
    ) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_width
        self.norm1 = operations.LayerNorm(width, **factory)
        self.norm2 = operations.LayerNorm(width, **factory)
        self.to_q = operations.Linear(width, inner, bias=False, **factory)
        self.to_kv = operations.Linear(width, 2 * inner, bias=False, **factory)
        self.to_out = operations.Linear(inner, width, bias=False, **factory)

    def forward(self, seen: Tensor, x: Tensor) -> Tensor:
        x = self.norm2(x)
        k, v = self.to_kv(torch.cat((self.norm1(seen), x), 1)).chunk(2, -1)
        q, k, v = (split_heads(y, self.heads) for y in (self.to_q(x), k, v))
        out: Tensor = self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return out


def _mlp(width: int, operations: ModuleType | Any, factory: dict[str, Any]) -> nn.Sequential:
    return nn.Sequential(
        operations.LayerNorm(width, **factory),
        operations.Linear(width, 4 * width, bias=False, **factory),
        nn.GELU(),
        operations.Linear(4 * width, width, bias=False, **factory),
    )
