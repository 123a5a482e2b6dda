"""Overlap of the person that a judge sees in a picture with the person of the map."""

from torch import Tensor


def mask_iou(seen: Tensor, wanted: Tensor) -> float:
    """Intersection over union of two masks [H, W]; 1 if both are empty."""
    seen, wanted = seen.bool(), wanted.bool()
    union = int((seen | wanted).sum())
    return int((seen & wanted).sum()) / union if union else 1.0


def person_mask(labels: Tensor) -> Tensor:
    """Map [H, W] -> bool [H, W]: all that is not background counts as the person, bags and hats too."""
    return labels > 0
