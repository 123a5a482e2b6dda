"""Classifier-free guidance of the native denoiser over a sampling run."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .models.unet import Context, HumanUNet, Mode
from .parts import BACKGROUND, NUM_PARTS
from .prompts import PartPrompts
from .smr.features import PartFeatures


class GuidedDenoiser:
    """The denoiser with guidance; what does not depend on the step is computed once."""

    def __init__(
        self, net: HumanUNet, occ: Tensor, features: Sequence[PartFeatures], mode: Mode, drop_map: bool
    ) -> None:
        """`occ` [B, P, h, w] at the latent's size, one of `features` for each picture."""
        self.net, self.mode, self.drop_map = net, mode, drop_map
        like = next(net.parameters())
        self.dtype = like.dtype
        self.occupancy = occ.to(like.device)
        self.features = torch.cat([one.features for one in features]).to(like)
        self.present = torch.cat([one.counts for one in features]).cpu()
        self.negative = torch.cat([_negative(one).features for one in features]).to(like)
        self.unwanted = torch.cat([_negative(one).counts for one in features]).cpu()
        self.start, self.end = torch.stack([_schedule(one.prompts) for one in features]).unbind(-1)
        self.contexts: dict[tuple[bool, bytes], Context] = {}

    def __call__(self, latents: Tensor, sigma: Tensor, scale: float) -> Tensor:
        """x_t [B, 3, h, w] -> guided x0, as ComfyUI mixes it: negative + (positive - negative) * scale."""
        guided = scale != 1.0
        context = self._context(guided, 1 - float(sigma), latents.shape[-2:])
        x = (torch.cat((latents, latents)) if guided else latents).to(self.dtype)
        x0 = self.net.denoise(x, sigma.expand(len(x)), context).float()
        if not guided:
            return x0
        positive, negative = x0.chunk(2)
        return negative + (positive - negative) * scale

    def _context(self, guided: bool, done: float, size: torch.Size) -> Context:
        """`done` is the share of the noise that is gone; a part outside its start and end is not present."""
        present = self.present * ((self.start <= done) & (done <= self.end))
        key = (guided, present.numpy().tobytes())
        if key not in self.contexts:
            occ, features = self.occupancy, self.features
            if guided:
                occ = torch.cat((occ, _background(occ) if self.drop_map else occ))
                features = torch.cat((features, self.negative))
                present = torch.cat((present, self.unwanted))
            self.contexts[key] = self.net.prepare(
                occ, features, present.to(features.device), size=size, mode=self.mode
            )
        return self.contexts[key]


def _negative(features: PartFeatures) -> PartFeatures:
    """What guidance steers away from: the negative phrases, or nothing described."""
    if features.negative is not None:
        return features.negative
    return replace(
        features, features=torch.zeros_like(features.features), present=torch.zeros_like(features.present)
    )


def _schedule(prompts: PartPrompts) -> Tensor:
    """Start and end of every part [P, 2]; a part without a prompt counts all the time."""
    schedule = torch.tensor([[0.0, 1.0]] * NUM_PARTS)
    for prompt in prompts.parts:
        schedule[prompt.part] = torch.tensor([prompt.start, prompt.end])
    return schedule


def _background(occ: Tensor) -> Tensor:
    empty = torch.zeros_like(occ)
    empty[:, BACKGROUND] = 1
    return empty
