"""SemanticPose holds what it says, or refuses."""

import dataclasses

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import FACE, NUM_PARTS, TOP
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose


def a_map(*indices: int) -> torch.Tensor:
    return torch.tensor(indices, dtype=torch.uint8).view(1, 1, -1)


def test_present_is_what_the_labels_hold() -> None:
    pose = SemanticPose(torch.cat([a_map(0, TOP), a_map(FACE, FACE)]))
    assert [row.nonzero()[:, 0].tolist() for row in pose.present()] == [[0, TOP], [FACE]]
    assert pose.present().shape == (2, NUM_PARTS)


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SemanticPose(a_map(0)).labels = a_map(1)  # type: ignore[misc]


def test_select_undoes_stack() -> None:
    body = Keypoints(torch.rand(18, 3))
    poses = [
        SemanticPose(a_map(0, TOP)),
        SemanticPose(a_map(FACE, 0), person=a_map(1, 0), keypoints=((body,),)),
    ]
    both = SemanticPose.stack(poses)
    assert both.batch == 2
    assert all(torch.equal(both.select(i).labels, poses[i].labels) for i in (0, 1))
    assert both.select(0).keypoints == ((),) and both.select(1).keypoints == ((body,),)
    assert both.person is not None and both.person[0].sum() == 0


def test_stack_turns_labels_to_soft_where_only_some_have_it() -> None:
    shares = torch.full((1, NUM_PARTS, 1, 2), 1 / NUM_PARTS)
    both = SemanticPose.stack([SemanticPose(a_map(0, TOP)), SemanticPose(a_map(0, 0), soft=shares)])
    assert both.soft is not None
    assert both.soft[0, :, 0].argmax(0).tolist() == [0, TOP]
    assert torch.equal(both.soft.sum(1), torch.ones(2, 1, 2)) or torch.allclose(both.soft.sum(1), torch.ones(2, 1, 2))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: SemanticPose(a_map(0).long()), "uint8"),
        (lambda: SemanticPose(a_map(0)[0]), "B, H, W"),
        (lambda: SemanticPose(a_map(24)), "part 24"),
        (lambda: SemanticPose(torch.zeros(1, 0, 4, dtype=torch.uint8)), "empty"),
        (lambda: SemanticPose(a_map(0), person=a_map(0, 0)), "person"),
        (lambda: SemanticPose(a_map(0), soft=torch.zeros(1, 3, 1, 1)), "soft"),
        (lambda: SemanticPose(a_map(0), keypoints=()), "keypoints"),
        (lambda: Keypoints(torch.zeros(17, 3)), "18"),
        (lambda: SemanticPose(a_map(0)).select(1), "map 1"),
        (lambda: SemanticPose.stack([]), "at least one"),
        (lambda: SemanticPose.stack([SemanticPose(a_map(0)), SemanticPose(a_map(0, 0))]), "one size"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(wrong, named) -> None:
    with pytest.raises(InputError, match=named) as refused:
        wrong()
    assert "\n" not in str(refused.value)


def test_a_class_table_of_ones_own_may_be_longer() -> None:
    names = tuple(f"class {i}" for i in range(30))
    assert SemanticPose(a_map(29), classes=names).present().shape == (1, 30)
