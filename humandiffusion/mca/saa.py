"""SAA: self-attention over a person's part features, once for each picture. The result F_ps serves every scale.

The paper's figure shows SAA between the refreshed features and the MAAs and does not expand it; one transformer layer
over (feature + part identity) is our reading of the paired tokens that it draws.
"""

from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import split_heads


class SAA(nn.Module):
    """Part features [B, P, D] and presence [B, P] -> part tokens F_ps [B, P + 1, width]; the last is the null token."""

    def __init__(
        self,
        *,
        parts: int,
        feature_dim: int,
        width: int,
        heads: int,
        operations: ModuleType | Any = torch.nn,
        **factory: Any,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.feature = operations.Linear(feature_dim, width, **factory)
        self.identity = operations.Embedding(parts + 1, width, **factory)
        self.absent = operations.Embedding(parts, width, **factory)
        self.norm1 = operations.LayerNorm(width, **factory)
        self.qkv = operations.Linear(width, 3 * width, **factory)
        self.out = operations.Linear(width, width, **factory)
        self.norm2 = operations.LayerNorm(width, **factory)
        self.mlp = nn.Sequential(
            operations.Linear(width, 2 * width, **factory), nn.GELU(), operations.Linear(2 * width, width, **factory)
        )

    def forward(self, features: Tensor, present: Tensor, in_map: Tensor) -> Tensor:
        """A part that has no feature gets a learned one; a part that is not `in_map` [B, P] bool is seen by no
        other.
        """
        batch, parts, _ = features.shape
        index = torch.arange(parts + 1, device=features.device)
        told = present.to(features.dtype)[..., None]
        tokens = told * self.feature(features) + (1 - told) * self.absent(index[:parts]).to(features)
        tokens = F.pad(tokens, (0, 0, 0, 1)) + self.identity(index).to(features)
        seen = F.pad(in_map, (0, 1), value=True)[:, None, None, :]
        q, k, v = (split_heads(x, self.heads) for x in self.qkv(self.norm1(tokens)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2))
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out
