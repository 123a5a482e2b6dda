"""What learns beside a frozen U-Net, and what it is told is wrong."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from ..adapters.mca_adapter import McaAdapter
from ..errors import InputError
from ..mca.aligned_chunks import Alignment
from ..mca.feature_rows import FeatureRows
from ..mca.regions import AlignedRows
from ..parts import BACKGROUND, FACE, NUM_PARTS
from .sd_base import Added

_MOST_SNR = 5.0
# As the denoiser: most of a photo is background, and a face is small.
_PART_WEIGHT = torch.full((NUM_PARTS,), 2.0)
_PART_WEIGHT[BACKGROUND] = 1.0
_PART_WEIGHT[FACE] = 3.0


class Student(nn.Module):
    """The adapter on its frozen U-Net, which is no submodule: it is neither trained nor kept with a checkpoint."""

    def __init__(self, adapter: McaAdapter, unet: nn.Module, alignment: Alignment) -> None:
        super().__init__()
        self.adapter = adapter
        self._frozen = (unet, alignment)

    def forward(
        self,
        x: Tensor,
        moment: Tensor,
        prompt: Tensor,
        added: Added,
        occupancy: Tensor,
        features: Tensor,
        present: Tensor,
    ) -> Tensor:
        """x [B, 4, h, w] at `moment` [B] of the schedule -> the U-Net's prediction, float32."""
        unet, alignment = self._frozen
        gain, everywhere = torch.ones(len(x), 3, device=x.device), torch.ones_like(occupancy[:, :1])
        rows = FeatureRows(self.adapter, features, present, occupancy, everywhere, gain)
        alignment.chunks = (AlignedRows(None, {}, (rows,)),)
        given = {"encoder_hidden_states": prompt, "added_cond_kwargs": added}
        return cast(Tensor, unet(x.to(prompt.dtype), moment, **given).sample.float())


class Schedule:
    """The noise of a base by its scheduler's configuration: x_t = a x0 + s noise, and what the U-Net predicts of it."""

    def __init__(self, config: Any, device: torch.device) -> None:
        from diffusers import DDPMScheduler

        known = DDPMScheduler.from_config(config)
        self.kept = known.alphas_cumprod.float().to(device)
        self.predicts = str(known.config.prediction_type)
        if self.predicts not in ("epsilon", "v_prediction"):
            raise InputError(
                f"--base: it predicts {self.predicts}, wanted a base that predicts epsilon or v_prediction"
            )

    def mix(self, x0: Tensor, noise: Tensor, share: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """At `share` [B] in 0..1 of the schedule: its moments [B], x_t, what is to be predicted, and the loss's weight
        [B], min-SNR (Hang et al. 2023, arXiv:2303.09556).
        """
        moment = (share * len(self.kept)).long().clamp(0, len(self.kept) - 1)
        kept = self.kept[moment]
        a, s = (level.sqrt()[:, None, None, None] for level in (kept, 1 - kept))
        # min(SNR, most) / SNR and min(SNR, most) / (SNR + 1), written so that neither end of a schedule, of no noise or
        # of nothing else (zero terminal SNR), divides 0 by 0.
        most = _MOST_SNR * (1 - kept)
        if self.predicts == "epsilon":
            return moment, a * x0 + s * noise, noise, torch.where(kept > most, most / kept, 1.0)
        return moment, a * x0 + s * noise, a * noise - s * x0, torch.minimum(kept, most)


def denoising_loss(
    student: nn.Module, batch: dict[str, Tensor], schedule: Schedule, prompt: Tensor, added: Added
) -> Tensor:
    """Squared error of the prediction, weighted by part and moment."""
    moment, x, target, weight = schedule.mix(batch["x0"], batch["noise"], batch["moment"])
    told = {name: batch[name] for name in ("occupancy", "features", "present")}
    guess: Tensor = student(x, moment, prompt, added, **told)
    parts = torch.einsum("bphw,p->bhw", batch["occupancy"], _PART_WEIGHT.to(x.device))
    error = (guess - target).square().mean(1) * parts / parts.mean((1, 2), keepdim=True)
    loss: Tensor = (error.mean((1, 2)) * weight).mean()
    return loss
