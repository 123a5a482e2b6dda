"""Turning, moving, merging and swapping parts invent no label, and keypoints stay on what they mark."""

from dataclasses import replace

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, DRESS, FOOTWEAR, OUTER, PANTS, TOP
from humandiffusion.pose.geometry import crop_to_figure, mirror
from humandiffusion.pose.masks import masks_of, named_masks, pose_from_masks
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.pose.transform import lay_over, merge, move, rotate, take_parts

SIZE = (96, 64)


def preset(name: str = "standing-trousers") -> SemanticPose:
    return load_preset(name, SIZE)


def centre(labels: torch.Tensor, part: int) -> torch.Tensor:
    return (labels[0] == part).nonzero().float().mean(0)


def body(pose: SemanticPose) -> torch.Tensor:
    assert pose.keypoints is not None
    return pose.keypoints[0][0].body


@pytest.mark.parametrize("degrees", [0, 30, -45, 90, 180, 360])
def test_turning_invents_no_label_and_takes_keypoints_along(degrees: float) -> None:
    pose = preset()
    turned = rotate(pose, degrees)
    assert not (turned.present() & ~pose.present())[:, 1:].any()
    # A shoe stays where its ankle is, if both are still in the map.
    if bool(body(turned)[10, 2] > 0):
        shoes = (turned.labels[0] == FOOTWEAR).nonzero().float() + 0.5
        ankle = body(turned)[10, :2].flip(0)
        assert float((shoes - ankle).norm(dim=1).min()) < 4
    if degrees % 360 == 0:
        assert torch.equal(turned.labels, pose.labels) and torch.allclose(body(turned), body(pose), atol=1e-3)


def test_turning_clockwise_brings_the_head_to_the_right() -> None:
    assert float(centre(rotate(preset(), 20).labels, 14)[1]) > float(centre(preset().labels, 14)[1]) + 5


def test_moving_there_and_back_is_the_identity_inside() -> None:
    pose = preset()
    there = move(pose, 7, -5)
    assert torch.allclose(body(there)[1, :2], body(pose)[1, :2] + torch.tensor([7.0, -5.0]))
    back = move(there, -7, 5)
    assert torch.equal(back.labels[:, 5:, :57], pose.labels[:, 5:, :57])


def test_scaling_keeps_the_middle_and_the_size() -> None:
    pose = preset()
    half = move(pose, 0, 0, 0.5)
    assert half.labels.shape == pose.labels.shape
    assert abs(int((half.labels > 0).sum()) * 4 / int((pose.labels > 0).sum()) - 1) < 0.1
    assert torch.allclose(body(half)[1, :2], (body(pose)[1, :2] + torch.tensor([32.0, 48.0])) / 2, atol=1e-3)


def test_soft_shares_stay_shares() -> None:
    masks, names = masks_of(preset())
    soft = pose_from_masks(named_masks(torch.nn.functional.avg_pool2d(masks, 3, 1, 1), ", ".join(names)))
    for changed in (rotate(soft, 33), move(soft, 3, 4, 1.3), merge(soft, move(soft, 20, 0)), lay_over(soft, soft)):
        assert changed.soft is not None
        assert (changed.soft.sum(1) - 1).abs().max() < 1e-4 and changed.soft.min() > -1e-5


def test_two_people_keep_their_keypoints_and_get_ids() -> None:
    left, right = move(preset(), -14, 0), move(preset("standing-dress"), 14, 0)
    both = merge(left, right)
    assert both.person is not None and both.keypoints is not None and len(both.keypoints[0]) == 2
    assert torch.equal(both.person == 2, right.labels > 0)
    assert torch.equal(both.person > 0, both.labels > 0)
    assert (both.labels[right.labels > 0] == right.labels[right.labels > 0]).all()
    three = merge(both, preset())
    assert three.person is not None and three.person.unique().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("ids_are_known", [True, False])
