"""Borders of label maps: every crack once, areas without a seam, curves near where they came from."""

import numpy as np
import pytest

from humandiffusion.pose.contours import OUTSIDE, smooth_curves, trace
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.strokes import filled


def noise(seed: int, classes: int) -> np.ndarray:
    """The worst map there is: all corners and crossings."""
    return np.random.default_rng(seed).integers(0, classes, (23, 17))


MAPS = [noise(seed, classes) for seed, classes in ((0, 2), (1, 3), (2, 5), (3, 24))]
MAPS += [np.zeros((1, 1), int), np.ones((5, 4), int), np.eye(9, dtype=int), 2 * np.eye(6, dtype=int)[::-1]]
MAPS += [load_preset("walking-skirt", (96, 64)).labels[0].numpy().astype(int)]


@pytest.mark.parametrize("labels", MAPS)
def test_every_crack_is_in_one_chain_with_its_two_labels(labels) -> None:
    padded = np.pad(labels, 1, constant_values=OUTSIDE)
    expected = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    seen = set()
    for chain in trace(labels):
        assert len(chain.corners) == len(chain.sides) + 1
        for start, end, sides in zip(chain.corners, chain.corners[1:], chain.sides, strict=False):
            assert np.abs(start - end).sum() == 1
            seen.add(frozenset([tuple(start), tuple(end)]))
            x, y = np.minimum(start, end).astype(int) + 1
            beside = {padded[y, x], padded[y - 1, x] if start[1] == end[1] else padded[y, x - 1]}
            assert beside == set(sides.tolist())
    assert len(seen) == sum(len(chain.sides) for chain in trace(labels)) == expected


@pytest.mark.parametrize("labels", MAPS)
def test_what_chains_enclose_is_what_the_map_has(labels) -> None:
    chains = trace(labels)
    for least in range(1, int(labels.max()) + 1):
        inside = filled(chains, [chain.corners for chain in chains], labels.shape, least)
        assert np.array_equal(inside, labels >= least)


@pytest.mark.parametrize("labels", MAPS)
@pytest.mark.parametrize("fine", [1, 3])
def test_curves_stay_near_their_cracks_and_have_no_gap(labels, fine) -> None:
    chains = trace(labels)
    curves = smooth_curves(chains, reach=0.9, sigma=4.0, fine=fine)
    passed = {}
    for chain, curve in zip(chains, curves, strict=True):
        assert np.isfinite(curve).all() and len(curve) == len(chain.sides) * fine + 1
        # To the nearest of the chain's corners: along the border points may slide.
        away = np.linalg.norm(curve[:, None] - chain.corners[None], axis=2).min(1)
        assert away.max() < 2 * 0.9
        if chain.closed:
            assert np.allclose(curve[0], curve[-1])
        for corner, point in zip(chain.corners[1:-1], curve[fine:-1:fine], strict=True):
            passed.setdefault(tuple(corner), []).append(point)
    for chain, curve in zip(chains, curves, strict=True):
        for corner, point in () if chain.closed else ((chain.corners[0], curve[0]), (chain.corners[-1], curve[-1])):
            points = passed.get(tuple(corner), [])
            assert not points or min(np.linalg.norm(point - other) for other in points) < 1e-9


def test_the_outline_goes_through_where_an_inner_border_ends_on_it() -> None:
    labels = np.zeros((20, 20), int)
    labels[4:10, 4:16], labels[10:16, 4:16] = 1, 2
    loops = [chain for chain in trace(labels) if not chain.frame and chain.closed]
    assert len(loops) == 1 and (loops[0].sides == 0).any(1).all() and len(loops[0].sides) == 48


def test_what_is_thin_stays_in_one_piece() -> None:
    outlines = [chain for chain in trace(np.eye(9, dtype=int)) if not chain.frame]
    inner = [chain for chain in trace(np.pad(np.eye(9, dtype=int), 1)) if not chain.frame]
    assert len(inner) == 1 and len(outlines) <= 2


def test_a_shape_is_smoothed_alike_alone_and_among_others_of_its_kind() -> None:
    shape = np.zeros((20, 30), np.int64)
    shape[4:9, 3:9] = 1
    shape[5, 9] = 1
    twice = shape + np.roll(shape, (9, 14), (0, 1))
    (alone,) = (curve for chain, curve in smoothed(shape) if not chain.frame)
    pair = [curve for chain, curve in smoothed(twice) if not chain.frame]
    assert len(pair) == 2
    assert np.allclose(pair[0], alone) and np.allclose(pair[1], alone + (14, 9))


def smoothed(labels):
    chains = trace(labels)
    return list(zip(chains, smooth_curves(chains, reach=0.9, sigma=4.0, fine=2), strict=True))
