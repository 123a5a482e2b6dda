"""Skeletons, drawn by the real controlnet_aux."""

import logging
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from humandiffusion.pose.geometry import mirror, pad
from humandiffusion.pose.hints import control_hint
from humandiffusion.pose.openpose import STICK_WIDTH, draw_skeletons
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    drawing = pytest.importorskip(
        "controlnet_aux.open_pose",
        reason="SKIPPED: skeletons; controlnet_aux is not installed (pip install controlnet_aux matplotlib)",
    )

SIZE = (384, 256)


@pytest.fixture(scope="module")
def person() -> Keypoints:
    """With hands and a face, points missing."""
    body = load_preset("hands-on-hips-shorts", SIZE).keypoints[0][0].body.clone()
    hands = torch.rand(2, 21, 3, generator=torch.Generator().manual_seed(1)) * 40
    for side, wrist in ((0, 7), (1, 4)):
        hands[side, :, :2] += body[wrist, :2] - 20
    hands[..., 2] = 1
    hands[0, 5] = 0
    face = torch.rand(70, 3, generator=torch.Generator().manual_seed(2)) * 30
    face[:, :2] += body[0, :2] - 15
    face[7, 2] = 0
    body[10, 2] = 0
    return Keypoints(body, hands, face)


def of(*people: Keypoints) -> SemanticPose:
    return SemanticPose(torch.zeros(1, *SIZE, dtype=torch.uint8), keypoints=(people,))


def joint(picture: torch.Tensor, point: torch.Tensor) -> list[int]:
    return (picture[0, int(point[1]), int(point[0])] * 255).round().int().tolist()


def test_each_joint_has_openposes_colour_at_its_place() -> None:
    pose = load_preset("standing-trousers", SIZE)
    body = pose.keypoints[0][0].body
    picture = draw_skeletons(pose, SIZE)
    for index, colour in ((4, [170, 255, 0]), (7, [0, 255, 85]), (10, [0, 170, 255]), (13, [85, 0, 255])):
        assert joint(picture, body[index]) == colour
    double = draw_skeletons(pose, (768, 512))
    assert joint(double, body[4] * 2) == [170, 255, 0]
    assert picture.shape == (1, *SIZE, 3) and picture.dtype == torch.float32


def test_the_usual_width_is_exactly_what_controlnet_aux_draws(person) -> None:
    def points(rows, missing):
        return [drawing.Keypoint(x / SIZE[1], y / SIZE[0]) if c > 0 else missing for x, y, c in rows.tolist()]

    nowhere = drawing.Keypoint(-1.0, -1.0)
    result = drawing.PoseResult(
        drawing.BodyResult(points(person.body, None), 1.0, 17),
        points(person.hands[0], nowhere),
        points(person.hands[1], nowhere),
        points(person.face, nowhere),
    )
    expected = drawing.draw_poses([result], *SIZE)
    assert np.array_equal((draw_skeletons(of(person), SIZE)[0].numpy() * 255).round(), expected)
    assert torch.equal(
        control_hint(load_preset("long-dress", (768, 512)), "skeleton"),
        draw_skeletons(load_preset("long-dress", (768, 512)), (768, 512)),
    )


@pytest.mark.parametrize("width", [4.0, 8.001, 16.0])
def test_limbs_are_as_wide_as_asked_for(width) -> None:
    body = torch.zeros(18, 3)
    body[2], body[3] = torch.tensor([20.0, 100.0, 1.0]), torch.tensor([236.0, 100.0, 1.0])
    picture = draw_skeletons(of(Keypoints(body)), SIZE, width)
    across = picture[0, :, 128].amax(-1) > 0.25
    assert abs(int(across.sum()) - width) <= 1.5
    # The limb's own colour, none mixed from several.
    assert (picture[0, 100, 128] * 255).round().tolist() == [153.0, 102.0, 0.0]


def test_another_width_draws_the_same_parts_over_one_another(person) -> None:
    plain = draw_skeletons(of(person), SIZE)
    nearly = draw_skeletons(of(person), SIZE, STICK_WIDTH + 1e-3)
    assert (plain - nearly).abs().mean() < 0.15 * plain.mean()


def test_hands_and_face_are_drawn_where_there_are_any(person) -> None:
    bare = draw_skeletons(of(Keypoints(person.body)), SIZE)
    for width in (STICK_WIDTH, 12.0):
        whole = draw_skeletons(of(person), SIZE, width)
        assert joint(whole, person.hands[1, 12]) == [0, 0, 255]
        assert joint(whole, person.face[30]) == [255, 255, 255]
    assert not torch.equal(bare, draw_skeletons(of(Keypoints(person.body, person.hands)), SIZE))


def test_two_people_are_both_drawn(person) -> None:
    other = Keypoints(person.body + torch.tensor([60.0, 0.0, 0.0]))
    both = draw_skeletons(of(Keypoints(person.body), other), SIZE)
    assert joint(both, other.body[4]) == joint(both, person.body[4]) == [170, 255, 0]


def test_keypoints_go_along_with_a_map_that_is_moved() -> None:
    pose = load_preset("waving-jumpsuit", SIZE)
    assert torch.equal(draw_skeletons(pad(pose, 20, 0, 12, 0), (384, 288))[:, :, 20:276], draw_skeletons(pose, SIZE))
    turned = mirror(pose)
    assert joint(draw_skeletons(turned, SIZE), turned.keypoints[0][0].body[7]) == [0, 255, 85]
    # Fitted into a wider picture, not squashed.
    wide = draw_skeletons(pose, (384, 512), STICK_WIDTH)
    assert not wide[:, :, :128].any() and not wide[:, :, 384:].any()


def test_maps_without_keypoints_in_a_batch_are_black_and_named(caplog) -> None:
    known = load_preset("standing-dress", SIZE)
    batch = SemanticPose.stack([replace(known, keypoints=None), known])
    with caplog.at_level(logging.WARNING):
        pictures = draw_skeletons(batch, SIZE)
    assert not pictures[0].any() and torch.equal(pictures[1:], draw_skeletons(known, SIZE))
    assert "Maps 0 of the batch" in caplog.text