def test_a_person_hidden_by_another_keeps_their_place_in_ids_and_keypoints(ids_are_known: bool) -> None:
    # The second of the two behind is where nobody sees them.
    behind = merge(move(preset(), -14, 0), move(preset(), 14, 0))
    kept = behind.person == 1
    behind = replace(
        behind,
        labels=torch.where(kept, behind.labels, BACKGROUND).to(torch.uint8),
        person=kept.to(torch.uint8) if ids_are_known else None,
    )
    front = move(preset("standing-dress"), 14, 0)
    both = merge(behind, front)
    assert both.person is not None and both.keypoints is not None and len(both.keypoints[0]) == 3
    assert torch.equal(both.person == 3, front.labels > 0), "the third id is that of the third skeleton"
    assert both.person.unique().tolist() == [0, 1, 3]


def test_people_without_keypoints_keep_those_of_the_others_in_the_order_of_their_ids() -> None:
    nameless = replace(merge(move(preset(), -14, 0), preset()), keypoints=None)
    front = move(preset("standing-dress"), 14, 0)
    both = merge(nameless, front)
    assert both.keypoints is not None and len(both.keypoints[0]) == 3
    assert not both.keypoints[0][0].body.any() and torch.equal(both.keypoints[0][2].body, body(front))
    after = merge(front, nameless)
    assert after.keypoints is not None and len(after.keypoints[0]) == 1


def test_several_skeletons_in_front_get_an_id_each() -> None:
    front = replace(merge(move(preset(), -14, 0), move(preset(), 14, 0)), person=None)
    both = merge(preset("standing-dress"), front)
    assert both.person is not None and both.person.unique().tolist() == [0, 1, 2, 3]
    middles = [float((both.person == i).nonzero()[:, 2].float().mean()) for i in (2, 3)]
    assert middles[0] < 22 and middles[1] > 42


def test_one_map_is_there_for_every_frame_of_the_other() -> None:
    frames = SemanticPose.stack([preset(), preset("standing-dress")])
    assert merge(frames, preset()).batch == merge(preset(), frames).batch == 2
    with pytest.raises(InputError, match="2 and 3"):
        merge(frames, SemanticPose.stack([preset()] * 3))


def test_a_part_taken_from_another_map_is_as_it_is_there() -> None:
    pose, other = preset(), preset("standing-coat")
    dressed = take_parts(pose, other, [OUTER])
    assert torch.equal(dressed.labels == OUTER, other.labels == OUTER)
    outside = other.labels != OUTER
    assert torch.equal(dressed.labels[outside], pose.labels[outside])
    assert torch.equal(body(dressed), body(pose))


def test_a_part_that_the_other_map_lacks_is_replaced_by_what_is_around() -> None:
    pose = preset()
    bare = take_parts(pose, preset("standing-dress"), [TOP, PANTS])
    assert not torch.isin(bare.labels, torch.tensor([TOP, PANTS])).any()
    assert (bare.labels[pose.labels != BACKGROUND] != DRESS).all()
    assert torch.equal(take_parts(pose, pose, [TOP]).labels, pose.labels)


def test_cutting_to_the_figure_leaves_the_margin_asked_for() -> None:
    cut = crop_to_figure(preset(), 3)
    assert not cut.labels[:, :3].any() and cut.labels[:, 3].any() and cut.labels[:, -4].any()
    assert not cut.labels[:, -3:].any() and cut.labels[:, :, 3].any() and not cut.labels[:, :, :3].any()
    with pytest.raises(InputError, match="background"):
        crop_to_figure(SemanticPose(torch.zeros(1, 4, 4, dtype=torch.uint8)))


def test_a_mirrored_figure_turned_right_round_is_upside_down() -> None:
    assert torch.equal(rotate(mirror(preset()), 180).labels, preset().labels.flip(1))


def test_what_cannot_be_is_refused() -> None:
    for wrong in (lambda: move(preset(), 0, 0, 0.0), lambda: take_parts(preset(), preset(), [99])):
        with pytest.raises(InputError):
            wrong()
