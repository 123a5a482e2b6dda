"""The mask of a part: 1 on it, exactly 0 beyond its reach, in proportion to the picture."""

import math
import subprocess
import sys

import pytest
import torch

from humandiffusion.editing.mask import FEATHER, GROW, convex_hull, length_scale, part_mask
from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, TIE, TOP
from humandiffusion.pose.distances import distance
from humandiffusion.pose.presets import load_preset

STANDING = load_preset("standing-trousers")


@pytest.mark.parametrize("size", [(384, 256), (192, 128), (640, 448)])
def test_it_is_one_on_the_part_and_zero_beyond_its_reach(size: tuple[int, int]) -> None:
    pose = load_preset("standing-trousers", size)
    (mask,) = part_mask(pose, TOP)
    far = distance(pose.labels[0] == TOP)
    reach = (GROW + FEATHER) * length_scale(size)
    assert reach <= 32 * length_scale(size)
    assert (mask[pose.labels[0] == TOP] == 1).all() and (mask[far <= GROW * length_scale(size)] == 1).all()
    assert (mask[far >= reach] == 0).all() and ((mask > 0) & (mask < 1)).any()


def test_it_falls_with_the_distance_and_never_outside_0_to_1() -> None:
    (mask,) = part_mask(STANDING, PANTS, grow=3, feather=12)
    far = distance(STANDING.labels[0] == PANTS)
    order = far.flatten().argsort()
    assert (mask.flatten()[order].diff() <= 1e-6).all() and mask.min() == 0 and mask.max() == 1


def test_without_growing_and_feathering_it_is_the_part() -> None:
    assert torch.equal(part_mask(STANDING, TOP, grow=0, feather=0), (STANDING.labels == TOP).float())


def test_a_part_that_is_not_there_has_an_empty_mask_and_each_frame_its_own() -> None:
    both = torch.cat((STANDING.labels, load_preset("standing-dress").labels))
    masks = part_mask(both, PANTS)
    assert torch.equal(masks[:1], part_mask(STANDING, PANTS)) and not masks[1].any()
    assert not part_mask(STANDING, TIE).any()


def test_the_hull_holds_the_part_and_is_convex() -> None:
    random = torch.Generator().manual_seed(3)
    for _ in range(20):
        shape = torch.zeros(30, 24, dtype=torch.bool)
        rows, columns = (torch.randint(0, side, (7,), generator=random) for side in shape.shape)
        shape[rows, columns] = True
        hull = convex_hull(shape)
        assert (hull | ~shape).all(), "every point lies in its hull"
        points = hull.nonzero().double()
        i, j = (torch.randint(0, len(points), (200,), generator=random) for _ in range(2))
        middle = (points[i] + points[j]) / 2
        whole = (middle % 1 == 0).all(1)
        assert hull[tuple(middle[whole].long().unbind(1))].all(), "and whatever lies between two of its points"
        assert torch.equal(convex_hull(hull), hull)


def test_the_hull_fills_the_gap_between_the_legs() -> None:
    walking = load_preset("walking-trousers")
    open_, closed = (part_mask(walking, PANTS, grow=0, feather=0, hull=hull) for hull in (False, True))
    assert (closed >= open_).all() and closed.sum() > open_.sum() * 1.05


@pytest.mark.parametrize("lengths", [{"grow": -1}, {"feather": math.nan}, {"feather": math.inf}])
def test_a_length_that_is_none_is_refused(lengths: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(lengths))):
        part_mask(STANDING, TOP, **lengths)


def test_a_part_as_wide_as_a_large_picture_needs_little_memory() -> None:
    words = (
        "import resource, torch;"
        "from humandiffusion.editing.mask import part_mask;"
        "labels = torch.zeros(1, 3072, 2048, dtype=torch.uint8);"
        "labels[:, 1000:2000, 700:1400] = 1;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "part_mask(labels, 0);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    pytest.importorskip("resource")  # not on Windows
    spent = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    mebibyte = 2**20 if sys.platform == "darwin" else 2**10  # told in bytes there, in kilobytes elsewhere
    assert int(spent) / mebibyte < 1024
