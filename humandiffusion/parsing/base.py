"""What every parser offers, whoever trained it."""

from typing import Protocol

import torch
from torch import Tensor

from ..pose.semantic_pose import SemanticPose
from .edges import check_images, settle


class PersonParser(Protocol):
    """From photos to where each part is. `parser_id` tells parsers apart."""

    parser_id: str

    def parse(self, images: Tensor) -> SemanticPose:
        """Photos [B, 3, H, W], sRGB in 0..1 -> their maps, with shares in `soft`. Raises InputError."""
        ...


class SharesParser:
    """A parser by a network that sees the photo at about `area` pixels: `shares` asks it, `parse` settles what it
    said."""

    parser_id: str
    area: int

    def shares(self, images: Tensor) -> Tensor:
        """Photos [B, 3, H, W], sRGB in 0..1 -> shares [B, P, h, w]: how sure the net is of each part in each cell."""
        raise NotImplementedError

    @torch.no_grad()
    def parse(self, images: Tensor) -> SemanticPose:
        """Photos [B, 3, H, W], sRGB in 0..1, any size -> maps of that size with soft edges. Raises InputError."""
        check_images(images)
        return settle(self.shares(images), (images.shape[2], images.shape[3]))
