"""Part crops to vectors: a small CNN for kind, shape and pattern beside exact colour statistics of the part's
pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..colour import srgb_to_lab

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
STATISTICS = 3 * (len(_QUANTILES) + 2)


def colour_statistics(images: Tensor, masks: Tensor) -> Tensor:
    """Quantiles, mean and spread of Lab over each part's pixels: [N, 3, S, S], [N, 1, S, S] -> [N, 21], L / 50 - 1
    and a, b / 50.
    """
    lab = srgb_to_lab(images.permute(0, 2, 3, 1).float()).flatten(1, 2)
    lab = torch.stack((lab[..., 0] / 50 - 1, lab[..., 1] / 50, lab[..., 2] / 50), 1)
    inside = (masks.flatten(1) > 0.8) | (masks.flatten(1) >= masks.flatten(1).amax(1, keepdim=True))
    count = inside.sum(1)
    ordered = lab.masked_fill(~inside[:, None], float("inf")).sort(-1).values
    ranks = torch.tensor(_QUANTILES, device=lab.device)[None] * (count[:, None] - 1)
    quantiles = ordered.gather(2, ranks.round().long()[:, None].expand(-1, 3, -1))
    weight = (inside / count[:, None]).float()[:, None]
    mean = (lab * weight).sum(-1, keepdim=True)
    spread = ((lab - mean).square() * weight).sum(-1, keepdim=True).clamp_min(1e-8).sqrt()
    return torch.cat((quantiles, mean, spread), -1).flatten(1)


class ImageTower(nn.Module):
    """Crops [N, 3, S, S] (sRGB 0..1) and masks [N, 1, S, S] -> features [N, width]."""

    def __init__(self, *, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = 4
        for stage, after in enumerate(channels):
            stages += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
            if stage:  # the finest stage would cost as much as all others together
                stages += [nn.Conv2d(after, after, 3, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
            before = after
        self.cnn = nn.Sequential(*stages)
        self.colour = nn.Sequential(nn.Linear(STATISTICS, width), nn.GELU(), nn.Linear(width, width))
        self.mix = nn.Sequential(nn.Linear(2 * before + width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, images: Tensor, masks: Tensor, statistics: Tensor | None = None) -> Tensor:
        """Mean- and max-pooled CNN features joined with `colour_statistics`, which training computes once and passes
        in.
        """
        maps = self.cnn(torch.cat((images * 2 - 1, masks), 1).contiguous(memory_format=torch.channels_last))
        pooled = torch.cat((maps.mean((2, 3)), maps.amax((2, 3))), 1)
        if statistics is None:
            statistics = colour_statistics(images, masks)
        out: Tensor = self.mix(F.gelu(torch.cat((pooled, self.colour(statistics.to(pooled.dtype))), 1)))
        return out
