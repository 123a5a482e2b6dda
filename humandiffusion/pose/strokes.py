"""Curves to pixels: anti-aliased strokes, blurred ones, and areas filled without a seam."""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .contours import Chain, Points

# Pixels drawn for each of the picture's, a side; fewer where the canvas would get too large.
_FINE, _COARSE, _LARGE = 4, 2, 1 << 22


def strokes(lines: Sequence[Points], size: tuple[int, int], width: float) -> NDArray[np.float64]:
    """[H, W] in 0..1: what share of each pixel the lines cover, `width` in pixels, with round ends."""
    height, across = size
    scale = _FINE if height * across <= _LARGE else _COARSE
    pen = max(round(width * scale), 1)
    canvas = np.zeros((height * scale + 2 * pen, across * scale + 2 * pen), np.uint8)
    if lines:
        # Pillow's own wide lines are ragged where they bend; discs side by side are not.
        places = np.rint(_dense([line * scale for line in lines], max(pen / 8, 1.0)) + pen / 2).astype(int)
        _stamp(canvas, places, _disc(pen))
    inner = Image.fromarray(canvas[pen:-pen, pen:-pen])
    return np.asarray(inner.reduce(scale), np.float64) / 255


def _dense(lines: Sequence[Points], step: float) -> Points:
    """Points along the lines, about `step` apart on each."""
    counts = np.array([len(line) for line in lines])
    points = np.concatenate(lines)
    steps = np.zeros(len(points))
    steps[1:] = np.linalg.norm(np.diff(points, axis=0), axis=1)
    firsts = np.cumsum(counts) - counts
    # Between two lines the way is as good as none; no point is set there.
    steps[firsts] = 1.0
    along = np.cumsum(steps)
    starts, ends = along[firsts], along[firsts + counts - 1]
    number = np.ceil((ends - starts) / step).astype(int) + 1
    which = np.repeat(np.arange(len(lines)), number)
    place = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    at = starts[which] + (ends - starts)[which] * place / np.maximum(number - 1, 1)[which]
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], 1)


def _disc(pen: int) -> NDArray[np.int64]:
    """[N, 2] y, x of the pixels of a disc, from its top left corner."""
    disc = Image.new("L", (pen, pen))
    # Pillow wants the first and the last pixel.
    ImageDraw.Draw(disc).ellipse((0, 0, pen - 1, pen - 1), fill=1)
    return np.argwhere(np.asarray(disc)) if pen > 1 else np.zeros((1, 2), np.int64)


def _stamp(canvas: NDArray[np.uint8], places: NDArray[np.int64], shape: NDArray[np.int64]) -> None:
    """Set a shape's pixels at all places x, y inside the canvas."""
    (high, wide), (rows, columns) = canvas.shape, shape.max(0) + 1
    x, y = places.T
    kept = (x >= 0) & (y >= 0) & (x + columns <= wide) & (y + rows <= high)
    cells, flat = np.unique(y[kept] * wide + x[kept]), canvas.reshape(-1)
    for row, column in shape.tolist():
        flat[cells + row * wide + column] = 255


def soft_strokes(lines: Sequence[Points], size: tuple[int, int], width: float) -> NDArray[np.float64]:
    """[H, W] in 0..1: lines that fade out sideways, half as bright at `width` / 2 from their middle. A straight one is
    1 in its middle; where several meet none is brighter."""
    core, sigma = 0.6 * width, 0.35 * width
    radius = math.ceil(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum())[None, None]
    picture = torch.from_numpy(strokes(lines, size, core)).float()[None, None]
    # What leaves the picture goes on beyond it.
    picture = F.pad(picture, (radius, radius, radius, radius), mode="replicate")
    picture = F.conv2d(F.conv2d(picture, kernel[..., None, :]), kernel[..., None])
    brightness = math.erf(core / 2 / (sigma * math.sqrt(2)))
    return (picture[0, 0].double() / brightness).clamp(0, 1).numpy()


def filled(chains: Sequence[Chain], curves: Sequence[Points], size: tuple[int, int], least: int) -> NDArray[np.bool_]:
    """[H, W]: the pixels whose middle lies where labels are `least` or more. `curves` of `chains`, in pixels."""
    height, width = size
    starts, ends = [], []
    for chain, curve in zip(chains, curves, strict=True):
        fine = (len(curve) - 1) // len(chain.sides)
        parting = np.repeat((chain.sides >= least).sum(1) == 1, fine)
        starts.append(curve[:-1][parting])
        ends.append(curve[1:][parting])
    toggles = np.zeros((height, width + 1), np.int64)
    if starts:
        _toggle(toggles, np.concatenate(starts), np.concatenate(ends))
    # From the left, each border that is passed leads in or out.
    inside: NDArray[np.bool_] = np.cumsum(toggles[:, :width], 1) % 2 == 1
    return inside


def _toggle(toggles: NDArray[np.int64], starts: Points, ends: Points) -> None:
    """Add 1 at the first pixel right of each crossing of a segment with a row of pixels' middles."""
    height, width = toggles.shape
    upper = np.where((starts[:, 1] <= ends[:, 1])[:, None], starts, ends)
    lower = np.where((starts[:, 1] <= ends[:, 1])[:, None], ends, starts)
    first = np.ceil(upper[:, 1] - 0.5).clip(0, height).astype(np.int64)
    count = np.ceil(lower[:, 1] - 0.5).clip(0, height).astype(np.int64) - first
    which = np.repeat(np.arange(len(count)), count)
    rows = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    drop = (lower[which, 1] - upper[which, 1]).clip(1e-12)
    x = upper[which, 0] + (lower[which, 0] - upper[which, 0]) * (rows + 0.5 - upper[which, 1]) / drop
    np.add.at(toggles, (rows, np.ceil(x - 0.5).clip(0, width - 1).astype(np.int64)), 1)
