"""Rendering: the palette's colours, and a legend that names what is there."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import PARTS
from humandiffusion.pose.geometry import fit
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.render import overlay, render
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


def test_over_a_photo_the_parts_show_and_the_background_does_not() -> None:
    pose = load_preset("standing-trousers", (48, 32))
    photo = torch.rand(1, 96, 96, 3)
    over = overlay(pose, photo, opacity=0.5)
    assert over.shape == photo.shape
    fitted = fit(pose, (96, 96))
    ground = fitted.labels[0] == 0
    assert torch.equal(over[0][ground], photo[0][ground])
    assert torch.allclose(over[0][~ground], (render(fitted)[0][~ground] + photo[0][~ground]) / 2, atol=1e-6)
    assert torch.equal(overlay(pose, photo, opacity=0.0), photo)
    assert overlay(pose, photo, legend=True).shape[2] > 96


def test_photos_and_maps_are_paired_or_refused() -> None:
    two = SemanticPose.stack([load_preset("standing-trousers", (24, 16))] * 2)
    assert (
        overlay(two, torch.rand(1, 24, 16, 3)).shape[0]
        == overlay(two.select(0), torch.rand(2, 24, 16, 3)).shape[0]
        == 2
    )
    for photo in (torch.rand(3, 24, 16, 3), torch.rand(24, 16, 3), torch.rand(1, 24, 16, 4)):
        with pytest.raises(InputError, match="image"):
            overlay(two, photo)
