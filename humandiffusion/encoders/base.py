"""What every part encoder can do."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class PartEncoder(Protocol):
    """A joint text-image encoder of parts.

    `encoder_id` names weights and preprocessing; a style memory stores it, and vectors of another id are refused.
    `crop_size` is the height and width at which it looks at crops. An encoder whose image vectors are not unit vectors
    by nature may have `image_norm`, their usual length, for those who need them as they were.
    """

    encoder_id: str
    dim: int
    crop_size: int

    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32."""
        ...

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) with masks [N, 1, H, W] (0..1) -> unit vectors [N, D]."""
        ...
