"""A part encoder made of ComfyUI's own CLIP and CLIP_VISION."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import comfy.sd1_clip
import torch
import torch.nn.functional as F
from torch import Tensor

from ...humandiffusion.adapters.towers import Tower
from ...humandiffusion.encoders.identity import CROPS, digest, encoder_id, some_values
from ...humandiffusion.encoders.norms import usual_norm
from ...humandiffusion.errors import InputError
from .clip_towers import PICTURE_SIZE, picture_embeddings, vision_tower


class ClipPartEncoder:
    """A `PartEncoder` whose image vectors, at their usual length `image_norm`, are what base adapters read.

    Raises InputError unless the CLIP is the text tower that was trained with the CLIP_VISION, as far as can be told.
    """

    crop_size = PICTURE_SIZE

    def __init__(self, clip: Any, clip_vision: Any) -> None:
        tower = vision_tower(clip_vision)
        self.clip, self.clip_vision, self.dim = clip, clip_vision, tower.embedding
        text = _text_tower(clip, tower)
        weights = digest(_weights((clip_vision.patcher, ""), (clip.patcher, f"{text}.transformer.")))
        self.encoder_id = encoder_id(f"clip-{tower.name}", weights, f"{CROPS}; {PICTURE_SIZE} pixels by ComfyUI")

    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32, on the CPU."""
        if not phrases:
            return torch.zeros(0, self.dim)
        return F.normalize(torch.cat([_pooled(self.clip, phrase) for phrase in phrases]), dim=-1)

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) -> unit vectors [N, D], float32, on the CPU; CLIP reads the
        white as a white wall, so the masks [N, 1, H, W] say nothing more.
        """
        if not len(images):
            return torch.zeros(0, self.dim)
        return F.normalize(self._embed(images), dim=-1)

    @cached_property
    def image_norm(self) -> float:
        """The mean length of an image vector before it is made a unit vector, over a few drawn garments."""
        return usual_norm(self._embed, PICTURE_SIZE)

    def _embed(self, images: Tensor) -> Tensor:
        return picture_embeddings(self.clip_vision, images.movedim(1, -1))


def _pooled(clip: Any, phrase: str) -> Tensor:
    """[1, D] of a phrase through the text tower's projection."""
    return clip.encode_from_tokens(clip.tokenize(phrase), return_pooled=True)[1].float().cpu()


def _text_tower(clip: Any, tower: Tower) -> str:
    """Where in a CLIP the text tower is that gives its pooled output. Raises InputError if that is not in the space of
    the image vectors.
    """
    pooled = clip.encode_from_tokens(clip.tokenize(""), return_pooled=True)[1]
    width = pooled.shape[-1] if isinstance(pooled, Tensor) else 0
    if width != tower.embedding:
        got = f"{width} numbers for a phrase" if width else "no single vector for a phrase"
        raise _no_pair(f"one that gives {got} where {tower.name} gives {tower.embedding} for a picture", tower)
    for name, module in clip.cond_stage_model.named_modules():
        if isinstance(module, comfy.sd1_clip.SDClipModel) and _projects(module, width):
            return name
    raise _no_pair("one without text projection (as that of an SD 1.5 checkpoint)", tower)


def _projects(module: Any, width: int) -> bool:
    """Whether the pooled output goes through a projection of its own; files without one leave zeros or nothing."""
    projection = getattr(module.transformer, "text_projection", None)
    if not module.return_projected_pooled or getattr(projection, "out_features", 0) != width:
        return False
    weight = projection.weight.detach().float().cpu()
    identity = weight.shape[0] == weight.shape[1] and torch.equal(weight, torch.eye(width))
    return bool(weight.isfinite().all()) and bool(weight.any()) and not identity


def _no_pair(got: str, tower: Tower) -> InputError:
    return InputError(f"clip: got {got}, wanted the text encoder that belongs to clip_vision; a pair is {tower.pair}")


def _weights(*sources: tuple[Any, str]) -> Iterator[bytes]:
    """Of the weights of patchers, and of the patches on them (LoRA), where a name begins so."""
    for patcher, prefix in sources:
        for name, entries in sorted(patcher.get_key_patches(prefix or None).items()):
            yield name.encode()
            yield from _pieces(entries)


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, Tensor):
        yield some_values(value)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _pieces(one)
    elif hasattr(value, "weights"):  # a LoRA or a relative of it
        yield type(value).__name__.encode()
        yield from _pieces(value.weights)
    elif isinstance(value, (int, float, str)):
        yield repr(value).encode()
