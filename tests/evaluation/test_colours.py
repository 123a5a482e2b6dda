import math

import pytest
import torch

from humandiffusion.colour import srgb_to_lab
from humandiffusion.evaluation.colours import (
    BASIC_NAMES,
    PROTOTYPES,
    colour_accuracy,
    judge_colours,
    leak_rate,
    name_colour,
)
from humandiffusion.parts import PANTS, TOP


@pytest.mark.parametrize("name", BASIC_NAMES)
def test_every_prototype_has_its_own_name(name: str) -> None:
    for shade in PROTOTYPES[name]:
        assert name_colour(srgb_to_lab(torch.tensor(shade) / 255)) == name


def two_garments(top: str, pants: str, gap: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.zeros(20, 10, dtype=torch.uint8)
    labels[: 10 - gap], labels[10:] = TOP, PANTS
    image = torch.zeros(3, 20, 10)
    image[:, :10] = torch.tensor(PROTOTYPES[top][0])[:, None, None] / 255
    image[:, 10:] = torch.tensor(PROTOTYPES[pants][0])[:, None, None] / 255
    return image, labels


def test_a_part_is_named_by_the_median_of_its_own_pixels() -> None:
    image, labels = two_garments("red", "blue")
    image[:, 0] = 1.0
    rows = judge_colours(image, labels, {TOP: "red", PANTS: "green"})
    assert [(row.seen, row.right) for row in rows] == [("red", True), ("blue", False)]
    assert colour_accuracy(rows) == 0.5


def test_a_leak_is_the_neighbours_asked_colour_in_place_of_ones_own() -> None:
    image, labels = two_garments("blue", "blue")
    rows = judge_colours(image, labels, {TOP: "red", PANTS: "blue"})
    assert [row.leaked for row in rows] == [True, False]
    assert leak_rate(rows) == 0.5


def test_a_wrong_colour_that_no_neighbour_has_is_no_leak() -> None:
    image, labels = two_garments("green", "blue")
    assert leak_rate(judge_colours(image, labels, {TOP: "red", PANTS: "blue"})) == 0.0


def test_garments_far_apart_or_asked_alike_cannot_leak() -> None:
    image, labels = two_garments("blue", "blue", gap=5)
    far = judge_colours(image, labels, {TOP: "red", PANTS: "blue"})
    image, labels = two_garments("blue", "blue")
    alike = judge_colours(image, labels, {TOP: "red", PANTS: "red"})
    assert not any(row.can_leak for row in far + alike)
    assert math.isnan(leak_rate(far))
