"""Sizes of the native denoiser."""

from dataclasses import dataclass, field

from ..parts import NUM_PARTS


@dataclass(frozen=True)
class DenoiserConfig:
    """Defaults are those of the weights that ship; tests use smaller ones.

    The latent is an RGB picture at half the output's size, in -1..1. `stride` latent pixels make one cell of the finest
    grid; `channels` gives the width at each scale from fine to coarse, each half the size of the one before.
    Above the noise level `coarse_above` the picture is looked at in half its size: details drown in the noise there,
    and a quarter of the work does (1 switches this off). `align` and `spatial` switch MCA (SAA, MAA, the coarse path)
    and SPADE off, and `fine` SAA and MAA alone, to measure what they cost and what they are worth.
    """

    latent_channels: int = 3
    stem_channels: int = 48
    channels: tuple[int, ...] = (96, 192, 256)
    encoder_blocks: int = 2
    decoder_blocks: int = 2
    time_width: int = 384
    feature_dim: int = 128
    token_width: int = 192
    token_heads: int = 6
    head_width: int = 32
    spade_hidden: int = 64
    parts: int = NUM_PARTS
    coarse_above: float = 0.5
    align: bool = True
    spatial: bool = True
    fine: bool = True
    stride: int = field(default=4, init=False)

    @property
    def multiple(self) -> int:
        """Height and width of a latent must be multiples of this."""
        return int(self.stride * 2 ** (len(self.channels) - 1))
