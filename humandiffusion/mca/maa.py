"""MAA: at one scale, each cell of the feature map attends to the tokens of the parts that cover it.

    h <- h + zero_proj(softmax(W_q norm(h) K^T / sqrt(d) + B) V),   B = log(occupancy), 0 for the null token

The paper's figure draws no map into MAA; mode `free` (B = 0) is that, mode `region` is our default (rectified attention
as in FreestyleNet, Xue et al. 2023, softened to the share of a cell that a part covers).
"""

from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import norm32, split_heads


def region_bias(occupancy: Tensor) -> Tensor:
    """Occupancy [B, P, h, w] -> bias [B, 1, h * w, P + 1]: -inf where a part is not, 0 for the null token, which is
    last.
    """
    return F.pad(occupancy.flatten(2).mT.log(), (0, 1))[:, None]


class MAA(nn.Module):
    """Feature map [B, C, h, w] and part tokens -> what is added to the feature map."""

    ZEROED = ("zero_proj",)

    def __init__(
        self,
        *,
        channels: int,
        token_width: int,
        head_width: int,
        operations: ModuleType | Any = torch.nn,
        **factory: Any,
    ) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm = operations.GroupNorm(16, channels, **factory)
        self.q = operations.Linear(channels, channels, **factory)
        self.kv = operations.Linear(token_width, 2 * channels, **factory)
        self.zero_proj = operations.Linear(channels, channels, **factory)

    def keys_values(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """F_ps [B, P + 1, width] -> K, V [B, heads, P + 1, d]: what does not depend on the step."""
        k, v = self.kv(tokens).chunk(2, -1)
        return split_heads(k, self.heads), split_heads(v, self.heads)

    def forward(self, h: Tensor, keys_values: tuple[Tensor, Tensor], bias: Tensor | None) -> Tensor:
        """The residual [B, C, h, w]."""
        k, v = keys_values
        q = split_heads(self.q(norm32(self.norm, h).flatten(2).mT), self.heads)
        bias = bias if bias is None else bias.to(q.dtype)
        mixed = F.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), attn_mask=bias)
        out: Tensor = self.zero_proj(mixed.transpose(1, 2).flatten(2))
        return out.mT.reshape(h.shape)
