"""The quick distances are those of the slow way, as far as they promise to be exact."""

import pytest
import torch

from humandiffusion.pose.distances import depths, distance, distances
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
