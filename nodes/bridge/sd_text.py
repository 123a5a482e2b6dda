"""A part's phrase through the checkpoint's own text encoder, without the padding that CLIP is used to."""

from typing import Any

import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.sites import Architecture

_END = 49407


def phrase_tokens(clip: Any, phrase: str, architecture: Architecture) -> tuple[Tensor, Tensor]:
    """Tokens [T, D] of a phrase, and how many each stands for [T].

    The words and the end token; the start token is the prompt's already. A prompt is filled up to 77 with padding, and
    networks were trained to read it; the end token stands for all of it. (CLIP-L pads with the end token itself, SDXL's
    second encoder with another, so there it is an approximation.) Weights as in `(red:1.2)` and embeddings work as in
    CLIP Text Encode. Raises InputError if the CLIP is another model's.
    """
    if clip is None:
        raise InputError("clip: got none; a checkpoint without text encoder needs a CLIP from Load CLIP")
    windows = clip.tokenize(phrase)
    encoded = clip.encode_from_tokens(windows)
    if encoded.shape[-1] != architecture.context_width:
        raise InputError(
            f"clip: got one whose tokens are {encoded.shape[-1]} wide, wanted {architecture.context_width} for an "
            f"{architecture.name} model; connect the CLIP of the same checkpoint"
        )
    if len({len(tower) for tower in windows.values()}) > 1:
        raise InputError(
            f"prompts: the phrase {phrase[:40]!r} is of unequal length for the CLIP's encoders; shorten it"
        )
    encoded = encoded[0].float().cpu()
    tokens, repeats, first = [], [], 0
    for towers in zip(*windows.values(), strict=True):
        end, length = max(_end(window) for window in towers), len(towers[0])
        tokens.append(encoded[first + 1 : first + end + 1])
        repeats.append(torch.tensor([1.0] * (end - 1) + [float(length - end)]))
        first += length
    return torch.cat(tokens), torch.cat(repeats)


def _end(window: list[tuple[Any, ...]]) -> int:
    """Where the end token is; an entry of a window is a token's number, or the vector of an embedding."""
    ends = [i for i, (token, *_) in enumerate(window) if i and isinstance(token, int) and token == _END]
    return ends[0] if ends else len(window) - 1
