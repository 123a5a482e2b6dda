"""The quick distances are those of the slow way, as far as they promise to be exact."""

from time import process_time

import pytest
import torch

from humandiffusion.pose.distances import depths, distance, distances, nearest_labels
from humandiffusion.pose.presets import load_preset

MAPS = {
    "figure": load_preset("standing-coat", (96, 64)).labels[0],
    "noise": torch.randint(0, 3, (20, 31), generator=torch.Generator().manual_seed(0)).to(torch.uint8),
    "nothing": torch.zeros(5, 7, dtype=torch.uint8),
    "column": torch.tensor([[0], [1], [1], [0]], dtype=torch.uint8),
}


@pytest.mark.parametrize("labels", MAPS.values(), ids=MAPS)
@pytest.mark.parametrize("near", [1, 3, 8])
def test_distances_are_exact_near_by_and_about_right_beyond(labels: torch.Tensor, near: int) -> None:
    shapes = torch.stack([labels == part for part in range(4)])
    exact, quick = torch.stack([distance(shape) for shape in shapes]), distances(shapes, near)
    assert torch.equal(quick[exact <= near], exact[exact <= near])
    assert bool((quick[exact > near] >= near).all())
    assert float(((quick - exact).abs() / exact.clamp_min(1)).max()) < 0.25


@pytest.mark.parametrize("labels", MAPS.values(), ids=MAPS)
@pytest.mark.parametrize("near", [1, 3, 8])
def test_the_depth_of_a_pixel_is_the_way_to_another_label(labels: torch.Tensor, near: int) -> None:
    exact = sum(distance(labels != part) * (labels == part) for part in range(24))
    assert torch.allclose(depths(labels, near), torch.as_tensor(exact).clamp_max(near).float())


def test_only_what_is_wanted_takes_the_nearest_label_and_the_same_as_if_all_were() -> None:
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(0, 24, (40, 30), generator=generator, dtype=torch.uint8)
    known = torch.rand(40, 30, generator=generator) < 0.8
    known[8:20, 5:22] = False
    wanted = torch.rand(40, 30, generator=generator) < 0.3
    every, some = nearest_labels(labels, known), nearest_labels(labels, known, wanted)
    assert torch.equal(some, torch.where(wanted, every, labels)) and not torch.equal(some, labels)


def test_a_small_gap_costs_little_however_large_the_map_is() -> None:
    labels = torch.ones(1024, 1536, dtype=torch.uint8)
    known = torch.ones(1024, 1536, dtype=torch.bool)
    known[500:600, 700:760] = False
    labels[500:600, 700:760] = 2
    start = process_time()
    assert bool((nearest_labels(labels, known) == 1).all())
    assert process_time() - start < 1, "every pair of columns in every row takes many seconds"


def test_where_nothing_is_missing_or_nothing_known_the_labels_stay() -> None:
    labels = torch.ones(3, 4, dtype=torch.uint8)
    for known in (torch.ones(3, 4, dtype=torch.bool), torch.zeros(3, 4, dtype=torch.bool)):
        assert torch.equal(nearest_labels(labels, known), labels)
