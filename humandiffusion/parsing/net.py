"""The parser that ships: a small U-Net from a photo to the logits of the 24 parts at half its size.

Convolutions and residual blocks only, so any size will do. In training every convolution is followed by batch norm;
what is saved has the norms folded into the convolutions (`fold_norms`), so that a host casts and moves plain
convolutions.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..parts import NUM_PARTS


@dataclass(frozen=True)
class ParserConfig:
    """`widths` at 1/4, 1/8, ... of the photo's size; `blocks` at each of them on the way down."""

    widths: tuple[int, ...] = (64, 96, 128, 192)
    blocks: int = 2
    parts: int = NUM_PARTS

    @property
    def multiple(self) -> int:
        """Photos whose sides are no multiples of this must be padded."""
        return int(2 ** (len(self.widths) + 1))


class ParserNet(nn.Module):
    """Photo [B, 3, H, W] in 0..1, sides multiples of `config.multiple` -> logits [B, P, H / 2, W / 2].

    Pixels enter and leave in squares, 4 x 4 and 2 x 2, so that nothing is computed at larger sizes, where it is dear.
    """

    def __init__(
        self,
        config: ParserConfig,
        *,
        norm: bool = False,
        operations: ModuleType | Any = torch.nn,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        make: dict[str, Any] = {"norm": norm, "operations": operations, "device": device, "dtype": dtype}
        plain = {**make, "norm": False}
        widths, steps = config.widths, list(zip(config.widths[:-1], config.widths[1:], strict=True))

        def blocks(width: int, count: int) -> nn.Sequential:
            return nn.Sequential(*(Residual(width, **make) for _ in range(count)))

        self.stem = convolution(3 * 4**2, widths[0], 3, **make)
        self.down = nn.ModuleList(blocks(width, config.blocks) for width in widths)
        self.shrink = nn.ModuleList(convolution(before, after, 3, stride=2, **make) for before, after in steps)
        self.context = convolution(widths[-1], widths[-1], 1, **plain)
        self.grow = nn.ModuleList(convolution(after, before, 1, **make) for before, after in steps)
        self.up = nn.ModuleList(blocks(width, 1) for width in widths[:-1])
        self.last = convolution(widths[0], config.parts * 2**2, 1, **plain)

    def forward(self, image: Tensor) -> Tensor:
        h = self.down[0](F.relu(self.stem(F.pixel_unshuffle(4 * image - 2, 4))))
        skips = []
        for shrink, down in zip(self.shrink, self.down[1:], strict=True):
            skips.append(h)
            h = down(F.relu(shrink(h)))
        h = F.relu(h + self.context(h.mean((2, 3), keepdim=True)))  # what the whole photo shows: a dress, or two pieces
        for skip, grow, up in zip(reversed(skips), reversed(self.grow), reversed(self.up), strict=True):
            h = up(F.relu(skip + F.interpolate(grow(h), scale_factor=2.0, mode="nearest")))
        logits: Tensor = F.pixel_shuffle(self.last(h), 2)
        return logits


class Residual(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, width: int, **make: Any) -> None:
        super().__init__()
        self.conv1 = convolution(width, width, 3, **make)
        self.conv2 = convolution(width, width, 3, **make)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> the same shape."""
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


def convolution(
    before: int, after: int, kernel: int, *, stride: int = 1, norm: bool, operations: ModuleType | Any, **factory: Any
) -> nn.Module:
    """A convolution that keeps the size (or divides it by `stride`), in training with its norm behind it."""
    conv: nn.Module = operations.Conv2d(
        before, after, kernel, stride=stride, padding=kernel // 2, bias=not norm, **factory
    )
    return nn.Sequential(conv, nn.BatchNorm2d(after)) if norm else conv


def fold_norms(state: dict[str, Tensor], epsilon: float = 1e-5) -> dict[str, Tensor]:
    """The state of a net with norms as that of the same net without: one convolution for each pair."""
    folded = {}
    for name, tensor in state.items():
        pair, _, rest = name.rpartition(".0.weight")
        if not rest and f"{pair}.1.running_var" in state:
            scale = state[f"{pair}.1.weight"] * (state[f"{pair}.1.running_var"] + epsilon).rsqrt()
            folded[f"{pair}.weight"] = tensor * scale[:, None, None, None]
            folded[f"{pair}.bias"] = state[f"{pair}.1.bias"] - state[f"{pair}.1.running_mean"] * scale
    normed = {name.removesuffix(".weight") + end for name in folded for end in (".0.", ".1.")}
    return folded | {name: t for name, t in state.items() if not any(name.startswith(pair) for pair in normed)}
