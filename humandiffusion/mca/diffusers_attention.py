"""MCA for anyone's Stable Diffusion pipeline of diffusers: attention processors on the same tensor functions.

    parts = (RegionPart(part_index("top"), *phrase_tokens(pipeline, "a red plaid shirt")),)
    regions = [Region(load_preset("standing-trousers"), (parts,))]
    rows = region_rows(regions, (96, 64), lambda start, end: True, length=77)
    with align(pipeline.unet, None, rows):
        picture = pipeline("a photo of a woman", height=768, width=512).images[0]

The pipelines evaluate negative and positive prompt together, in this order: hence None (not aligned), then the rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from .aligned_chunks import Alignment, Chunk
from .region_attention import attend
from .regions import AlignedRows
from .sites import ARCHITECTURES, Architecture

_SECTIONS = {"down_blocks": "input", "up_blocks": "output", "mid_block": "middle"}


@contextmanager
def align(
    unet: nn.Module, *chunks: AlignedRows | None, architecture: Architecture | None = None
) -> Iterator[Alignment]:
    """Inside the `with`, the cross-attentions of a UNet2DConditionModel see the parts' tokens in their regions.

    The batch of a forward is split evenly into `chunks`; each has one row, or one for each of its pictures, or is None:
    not aligned. For settings that change during a run, set the `chunks` of what it gives between two steps. An image
    adapter in the rows is a PartAdapter on the U-Net's device, a trained one an McaAdapter. Raises InputError if a
    cross-attention is already taken by somebody who adds weights (diffusers' own IP-Adapter), or the U-Net is of no
    known kind; `architecture` names it.
    """
    sites = cross_attentions(unet)
    alignment = Alignment(architecture or _architecture_of(unet), len(sites), chunks)
    taken: list[tuple[Any, Any]] = []
    hooks = [unet.register_forward_pre_hook(partial(_begin, alignment), with_kwargs=True)]
    for level, module in enumerate(level_ends(unet)):
        hooks.append(module.register_forward_hook(partial(_add_map, alignment, level)))
    try:
        for number, (name, attention) in enumerate(sites):
            _check_free(name, attention.processor)
            taken.append((attention, attention.processor))
            section = _SECTIONS[name.split(".")[0]]
            attention.set_processor(RegionProcessor(alignment, section, number, attention.processor))
        yield alignment
    finally:
        for hook in hooks:
            hook.remove()
        for attention, processor in taken:
            attention.set_processor(processor)


def cross_attentions(unet: nn.Module) -> list[tuple[str, Any]]:
    """Names and modules of the cross-attentions, numbered as adapter files number them: down, up, middle."""
    found = [(name, module) for name, module in unet.named_modules() if name.endswith(".attn2")]
    return [(name, module) for section in _SECTIONS for name, module in found if name.startswith(section)]


def level_ends(unet: nn.Module) -> list[nn.Module]:
    """The last layer of each level on the way down, before its feature map is made smaller: where a map is added."""
    blocks: Any = unet.get_submodule("down_blocks")
    return [(getattr(block, "attentions", None) or block.resnets)[-1] for block in blocks]


def phrase_tokens(pipeline: Any, phrase: str) -> tuple[Tensor, Tensor]:
    """Tokens [T, D] of a part's phrase through a pipeline's text encoders, and how many each stands for [T].

    The words and the end token, which stands for all the padding after it; the start token is the prompt's already.
    """
    encoded = pipeline.encode_prompt(
        prompt=phrase, device=pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
    )[0][0]
    end = min(len(pipeline.tokenizer(phrase).input_ids), len(encoded)) - 1
    repeats = torch.ones(end)
    repeats[-1] = len(encoded) - end
    return encoded[1 : end + 1].float().cpu(), repeats


class RegionProcessor:
    """Attention processor of one cross-attention; `plain` is the one that was there."""

    def __init__(self, alignment: Alignment, section: str, number: int, plain: Any) -> None:
        self.alignment, self.section, self.number, self.plain = alignment, section, number, plain

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        **options: Any,
    ) -> Tensor:
        """[B, N, C] and the prompt [B, M, D] -> [B, N, C]."""
        x, prompt = hidden_states, encoder_hidden_states
        if not any(self.alignment.chunks):
            out: Tensor = self.plain(attn, x, prompt, attention_mask, temb, **options)
            return out
        if prompt is None or attention_mask is not None:
            raise InputError("encoder_attention_mask: regions need a prompt without a mask; leave it out")
        if attn.norm_cross:
            prompt = attn.norm_encoder_hidden_states(prompt)
        q = attn.to_q(x)
        chunks = self.alignment.at(q, self.section, prompt)
        shares = zip(chunks, q.chunk(len(chunks)), prompt.chunk(len(chunks)), strict=True)
        mixed = torch.cat([self._mix(attn, *share) for share in shares])
        for layer in attn.to_out:
            mixed = layer(mixed)
        return mixed

    def _mix(self, attn: Any, chunk: Chunk | None, q: Tensor, prompt: Tensor) -> Tensor:
        tokens = None if chunk is None else chunk.tokens
        context = prompt if tokens is None else torch.cat((prompt, tokens.to(prompt)), 1)
        k, v = attn.to_k(context), attn.to_v(context)
        if chunk is None:
            return attend(q, k, v, attn.heads, None)
        out = attend(q, k, v, attn.heads, chunk.bias)
        for image in chunk.images:
            weights = next(image.adapter.parameters())
            k, v = (x.to(q.dtype) for x in image.adapter.keys_values(self.number, image.tokens.to(weights)))
            k, v = (x.expand(len(q), -1, -1) for x in (k, v))
            out = out + attend(q, k, v, attn.heads, image.bias) * image.weight.to(q)
        for worn in chunk.features:
            k, v = worn.adapter.keys_values(self.number, worn.tokens)
            k, v = (x.to(q.dtype).expand(len(q), -1, -1) for x in (k, v))
            out = out + attend(q, k, v, attn.heads, worn.bias) * worn.weight
        return out


def _architecture_of(unet: nn.Module) -> Architecture:
    width = getattr(unet.config, "cross_attention_dim", None)
    for architecture in ARCHITECTURES:
        if architecture.context_width == width:
            return architecture
    kinds = " or ".join(f"{architecture.name} ({architecture.context_width})" for architecture in ARCHITECTURES)
    raise InputError(f"unet: got one whose prompt tokens are {width} wide, wanted {kinds}; say its architecture")


def _add_map(alignment: Alignment, level: int, module: nn.Module, given: tuple[Any, ...], out: Any) -> Any:
    h = out[0] if isinstance(out, tuple) else out
    added = alignment.residuals(h, level)
    if added is None:
        return out
    return (h + added, *out[1:]) if isinstance(out, tuple) else h + added


def _begin(alignment: Alignment, unet: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
    sample = given[0] if given else named["sample"]
    alignment.begin((sample.shape[-2], sample.shape[-1]), sample.device)


def _check_free(name: str, processor: Any) -> None:
    if isinstance(processor, (nn.Module, RegionProcessor)):
        raise InputError(
            f"unet: {type(processor).__name__} already works at {name}, and only one can; unload that (an IP-Adapter "
            "can be part of the rows, several regions are one region_rows)"
        )
