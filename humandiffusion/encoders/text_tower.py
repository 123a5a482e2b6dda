"""Phrases to vectors: words as bags of character n-grams (after fastText, Bojanowski et al. 2017), then a small
transformer.

N-grams keep the vocabulary open: "bluish" and "blue-green" share pieces with "blue", and no word is unknown.
"""

import re
from functools import lru_cache

import torch
from torch import Tensor, nn

MAX_WORDS = 16
MAX_GRAMS = 24
_WORD = re.compile(r"[a-z0-9]+")
_IGNORED = frozenset({"a", "an", "the", "of", "some", "her", "his", "their", "its", "my", "pair"})


def tokenise(phrases: list[str], buckets: int) -> Tensor:
    """N phrases -> n-gram ids [N, W, G] long, 0 where there is none; ids are 1 .. buckets - 1."""
    rows = [[_word_ids(word, buckets) for word in _words(phrase)] or [_word_ids("", buckets)] for phrase in phrases]
    longest = max((len(row) for row in rows), default=1)
    nothing = (0,) * MAX_GRAMS
    return torch.tensor([row + [nothing] * (longest - len(row)) for row in rows], dtype=torch.long)


def _words(phrase: str) -> list[str]:
    words = _WORD.findall(phrase.lower().replace("'s", ""))
    return ([w for w in words if w not in _IGNORED] or words)[:MAX_WORDS]


@lru_cache(maxsize=65536)
def _word_ids(word: str, buckets: int) -> tuple[int, ...]:
    marked = f"<{word}>"
    grams = [marked] + [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1) if n < len(marked)]
    ids = [1 + _fnv1a(gram) % (buckets - 1) for gram in grams[:MAX_GRAMS]]
    return tuple(ids + [0] * (MAX_GRAMS - len(ids)))


def _fnv1a(text: str) -> int:
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


class TextTower(nn.Module):
    """n-gram ids [N, W, G] -> features [N, width]."""

    def __init__(self, *, buckets: int, word_dim: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.buckets = buckets
        self.grams = nn.Embedding(buckets, word_dim, padding_idx=0)
        nn.init.normal_(self.grams.weight, std=0.3)
        self.project = nn.Linear(word_dim, width)
        self.position = nn.Parameter(0.02 * torch.randn(MAX_WORDS, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Mean over words of the transformer's output."""
        real = (ids > 0).float()
        count = real.sum(-1, keepdim=True)
        words = (self.grams(ids) * real[..., None]).sum(-2) / count.clamp_min(1).sqrt()
        empty = count[..., 0] == 0
        hidden = self.blocks(self.project(words) + self.position[: ids.shape[1]], src_key_padding_mask=empty)
        keep = (~empty).to(hidden.dtype)[..., None]
        out: Tensor = (hidden * keep).sum(1) / keep.sum(1)
        return out
