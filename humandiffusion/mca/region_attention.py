"""MCA on Stable Diffusion: one cross-attention over the prompt's tokens and all parts' tokens.

    out = softmax(Q [K_prompt | K_parts]^T / sqrt(d) + B) [V_prompt | V_parts]

    B(cell, part token)   = log(share of the cell that the part covers x its gain x tokens that this one stands for)
    B(cell, prompt token) = log(sum over parts of share x what they leave of the prompt)
    B(cell, start token)  = 0

The prompt's start token never sees the words after it; it is where attention rests that finds nothing to say. It stays
open everywhere, so that every cell has an open token whatever the map and the settings are. Our analogue of the paper's
MAA for networks that were trained on sentences; rectified attention as in FreestyleNet (Xue et al. 2023), softened.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..layers import split_heads
from ..pose.occupancy import coarsen
from .coverage import exclusive

CLIP_WINDOW = 77  # tokens that CLIP reads at a time; the first of each window is its start token
_ALIGNMENT = 8  # CUDA's fused attention wants rows of a mask to begin at a multiple of this


@dataclass(frozen=True, eq=False)
class RegionRows:
    """What the cross-attentions of one forward need to know, one row for each picture (and each chunk).

    `tokens` [B, K, D] of all parts, `owner` [B, K] int64 their channels in `coverage`, `repeats` [B, K] how many tokens
    each stands for, 0 for padding. `coverage` [B, P, h, w] shares at the latent's resolution that sum to 1; channel 0
    is what belongs to the prompt alone. `gain` [B, P, 3] counts a part at the coarse, middle and fine scale (0: not at
    all, 1: as it is); `remain` [B, P] in 0..1 is what a part leaves of the prompt at a gain of 1 or more. `hard` says
    of each row whether its cells belong to one part each, `length` how many tokens its prompt has.
    """

    tokens: Tensor
    owner: Tensor
    repeats: Tensor
    coverage: Tensor
    gain: Tensor
    remain: Tensor
    hard: tuple[bool, ...]
    length: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    def select(self, rows: slice) -> "RegionRows":
        """Some of the rows."""
        return replace(self, **{name: values[rows] for name, values in vars(self).items()})


def alignment_bias(
    rows: RegionRows,
    size: tuple[int, int],
    scale: int,
    prompt_tokens: int,
    foreign: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """[B, 1, h * w, M + K]: what to add to the logits of an attention that sees `size` = (h, w).

    At most 0, but for rounding. The M keys that come before the part tokens are `prompt_tokens` of the prompt and
    `foreign` of somebody else. A prompt shorter than `prompt_tokens` is there several times over. `scale` is COARSE,
    MIDDLE or FINE.
    """
    shares = cell_shares(rows, size)
    gain = rows.gain[..., scale]
    kept = 1 - gain.clamp(max=1) * (1 - rows.remain)
    before, parts = prompt_tokens + foreign, rows.tokens.shape[1]
    # The same for all of a row's tokens, so without effect; but some attentions overflow where a bias is above 0.
    highest = (gain.amax(1) * (rows.repeats.amax(1) if parts else 1)).clamp_min(1).log()[:, None, None]

    keys = before + parts
    bias = torch.empty(len(rows), shares.shape[2], _aligned(keys), dtype=dtype, device=shares.device)[..., :keys]
    start, repeated = (values.to(shares.device)[:, None] for values in _prompt_columns(rows, prompt_tokens, foreign))
    prompt = torch.einsum("bpn,bp->bn", shares, kept).log()[..., None]
    bias[..., :before] = torch.where(start, 0.0, prompt) - repeated.log() - highest
    bias[..., before:] = token_shares(shares * gain[..., None], rows).log() - highest
    return bias[:, None]


def _prompt_columns(rows: RegionRows, prompt_tokens: int, foreign: int) -> tuple[Tensor, Tensor]:
    """For the keys before the part tokens, [B, M]: which are start tokens, and how often each is there.

    ComfyUI makes the prompts of a batch equally long by repeating the shorter. That changes nothing as long as there is
    nothing else to look at; here a token that is there r times must count 1/r each.
    """
    column = torch.arange(prompt_tokens + foreign)
    own = column < prompt_tokens
    start = torch.stack([own & (column % length % CLIP_WINDOW == 0) for length in rows.length])
    repeated = torch.stack([torch.where(own, prompt_tokens / length, 1.0) for length in rows.length])
    return start, repeated


def cell_shares(rows: RegionRows, size: tuple[int, int]) -> Tensor:
    """[B, P, h * w]: the coverage at another resolution, thin parts kept."""
    shares = coarsen(rows.coverage, size).flatten(2)
    if not any(rows.hard):
        return shares
    return torch.where(torch.tensor(rows.hard, device=shares.device)[:, None, None], exclusive(shares), shares)


def token_shares(shares: Tensor, rows: RegionRows) -> Tensor:
    """Shares [B, P, N] of parts -> [B, N, K] of their tokens."""
    owner = rows.owner[:, :, None].expand(-1, -1, shares.shape[2])
    return (shares.gather(1, owner) * rows.repeats[..., None]).mT


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor | None) -> Tensor:
    """Q [B, N, C], K and V [B, M, C], bias [B, 1, N, M] or none -> [B, N, C]."""
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias if bias is None else bias.to(q.dtype))
    return out.transpose(1, 2).flatten(2)


def image_bias(rows: RegionRows, size: tuple[int, int], scale: int) -> tuple[Tensor, Tensor]:
    """For the parts' image tokens, which an adapter lets attend apart from the text (IP-Adapter, Ye et al. 2023).

    The bias [B, 1, h * w, K] and the weight [B, h * w, 1] of the result: how far image tokens cover a cell, times their
    gain. One softmax over all parts' tokens, so that a cell that two parts share mixes their looks by its shares.
    """
    shares = cell_shares(rows, size)
    # A part without image tokens covers nothing here.
    owned = torch.zeros_like(rows.gain[..., 0]).scatter_add_(1, rows.owner, rows.repeats).gt(0)
    weighted = shares * (rows.gain[..., scale] * owned)[..., None]
    weight = weighted.sum(1)[..., None]
    tokens = rows.tokens.shape[1]
    bias = shares.new_empty(len(rows), shares.shape[2], _aligned(tokens))[..., :tokens]
    # An uncovered cell has no open token: it looks at all of them, and the result counts 0 times.
    share = token_shares(weighted, rows) / weight.clamp_min(1e-30)
    bias.copy_(torch.where(weight > 0, share.log(), 0.0))
    return bias[:, None], weight


def _aligned(keys: int) -> int:
    """The length of a mask's rows in memory."""
    return -(-keys // _ALIGNMENT) * _ALIGNMENT
