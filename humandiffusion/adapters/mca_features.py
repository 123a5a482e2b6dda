"""Part features as an MCA adapter reads them: those that SMR found, made with the encoder of its training."""

import torch

from ..errors import InputError
from ..mca.feature_rows import RegionFeatures
from ..parts import NUM_PARTS
from ..smr.features import PartFeatures
from .mca_layout import McaLayout


def region_features(
    layout: McaLayout, features: PartFeatures | None, name: str
) -> tuple[RegionFeatures, RegionFeatures]:
    """For the positive and for the negative of guidance, which keeps the map and has the features of negative phrases
    alone, or none. Raises InputError, with the adapter's `name`, if there are no features or those of another encoder.
    """
    if features is None:
        raise InputError(
            f"features: got none, wanted those of Retrieve Style with the part encoder {layout.encoder_id}, because "
            f"{name} is an MCA adapter and reads nothing else"
        )
    if features.encoder_id != layout.encoder_id:
        raise InputError(
            f"features: made with the part encoder {features.encoder_id}, wanted {layout.encoder_id}, with which "
            f"{name} was trained; choose that one in Load Part Encoder, and a memory that was made with it"
        )
    spans = [(0.0, 1.0)] * NUM_PARTS
    for prompt in features.prompts.parts:
        spans[prompt.part] = (prompt.start, prompt.end)

    def told(some: PartFeatures | None) -> RegionFeatures:
        vectors = torch.zeros_like(features.features) if some is None else some.features
        counts = torch.zeros(vectors.shape[:2]) if some is None else some.counts.float()
        return RegionFeatures(vectors.float().cpu(), counts.cpu(), layout.context_width, tuple(spans))

    return told(features), told(features.negative)
