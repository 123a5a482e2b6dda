"""The conditioning of the native model: a semantic pose and part features, as ComfyUI's CONDITIONING and LATENT."""

from dataclasses import dataclass, replace
from typing import Any, get_args

import comfy.conds
import comfy.model_management
import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.models.unet import Mode
from ...humandiffusion.parts import BACKGROUND, NUM_PARTS
from ...humandiffusion.pose.geometry import fit
from ...humandiffusion.pose.occupancy import occupancy
from ...humandiffusion.pose.semantic_pose import SemanticPose
from ...humandiffusion.sampling import nearest_on_grid
from ...humandiffusion.smr.features import PartFeatures
from .shapes import check_proportions

KEY = "humandiffusion"
MODES = get_args(Mode)
CHANNELS = 3
PICTURE_SCALE = 2  # pixels of the picture to one of the latent
OVERLAP = 1e-6  # of neighbouring spans, so that rounding leaves no step without a condition


@dataclass(frozen=True)
class NativeCond:
    """What an entry of a native CONDITIONING carries under KEY; its tensor is the part features [B, P, D].

    `present` [B, P] in 0..1 tells which parts have a feature, and by its weight how far it counts. The map is kept as
    it came: each latent size, also that of a later pass, gets its own occupancy from it. Without `mapped`, everything
    is background. `shape` is the (height, width) of the picture that it was made for; only its proportions count, and
    None allows any.
    """

    pose: SemanticPose
    present: Tensor
    encoder_id: str
    mode: str
    mapped: bool = True
    shape: tuple[int, int] | None = None


class NativeOnly(comfy.conds.CONDConstant):
    """Stands under KEY until a native model replaces it; any other model that meets it refuses by name."""

    def process_cond(self, batch_size: int, **kwargs: Any) -> "NativeOnly":
        raise InputError(
            "model: got one that is not HumanDiffusion's own, wanted that of Load HumanDiffusion Model, because the "
            "conditioning comes from HumanDiffusion Conditioning; for a Stable Diffusion model use CLIP Text Encode"
        )


def native_conditioning(
    features: PartFeatures,
    pose: SemanticPose,
    *,
    mode: str = MODES[0],
    drop_map: bool = False,
    shape: tuple[int, int] | None = None,
) -> tuple[list[Any], list[Any]]:
    """Positive and negative CONDITIONING. The negative has the features of the negative phrases, if there are any, and
    no others; with `drop_map` it has no map either. A latent must have the proportions of `shape` (height, width), by
    default the map's.
    """
    vectors, present = features.features, features.counts
    told = NativeCond(pose, present, features.encoder_id, mode, shape=shape or (pose.height, pose.width))
    positive = [
        _entry(vectors, replace(told, present=open_parts), {"start_percent": start, "end_percent": end})
        for start, end, open_parts in _spans(features, present)
    ]
    blank = replace(told, present=torch.zeros_like(present), mapped=not drop_map)
    unwanted = torch.zeros_like(vectors)
    if features.negative is not None:
        blank = replace(blank, present=features.negative.counts)
        unwanted = features.negative.features
    return positive, [_entry(unwanted, blank, {})]


def blank_of(conditioning: list[Any]) -> list[Any]:
    """The negative to a native positive."""
    vectors, values = conditioning[0]
    cond = values[KEY]
    return [_entry(torch.zeros_like(vectors), replace(cond, present=torch.zeros_like(cond.present)), {})]


def with_pose(conditioning: list[Any], pose: SemanticPose) -> list[Any]:
    """The same conditioning on another map, for a picture of any shape."""
    return [[vectors, {**values, KEY: replace(values[KEY], pose=pose, shape=None)}] for vectors, values in conditioning]


def is_native(conditioning: list[Any]) -> bool:
    """Whether every entry came from `native_conditioning`."""
    return all(isinstance(values.get(KEY), NativeCond) for _, values in conditioning)


def picture_size(pose: SemanticPose, width: int, height: int, grid: int) -> tuple[int, int]:
    """(height, width) of the picture: as asked, else the map's to the nearest multiple of `grid`."""
    return height or nearest_on_grid(pose.height, grid), width or nearest_on_grid(pose.width, grid)


