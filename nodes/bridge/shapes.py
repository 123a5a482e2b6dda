"""Whether a latent has the map's proportions: a node that cuts the picture into tiles hands over others."""

from collections.abc import Sequence

from ...humandiffusion.editing.crop import alike
from ...humandiffusion.errors import InputError


def check_proportions(latent: Sequence[int], wanted: tuple[int, int], pixels: int) -> None:
    """Raises InputError if a latent [B, C, h, w] is of another shape than `wanted` (height, width), that of the map or
    of the picture that was asked for. `pixels`: of the picture to one of the latent.
    """
    if not alike(latent[-2:], wanted):
        raise InputError(
            f"latent: got a picture of {latent[-1] * pixels}x{latent[-2] * pixels} for a map of {wanted[1]}x"
            f"{wanted[0]}, wanted one of the map's proportions; a node that cuts the picture into tiles does not cut "
            "the map: use Crop Tiles and Join Tiles instead; for a whole picture of this shape fit the map to it with "
            "Pose Transform, or sample with HumanDiffusion Sampler"
        )
