"""How long an encoder's image vectors are before they are made unit vectors: adapters were trained on that length."""

from collections.abc import Callable

from torch import Tensor

from ..parts import GARMENTS
from ..pose.presets import load_preset
from ..pose.render import render
from .crops import cut_parts

_DRAWN = 4


def usual_norm(embed: Callable[[Tensor], Tensor], size: int) -> float:
    """The mean length of the vectors [N, D] that `embed` makes of crops [N, 3, size, size], over drawn garments."""
    pose = load_preset("standing-trousers")
    picture = render(pose)[0].movedim(-1, 0)
    worn = [part for part in GARMENTS if bool((pose.labels[0] == part).any())][:_DRAWN]
    return float(embed(cut_parts(picture, pose.labels[0], size, worn).images).norm(dim=-1).mean())
