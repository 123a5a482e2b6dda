"""Which network's features measure how far two sets of pictures lie apart, and how alike two pictures are.

Inception's, as FID and KID have them, where one of the packages that hold it is installed and its weights are on this
machine: nothing is downloaded. Else EfficientNet-Lite0's; else the part encoder's on the whole picture. The name stands
in the table, because figures of two networks do not compare.
"""

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from .kernel_distance import load_feature_judge

CHOICES = ("auto", "inception", "efficientnet", "encoder")
_FIDELITY_FILE = "weights-inception-2015-12-05-6726825d.pth"
_INSTALL = f"pip install torch-fidelity, and put its {_FIDELITY_FILE} into torch's hub folder (checkpoints)"


@dataclass(frozen=True)
class FeatureNetwork:
    """`name` for tables; called with pictures [3, H, W], sRGB 0..1, of any sizes it gives features [N, D]. Only of an
    `inception` are the distances FID and KID."""

    name: str
    features: Callable[[Iterable[Tensor]], Tensor]
    inception: bool = False

    def __call__(self, images: Iterable[Tensor]) -> Tensor:
        """Features [N, D], float32."""
        return self.features(images)


def load_network(choice: str, encoder: PartEncoder) -> FeatureNetwork:
    """One of CHOICES; `auto` takes the first that is here. Raises InputError that says what to install."""
    if choice in ("auto", "inception"):
        weights = inception_weights()
        features = None if weights is None else _inception(weights)
        if features is not None:
            return FeatureNetwork("Inception-v3 (torch-fidelity)", features, inception=True)
        if choice == "inception":
            raise InputError(f"--features inception: it, or its weights, are not on this machine; {_INSTALL}")
    if choice in ("auto", "efficientnet"):
        try:
            return FeatureNetwork("EfficientNet-Lite0", load_feature_judge())
        except InputError:
            if choice == "efficientnet":
                raise
    return FeatureNetwork(f"part encoder {encoder.encoder_id}", lambda images: _whole(encoder, images))


def inception_weights() -> Path | None:
    """The file of torch-fidelity's Inception, if the package is installed and the file is there."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / _FIDELITY_FILE
    return path if path.is_file() and importlib.util.find_spec("torch_fidelity") else None


def _inception(weights: Path) -> Callable[[Iterable[Tensor]], Tensor] | None:
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3  # type: ignore[import-untyped,import-not-found]
    except ImportError:
        return None

    # The package reads its file in a way that would run code in it; what this reads has none.
    torch.load(weights, map_location="cpu", weights_only=True)
    net: Any = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights))

    @torch.inference_mode()
    def features(images: Iterable[Tensor]) -> Tensor:
        as_bytes = ((image.clamp(0, 1) * 255).round().to(torch.uint8)[None] for image in images)
        return torch.cat([net(one)[0].float() for one in as_bytes]).clone()

    return features


def _whole(encoder: PartEncoder, images: Iterable[Tensor]) -> Tensor:
    rows = []
    for image in images:
        crop, mask = cut_mask(image, torch.ones(image.shape[1:], dtype=torch.bool), encoder.crop_size)
        rows.append(encoder.encode_image(crop[None], mask[None]).float().cpu())
    return torch.cat(rows)
