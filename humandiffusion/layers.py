"""Two small tensor functions that attention and convolution blocks share."""

import torch.nn.functional as F
from torch import Tensor, nn


def norm32(norm: nn.Module, x: Tensor) -> Tensor:
    """Group norm in float32: its sums lose half precision's few digits (and its bfloat16 gradient is slow on CPUs)."""
    if type(norm) is nn.GroupNorm and norm.weight is not None:
        return F.group_norm(x.float(), norm.num_groups, norm.weight.float(), norm.bias.float(), norm.eps).to(x.dtype)
    out: Tensor = norm(x.float())  # ComfyUI's layers cast their own weights
    return out.to(x.dtype)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, N, heads * d] -> [B, heads, N, d]."""
    split: Tensor = x.unflatten(-1, (heads, -1))
    return split.transpose(1, 2)
