"""CLIP and SigLIP as part encoders: folders in Hugging Face's layout, run by transformers.

Nothing is downloaded, no code of a folder runs, and nothing but safetensors is read as weights.
"""

from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .norms import usual_norm
from .tokenisers import Tokenise

_PHRASES, _CROPS = 64, 16  # of one forward


class FolderPartEncoder:
    """A `PartEncoder` of a two-tower model: its own projections, vectors made unit vectors. CLIP reads what is white
    around a part as a white wall, so the masks say nothing more.

    `tokenise` gives the arguments of `model.get_text_features` for a list of phrases; `mean` and `spread` are what the
    model wants subtracted from sRGB in 0..1, and what by to divide.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        tokenise: Tokenise,
        dim: int,
        crop_size: int,
        mean: tuple[float, ...],
        spread: tuple[float, ...],
        encoder_id: str,
    ) -> None:
        self.model, self.tokenise, self.dim, self.crop_size = model, tokenise, dim, crop_size
        self.mean, self.spread, self.encoder_id = mean, spread, encoder_id

    @torch.no_grad()
    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32, on the CPU."""
        if not phrases:
            return torch.zeros(0, self.dim)
        batches = [phrases[start : start + _PHRASES] for start in range(0, len(phrases), _PHRASES)]
        return F.normalize(torch.cat([self._embed_phrases(batch) for batch in batches]), dim=-1)

    @torch.no_grad()
    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) -> unit vectors [N, D], float32, on the CPU."""
        if not len(images):
            return torch.zeros(0, self.dim)
        return F.normalize(self._embed_crops(images), dim=-1)

    @cached_property
    def image_norm(self) -> float:
        """The mean length of an image vector before it is made a unit vector, over a few drawn garments."""
        with torch.no_grad():
            return usual_norm(self._embed_crops, self.crop_size)

    def _embed_phrases(self, phrases: list[str]) -> Tensor:
        tokens = {name: values.to(self._weight.device) for name, values in self.tokenise(phrases).items()}
        return _vectors(self.model.get_text_features(**tokens))  # type: ignore[operator]

    def _embed_crops(self, images: Tensor) -> Tensor:
        return torch.cat([self._embed_some(some) for some in images.split(_CROPS)])

    def _embed_some(self, images: Tensor) -> Tensor:
        images = images.to(self._weight.device, torch.float32)
        size = (self.crop_size, self.crop_size)
        if images.shape[-2:] != size:
            images = F.interpolate(images, size, mode="bicubic", antialias=True).clamp(0, 1)
        mean, spread = (images.new_tensor(values)[:, None, None] for values in (self.mean, self.spread))
        pixels = ((images - mean) / spread).to(self._weight.dtype)
        return _vectors(self.model.get_image_features(pixel_values=pixels))  # type: ignore[operator]

    @property
    def _weight(self) -> Tensor:
        return next(self.model.parameters())


def _vectors(output: Any) -> Tensor:
    """[N, D] of what transformers gives: since its version 5 an object, before that the tensor itself."""
    vectors: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return vectors.float().cpu()
