"""Rendering: the palette's colours, and a legend that names what is there."""

import torch

from humandiffusion.parts import PARTS
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.render import render
from humandiffusion.pose.semantic_pose import SemanticPose


def test_each_part_has_its_colour() -> None:
    labels = torch.arange(24, dtype=torch.uint8).view(1, 4, 6)
    picture = (render(SemanticPose(labels)) * 255).round().long()
    assert picture.shape == (1, 4, 6, 3)
    assert picture.view(24, 3).tolist() == [list(part.colour) for part in PARTS]


def test_a_legend_lies_beside_the_map() -> None:
    pose = SemanticPose.stack([load_preset("standing-trousers"), load_preset("back-view-dress")])
    plain, named = render(pose), render(pose, legend=True)
    assert named.shape[:2] == plain.shape[:2] and named.shape[2] > plain.shape[2]
    assert torch.equal(named[:, :, : plain.shape[2]], plain)
    assert named.min() >= 0 and named.max() <= 1


def test_a_legend_fits_small_maps_of_all_parts() -> None:
    pose = SemanticPose(torch.arange(24, dtype=torch.uint8).view(1, 1, 24).expand(1, 64, 24).contiguous())
    assert render(pose, legend=True).shape[1] == 64


def test_an_outline_darkens_only_where_parts_meet() -> None:
    labels = torch.ones(1, 6, 6, dtype=torch.uint8)
    labels[:, 3:] = 2
    plain, lined = render(SemanticPose(labels)), render(SemanticPose(labels), outline=True)
    changed = (plain != lined).any(-1)[0]
    assert changed[3].all() and not changed[[0, 1, 2, 4, 5]].any()
