"""The denoiser's perceptual term: a guess at the picture shall look like the picture, not like the mean of many."""

import torch
from torch import Tensor, nn

from .perceptual import VggFeatures, fidelity_loss, load_vgg_features
from .variants import Variants

_TAPS = ("1_2", "2_2", "3_3", "4_3")


class PerceptualTerm(nn.Module):
    """How different features of a guess are from the picture's: mean absolute difference, the person counting twice.

    A squared error alone asks for the mean of all pictures that the noise leaves possible, which is a blur; features
    tell a blur from cloth. Only the first half of a batch is looked at: the network costs as much as the U-Net.
    """

    def __init__(self, vgg: VggFeatures) -> None:
        super().__init__()
        self.vgg = vgg

    def forward(self, guess: Tensor, clean: Tensor, background: Tensor) -> Tensor:
        """Guesses and clean latents [B, 3, h, w] in -1..1, the background's share [B, 1, h', w'] -> a number."""
        some = slice(-(-len(guess) // 2))
        weight = 2 - background[some]
        weight = weight / weight.mean((1, 2, 3), keepdim=True)
        with torch.no_grad():
            real = self.vgg(clean[some], _TAPS[-1])
        fake = self.vgg(guess[some], _TAPS[-1])
        return torch.stack([fidelity_loss(fake[tap], real[tap], weight) for tap in _TAPS]).sum()


def load_perceptual_term(variants: Variants, dtype: torch.dtype) -> PerceptualTerm:
    """The term on VGG16's convolutions, its channels scaled by what the training pictures show. Raises InputError."""
    vgg = load_vgg_features(dtype)
    rows = torch.linspace(0, len(variants.photo) - 1, min(32, len(variants.photo))).long()
    vgg.calibrate(variants.latent[rows].float() / 127.5 - 1)
    return PerceptualTerm(vgg)
