"""What every part encoder can do."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class PartEncoder(Protocol):
    """A joint text-image encoder of parts.

    `encoder_id` names weights and preprocessing; a style memory stores it, and vectors of another id are refused.
    """

    encoder_id: str
    dim: int

    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32."""
        ...

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) with masks [N, 1, H, W] (0..1) -> unit vectors [N, D]."""
        ...
