"""The lines of a pose map at a picture's size: smooth borders of parts, each with how strongly it shows."""

import numpy as np
from numpy.typing import NDArray

from ..parts import FACE, SKIN
from .contours import OUTSIDE, Chain, Points, smooth_curves, trace
from .geometry import placement
from .semantic_pose import SemanticPose
from .strokes import filled

# How far, in map pixels, a line may leave the map's border to get rid of its staircase, and how smooth it gets.
REACH, SIGMA = 0.9, 4.0
# Holes of the background with an outline of so few pixels come from drawing or parsing, not from an artist.
_SPECK = 12
# A border inside the person shows less than the outline, and that of face and skin hardly.
_INNER, _FLESH = 0.65, 0.4


def outlines(frame: SemanticPose, size: tuple[int, int], reach: float, sigma: float) -> dict[float, list[Points]]:
    """Smooth lines in the picture's pixels by their strength: 1 the outline of a person, less for what is inside."""
    labels = frame.labels[0].cpu().numpy().astype(np.int64)
    parts = len(frame.classes)
    if frame.person is not None:
        # Where two people touch, their outlines do.
        labels = np.where(labels > 0, labels + parts * frame.person[0].cpu().numpy().astype(np.int64), 0)
    chains, curves = curves_of(without_specks(labels), frame, size, reach, sigma)
    lines: dict[float, list[Points]] = {}
    every = _strengths(np.concatenate([chain.sides for chain in chains]), parts)
    first = 0
    for chain, curve in zip(chains, curves, strict=True):
        strengths = every[first : first + len(chain.sides)]
        first += len(strengths)
        fine = (len(curve) - 1) // len(strengths)
        cuts = [0, *(np.flatnonzero(np.diff(strengths)) + 1).tolist(), len(strengths)]
        for start, end in zip(cuts, cuts[1:], strict=False):
            if strengths[start] > 0:
                lines.setdefault(float(strengths[start]), []).append(curve[start * fine : end * fine + 1])
    return lines


def curves_of(
    labels: NDArray[np.int64], frame: SemanticPose, size: tuple[int, int], reach: float, sigma: float
) -> tuple[list[Chain], list[Points]]:
    """The borders of labels of the frame's size, and their curves in the picture's pixels, laid as `fit` would."""
    chains = trace(labels)
    # A line's corners are at most two pixels of the picture apart.
    fine = max(1, round(scale_of(frame, size) / 2 + 0.5))
    top, left, inner = placement((frame.height, frame.width), size)
    stretch = (inner[1] / frame.width, inner[0] / frame.height)
    curves = smooth_curves(chains, reach=reach, sigma=sigma, fine=fine)
    return chains, [curve * stretch + (left, top) for curve in curves]


def scale_of(frame: SemanticPose, size: tuple[int, int]) -> float:
    return placement((frame.height, frame.width), size)[2][0] / frame.height


def without_specks(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pinholes of the background become part of what is around them."""
    chains = trace((labels > 0).astype(np.int64))
    specks = [chain for chain in chains if chain.closed and not chain.frame and len(chain.sides) <= _SPECK]
    labels = labels.copy()
    for speck in specks:
        left, top = np.maximum(speck.corners.min(0).astype(int) - 1, 0)
        right, bottom = speck.corners.max(0).astype(int) + 1
        here = labels[top:bottom, left:right]
        inside = filled([speck], [speck.corners - (left, top)], (here.shape[0], here.shape[1]), 1)
        if (here[inside] == 0).all():
            here[inside] = np.bincount(here[_grown(inside) & (here > 0)]).argmax()
    return labels


def _strengths(sides: NDArray[np.int64], parts: int) -> NDArray[np.float64]:
    """[N] of the cracks: 0 at the map's own edge, which is no border of anything."""
    outline = (sides == 0).any(1) | (sides[:, 0] // parts != sides[:, 1] // parts)
    flesh = np.isin(sides % parts, (FACE, SKIN)).all(1)
    strengths = np.where(outline, 1.0, np.where(flesh, _FLESH, _INNER))
    return np.where((sides == OUTSIDE).any(1), 0.0, strengths)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)
    return padded[1:-1, 2:] | padded[1:-1, :-2] | padded[2:, 1:-1] | padded[:-2, 1:-1]
