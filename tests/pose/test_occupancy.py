"""Occupancy: area-true, sums to 1, and no part of the map vanishes at any scale."""

import pytest
import torch

from humandiffusion.parts import BACKGROUND, BELT, DRESS, NUM_PARTS, PANTS, RING, SKIN, TOP
from humandiffusion.pose.occupancy import MINIMUM, coarsen, occupancy
from humandiffusion.pose.semantic_pose import SemanticPose

SIZES = [(96, 64), (48, 32), (24, 16), (12, 8), (3, 2), (1, 1), (17, 11), (7, 64), (200, 130)]


def noise(batch: int = 2, seed: int = 0) -> torch.Tensor:
    """Labels in blocks, so that parts are large and small."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(0, NUM_PARTS, (batch, 12, 8), generator=generator, dtype=torch.uint8)
    return coarse.repeat_interleave(8, 1).repeat_interleave(8, 2)


@pytest.mark.parametrize("size", SIZES)
def test_sums_to_one_in_every_cell(size) -> None:
    shares = occupancy(noise(), size)
    assert shares.shape == (2, NUM_PARTS, *size) and shares.dtype == torch.float32
    # Float32 rounding of at most 24 shares.
    assert (shares.sum(1) - 1).abs().max() < 1e-6 and shares.min() >= 0


@pytest.mark.parametrize("size", SIZES)
def test_a_part_of_the_map_is_in_it_at_every_scale_and_no_other_part_is(size) -> None:
    labels = torch.zeros(1, 96, 64, dtype=torch.uint8)
    labels[:, 10:90, 10:50] = DRESS
    labels[:, 50, 12:48] = BELT
    labels[:, 61, 40] = RING
    best = occupancy(labels, size).amax((2, 3))[0]
    # Two thin parts may share the best cell of one of them.
    floor = MINIMUM / (1 + 2 * MINIMUM) - 1e-6
    assert all(best[part] >= floor for part in (BACKGROUND, DRESS, BELT, RING))
    assert best.count_nonzero() == 4


def test_one_pixel_holds_the_stated_minimum_even_in_the_whole_picture() -> None:
    labels = torch.full((1, 384, 256), SKIN, dtype=torch.uint8)
    labels[0, 200, 100] = RING
    for size in SIZES:
        best = occupancy(labels, size)[0, RING].max()
        assert best >= MINIMUM / (1 + MINIMUM) - 1e-6


def test_all_parts_at_once_in_one_cell_keep_something() -> None:
    labels = torch.zeros(1, 32, 32, dtype=torch.uint8)
    labels[0, 3, :NUM_PARTS] = torch.arange(NUM_PARTS, dtype=torch.uint8)
    shares = occupancy(labels, (1, 1))[0, :, 0, 0]
    assert (shares[1:] >= MINIMUM / (1 + 23 * MINIMUM) - 1e-6).all()


@pytest.mark.parametrize("size", [(24, 16), (10, 7), (31, 64)])
def test_area_true_where_no_part_is_thin(size) -> None:
    labels = torch.zeros(1, 48, 32, dtype=torch.uint8)
    labels[:, 20:] = PANTS
    labels[:, :20, 16:] = TOP
    area = occupancy(labels, size).mean((2, 3))[0]
    # The mean over equal cells is the share of the whole, at any size.
    assert abs(float(area[PANTS]) - 28 / 48) < 1e-5 and abs(float(area[TOP]) - 10 / 48) < 1e-5


def test_a_thin_part_keeps_its_shape() -> None:
    labels = torch.zeros(1, 64, 64, dtype=torch.uint8)
    labels[0, 3, 0:8] = RING
    labels[0, 3, 8:12] = RING
    shares = occupancy(labels, (8, 8))[0]
    odds = shares[RING] / shares[BACKGROUND]
    # Twice the area in one cell: twice the odds, up to the background that it takes away.
    assert 1.9 < odds[0, 0] / odds[0, 1] < 2.2 and odds[1:].max() == 0


def test_batch_equals_singles() -> None:
    labels = noise(3)
    together = occupancy(labels, (12, 8))
    assert torch.equal(together, torch.cat([occupancy(labels[i : i + 1], (12, 8)) for i in range(3)]))
    halved = coarsen(together, (5, 3))
    # The order of summation in a batched matrix product may differ.
    assert torch.allclose(halved, torch.cat([coarsen(together[i : i + 1], (5, 3)) for i in range(3)]), atol=1e-6)


@pytest.mark.parametrize("size", [(48, 32), (24, 16), (12, 8), (9, 7)])
def test_coarsening_in_steps_keeps_every_part(size) -> None:
    labels = torch.zeros(1, 192, 128, dtype=torch.uint8)
    labels[:, 40:150, 30:90] = DRESS
    labels[0, 77, 80] = RING
    shares = coarsen(coarsen(occupancy(labels, (96, 64)), (48, 32)), size)
    assert shares[0, RING].max() >= MINIMUM / (1 + MINIMUM) - 1e-6
    assert (shares.sum(1) - 1).abs().max() < 1e-6
    assert set(shares.amax((2, 3))[0].nonzero()[:, 0].tolist()) == {BACKGROUND, DRESS, RING}


def test_coarsening_large_parts_in_steps_is_the_same_as_at_once() -> None:
    labels = torch.zeros(1, 64, 64, dtype=torch.uint8)
    labels[:, 13:50, 9:41] = DRESS
    assert torch.allclose(coarsen(occupancy(labels, (32, 32)), (8, 8)), occupancy(labels, (8, 8)), atol=1e-6)


def test_coarsen_to_the_same_size_is_the_identity() -> None:
    shares = occupancy(noise(), (12, 8))
    assert coarsen(shares, (12, 8)) is shares


def test_a_pose_and_its_labels_agree_and_soft_shares_count() -> None:
    labels = noise(1)
    assert torch.equal(occupancy(SemanticPose(labels), (12, 8)), occupancy(labels, (12, 8)))
    soft = torch.zeros(1, NUM_PARTS, 96, 64)
    soft[:, TOP], soft[:, PANTS] = 0.25, 0.75
    shares = occupancy(SemanticPose(labels, soft=soft), (6, 4))
    assert torch.allclose(shares[:, TOP], torch.full((1, 6, 4), 0.25))


def test_both_ways_of_counting_agree() -> None:
    labels = noise(1, seed=3)
    one_hot = torch.zeros(1, NUM_PARTS, 96, 64).scatter_(1, labels.long()[:, None], 1.0)
    assert torch.allclose(occupancy(labels, (24, 16)), coarsen(one_hot, (24, 16)), atol=1e-6)
