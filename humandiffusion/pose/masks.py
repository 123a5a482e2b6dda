"""Masks of parts become a map, and a map its masks, all at once.

One rule for overlaps and gaps: at each pixel the strongest mask wins, and background is as strong as what all masks
leave uncovered; of equal masks the smaller wins, since what lies on top (a belt on trousers, glasses on a face) is
usually the smaller; of equal sizes the later. Holes, background that the figure encloses, may be filled from around.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND, NUM_PARTS, PART_NAMES, part_index
from .distances import nearest_labels
from .occupancy import resize_area
from .semantic_pose import SemanticPose

# Masks whose edges are nowhere softer than this are hard.
_HARD = 1e-3


def named_masks(masks: Tensor, names: str) -> list[tuple[int, Tensor]]:
    """[N, H, W] masks and their names, separated by commas or lines, -> (part, mask [B, H, W]) pairs.

    One name for each mask; a name may end in the number of its frame, as `masks_of` gives them ("top 1, top 2"). A
    single name stands for all masks, which are then its frames. Raises InputError for another count, a name that is
    no part, or frames that are not numbered 1, 2, 3 ...
    """
    masks = masks[None] if masks.ndim == 2 else masks
    given = [name.strip() for name in names.replace("\n", ",").split(",") if name.strip()]
    if len(given) == 1 and not given[0][-1].isdigit():
        return [(part_index(given[0]), masks)]
    if len(given) != len(masks):
        raise InputError(
            f"names: got {len(given)} for {len(masks)} masks, wanted one for each, as: top, pants, footwear"
        )
    if not any(name[-1].isdigit() for name in given):
        return [(part_index(name), mask[None]) for name, mask in zip(given, masks, strict=True)]
    frames: dict[str, list[Tensor]] = {}
    for name, mask in zip(given, masks, strict=True):
        word, _, number = name.rpartition(" ")
        known = frames.setdefault(word, [])
        if number != str(len(known) + 1):
            raise InputError(
                f"names: got {name!r}, wanted frames numbered in order, as: top 1, top 2, pants 1, pants 2"
            )
        known.append(mask)
    return [(part_index(name), torch.stack(known)) for name, known in frames.items()]


def pose_from_masks(
    masks: Sequence[tuple[int, Tensor]], *, soft: bool = True, fill_holes: bool = False
) -> SemanticPose:
    """(part, mask [B, H, W] or [H, W] float 0..1) pairs -> a map of B frames; a part may come several times.

    Masks of one frame count for all frames; sizes that differ are brought to the largest. With `soft`, soft edges are
    kept as shares: each mask's share of a pixel, scaled down where they sum to more than 1, the rest background.
    Raises InputError for no masks, shapes or batches that do not fit, or values that are no numbers.
    """
    if not masks:
        raise InputError("masks: got none, wanted at least one with its part")
    layers = [(part, _layer(mask, PART_NAMES[part])) for part, mask in masks]
    frames, size = _shape([mask for _, mask in layers])
    # One by one, because the shares of a film's frames would fill the memory.
    return SemanticPose.stack([
        _frame([(part, _fitted(mask[min(i, len(mask) - 1)], size)) for part, mask in layers], soft, fill_holes)
        for i in range(frames)
    ])  # fmt: skip


def masks_of(pose: SemanticPose, *, absent: bool = False) -> tuple[Tensor, list[str]]:
    """All masks of a map at once: [N, H, W] float32 and N names, part after part, of each part its B frames.

    Soft edges are kept. Only parts that some frame has, unless `absent` asks for all. Of a batch the names say the
    frame, as `top 2`.
    """
    present = pose.present().any(0)
    if pose.soft is not None:
        present |= (pose.soft > _HARD).any(3).any(2).any(0)
    parts = [i for i in range(len(pose.classes)) if absent or bool(present[i])]
    masks = [pose.labels == part if pose.soft is None else pose.soft[:, part] for part in parts]
    frames = range(1, pose.batch + 1)
    names = [pose.classes[p] if pose.batch == 1 else f"{pose.classes[p]} {i}" for p in parts for i in frames]
    return torch.cat(masks).float(), names


def _frame(layers: Sequence[tuple[int, Tensor]], soft: bool, fill_holes: bool) -> SemanticPose:
    """(part, mask [H, W]) pairs -> a map of one frame."""
    size = layers[0][1].shape
    shares = torch.zeros(NUM_PARTS, *size)
    for part, mask in layers:
        shares[part] = torch.maximum(shares[part], mask)
    best = torch.maximum(1 - shares[BACKGROUND + 1 :].sum(0), shares[BACKGROUND]).clamp_min(0)
    labels = torch.zeros(size, dtype=torch.uint8)
    areas = torch.full(size, float("inf"))
    for part, mask in layers:
        area = mask.sum()
        wins = (mask > best) | ((mask == best) & (area <= areas))
        labels = torch.where(wins, torch.tensor(part, dtype=torch.uint8), labels)
        areas, best = torch.where(wins, area, areas), torch.where(wins, mask, best)
    whole = _without_holes(labels) if fill_holes else labels
    kept = _soft(shares[None], labels[None], whole[None]) if soft and _is_soft(shares) else None
    return SemanticPose(whole[None], kept)


def _layer(mask: Tensor, name: str) -> Tensor:
    mask = mask[None] if mask.ndim == 2 else mask
    if mask.ndim != 3 or 0 in mask.shape:
        raise InputError(f"mask {name}: got shape {list(mask.shape)}, wanted [B, H, W] with at least one pixel")
    mask = mask.detach()
    if not bool(mask.isfinite().all()):
        raise InputError(f"mask {name}: got values that are no numbers, wanted 0 to 1; look at the node that made it")
    return mask


def _shape(masks: Sequence[Tensor]) -> tuple[int, tuple[int, int]]:
    counts = sorted({len(mask) for mask in masks} - {1})
    if len(counts) > 1:
        raise InputError(f"masks: got batches of {counts[0]} and {counts[1]} frames, wanted one count, or 1 for all")
    largest = max(masks, key=lambda mask: mask.shape[1] * mask.shape[2])
    return counts[0] if counts else 1, (largest.shape[1], largest.shape[2])


def _fitted(mask: Tensor, size: tuple[int, int]) -> Tensor:
    mask = mask.cpu().float().clamp(0, 1)
    return mask if tuple(mask.shape) == size else resize_area(mask[None, None], size)[0, 0]


def _is_soft(shares: Tensor) -> bool:
    return bool(((shares > _HARD) & (shares < 1 - _HARD)).any())


def _soft(shares: Tensor, labels: Tensor, whole: Tensor) -> Tensor:
    """Shares that sum to 1. Where masks that overlap fill more than the pixel, the one on top takes what it covers and
    the others what is left, so that the strongest share is the label's."""
    top = F.one_hot(labels.long(), NUM_PARTS).permute(0, 3, 1, 2).to(shares)
    below = shares * (1 - top)
    below[:, BACKGROUND] = 0
    above = (shares * top).sum(1, keepdim=True) * (labels != BACKGROUND)[:, None]
    room = 1 - above
    below = below * (room / below.sum(1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)
    result = below + top * above
    result[:, BACKGROUND] += 1 - result.sum(1)
    # A hole that was filled has no mask of its own.
    filled = F.one_hot(whole.long(), NUM_PARTS).permute(0, 3, 1, 2).to(shares)
    return torch.where((whole != labels)[:, None], filled, result)


def _without_holes(labels: Tensor) -> Tensor:
    """Background that the figure encloses takes its nearest part."""
    open_ground = _reached(labels == BACKGROUND)
    holes = (labels == BACKGROUND) & ~open_ground
    # What borders on a hole is never open ground.
    return nearest_labels(labels, ~holes)


def _reached(free: Tensor) -> Tensor:
    """The cells of `free` [H, W] bool that hang together with the border of the map."""
    seen = torch.zeros_like(free)
    seen[[0, -1]], seen[:, [0, -1]] = free[[0, -1]], free[:, [0, -1]]
    while True:
        grown = seen
        # Sweeps along rows and columns reach as far as a straight line goes at once.
        for dim in (1, 0):
            grown = _swept(grown, free, dim) | _swept(grown.flip(dim), free.flip(dim), dim).flip(dim)
        if torch.equal(grown, seen):
            return seen
        seen = grown


def _swept(seen: Tensor, free: Tensor, dim: int) -> Tensor:
    """Everything free that lies after a seen cell in its line, with nothing between them."""
    place = torch.arange(seen.shape[dim])
    place = place[None] if dim == 1 else place[:, None]
    wall = torch.where(free, -1, place).cummax(dim).values
    last = torch.where(seen, place, -1).cummax(dim).values
    return free & (last > wall)