def empty_latent(features_batch: int, pose: SemanticPose, size: tuple[int, int], copies: int) -> dict[str, Any]:
    """A LATENT of zeros for a picture of `size` (height, width), `copies` of each pair of features and map."""
    if features_batch != pose.batch and 1 not in (features_batch, pose.batch):
        raise InputError(
            f"pose: got {pose.batch} maps for {features_batch} part features, wanted as many of both, or one of either"
        )
    batch = max(features_batch, pose.batch) * copies
    shape = (batch, CHANNELS, size[0] // PICTURE_SCALE, size[1] // PICTURE_SCALE)
    samples = torch.zeros(shape, device=comfy.model_management.intermediate_device())
    return {"samples": samples, "downscale_ratio_spacial": PICTURE_SCALE}


def check_fits(cond: NativeCond, features: Tensor, latent: torch.Size, grid: int, encoder_id: str) -> None:
    """Raises InputError if a conditioning cannot go with a latent [B, C, h, w] and a model."""
    if len(latent) != 4 or latent[1] != CHANNELS:
        raise InputError(
            f"latent: got one of another kind of model (shape {list(latent)}), wanted [B, {CHANNELS}, h, w]; use the "
            "LATENT of HumanDiffusion Conditioning, or VAE Encode with the VAE of Load HumanDiffusion Model"
        )
    if latent[-2] % grid or latent[-1] % grid:
        size = f"{latent[-1] * PICTURE_SCALE} x {latent[-2] * PICTURE_SCALE}"
        raise InputError(
            f"latent: got a picture size of {size}, wanted width and height in multiples of {grid * PICTURE_SCALE}; "
            "use the LATENT of HumanDiffusion Conditioning"
        )
    if cond.shape is not None:
        check_proportions(latent, cond.shape, PICTURE_SCALE)
    if features is None or features.ndim != 3 or features.shape[1] != NUM_PARTS:
        raise InputError(
            f"conditioning: got features of shape {None if features is None else list(features.shape)}, wanted one "
            f"for each of the {NUM_PARTS} parts; join native conditionings with Conditioning (Combine), not with "
            "Concat"
        )
    if cond.encoder_id != encoder_id:
        raise InputError(
            f"part features: made with the part encoder {cond.encoder_id}, wanted {encoder_id}, with which the model "
            "was trained; choose that one in Load Part Encoder"
        )
    for name, count in (("maps", cond.pose.batch), ("part features", len(features))):
        if latent[0] % count:
            raise InputError(
                f"latent: got {latent[0]} pictures for {count} {name}, wanted as many or a multiple; connect the "
                "LATENT of the same HumanDiffusion Conditioning"
            )


def occupancy_at(cond: NativeCond, size: tuple[int, int]) -> Tensor:
    """[B, P, h, w]: the map, fitted to the picture without squashing it, at the latent's size (h, w)."""
    height, width = size
    if not cond.mapped:
        empty = torch.zeros(cond.pose.batch, NUM_PARTS, height, width)
        empty[:, BACKGROUND] = 1
        return empty
    return occupancy(fit(cond.pose, (height * PICTURE_SCALE, width * PICTURE_SCALE)), size)


def _entry(features: Tensor, cond: NativeCond, schedule: dict[str, float]) -> list[Any]:
    return [features, {KEY: cond, "model_conds": {KEY: NativeOnly(None)}, **schedule}]


def _spans(features: PartFeatures, present: Tensor) -> list[tuple[float, float, Tensor]]:
    """(start, end, present) for each stretch of the run in which the same parts count."""
    timed = [prompt for prompt in features.prompts.parts if (prompt.start, prompt.end) != (0.0, 1.0)]
    cuts = sorted({0.0, 1.0, *(cut for prompt in timed for cut in (prompt.start, prompt.end))})
    spans = []
    for start, end in zip(cuts[:-1], cuts[1:], strict=True):
        closed = [prompt.part for prompt in timed if start < prompt.start or end > prompt.end]
        counts = present.clone()
        counts[:, closed] = 0
        spans.append((max(0.0, start - OVERLAP), end, counts))
    return spans
