"""Change one part of a picture with the native model."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import InputError
from ..guidance import GuidedDenoiser
from ..pose.occupancy import occupancy
from ..sampling import starting_noise
from .masked_sampling import masked_sigmas, sample_masked
from .plan import EditPlan
from .wishes import edit_features

if TYPE_CHECKING:
    from ..pipeline import HumanDiffusionPipeline
    from ..smr.features import PartFeatures

LATENT_SCALE = 2


def edit_native(
    pipeline: "HumanDiffusionPipeline",
    plan: EditPlan,
    phrase: str = "",
    *,
    reference: Tensor | None = None,
    reference_mask: Tensor | None = None,
    seed: int = 0,
    steps: int = 20,
    guidance: float = 2.0,
    denoise: float = 1.0,
) -> Tensor:
    """One picture [1, H, W, C] with the part of the plan changed, as a new tensor; all outside the mask bit-identical.

    `phrase` or `reference` [H, W, 3] (where `reference_mask` is above 0.5) says what it is to look like; with neither,
    a part in a new shape keeps its look. Every other part is described by how the picture shows it. Raises InputError.
    """
    features = features_of(pipeline, plan, phrase, reference, reference_mask)
    known = area_latent(plan.area)
    mask = plan.latent_hole((known.shape[2], known.shape[3]))
    shares = occupancy(plan.map, (known.shape[2], known.shape[3]))
    model = GuidedDenoiser(pipeline.unet.net, shares, [features], "region", False)
    device = pipeline._execution_device
    noise = starting_noise(seed, tuple(known.shape))
    known, noise, mask = (one.to(device) for one in (known, noise, mask))
    sigmas = masked_sigmas(steps, denoise).to(device)
    latent = sample_masked(model, known, noise, mask, sigmas, guidance)
    decoded = pipeline.decoder.net(latent.to(pipeline.decoder.dtype)).float().cpu()
    return plan.finish(((decoded + 1) / 2).clamp(0, 1).movedim(1, -1))


def features_of(
    pipeline: "HumanDiffusionPipeline",
    plan: EditPlan,
    phrase: str,
    reference: Tensor | None,
    reference_mask: Tensor | None,
) -> "PartFeatures":
    """What each part of the crop looks like, or is to."""
    if len(plan.picture) != 1 or plan.after.batch != 1:
        raise InputError(f"image: got a batch of {len(plan.picture)}, wanted one picture at a time")
    wanted, around = plan.wishes(phrase, reference, reference_mask)
    return edit_features(pipeline.encoder, pipeline.memory.memory, wanted, around)


def area_latent(area: Tensor) -> Tensor:
    """A picture [B, h, w, 3] in 0..1 as the native model's latent [B, 3, h / 2, w / 2]: itself at half size."""
    return torch.nn.functional.avg_pool2d(area.movedim(-1, 1).float() * 2 - 1, LATENT_SCALE)
