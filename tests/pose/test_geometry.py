"""Geometry never invents a label, and keypoints stay on what they mark."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, NUM_PARTS
from humandiffusion.pose.geometry import crop, fit, mirror, pad, resize, trim
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose


def a_pose(height: int = 12, width: int = 8) -> SemanticPose:
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(1, NUM_PARTS, (2, height, width), generator=generator, dtype=torch.uint8)
    soft = torch.rand(2, NUM_PARTS, height, width, generator=generator)
    body = torch.rand(18, 3, generator=generator) * torch.tensor([width, height, 1.0])
    people = (
        Keypoints(body, hands=torch.rand(2, 21, 3, generator=generator), face=torch.rand(70, 3, generator=generator)),
    )
    return SemanticPose(labels, soft / soft.sum(1, keepdim=True), labels % 3, (people, ()))


def same(a: SemanticPose, b: SemanticPose) -> bool:
    assert a.soft is not None and b.soft is not None and a.person is not None and b.person is not None
    assert a.keypoints is not None and b.keypoints is not None
    one, other = a.keypoints[0][0], b.keypoints[0][0]
    assert one.hands is not None and other.hands is not None and one.face is not None and other.face is not None
    pairs = [(one.body, other.body), (one.hands, other.hands), (one.face, other.face), (a.soft, b.soft)]
    equal = torch.equal(a.labels, b.labels) and torch.equal(a.person, b.person)
    return equal and all(torch.allclose(x, y, atol=1e-5) for x, y in pairs)


@pytest.mark.parametrize("size", [(24, 16), (6, 4), (7, 5), (1, 1), (31, 3)])
def test_resizing_invents_no_label(size) -> None:
    pose = a_pose()
    small = resize(pose, size)
    assert (small.height, small.width) == size
    assert not (small.present() & ~pose.present()).any()
    assert small.soft is not None and (small.soft.sum(1) - 1).abs().max() < 1e-5


def test_enlarging_by_a_whole_factor_and_back_is_the_identity() -> None:
    pose = a_pose()
    assert same(resize(resize(pose, (36, 24)), (12, 8)), pose)


def test_keypoints_scale_with_the_map() -> None:
    pose = a_pose()
    large = resize(pose, (24, 24))
    assert pose.keypoints is not None and large.keypoints is not None
    assert torch.allclose(large.keypoints[0][0].body, pose.keypoints[0][0].body * torch.tensor([3.0, 2.0, 1.0]))


def test_mirror_twice_is_the_identity() -> None:
    assert same(mirror(mirror(a_pose())), a_pose())


def test_mirror_keeps_right_on_the_side_of_the_picture_where_right_was() -> None:
    pose = load_preset("standing-trousers", (96, 64))
    other = mirror(pose)
    assert pose.keypoints is not None and other.keypoints is not None
    before, after = pose.keypoints[0][0].body, other.keypoints[0][0].body
    # The right wrist is left of the left one in a front view, in the mirror as well.
    assert before[4, 0] < before[7, 0] and after[4, 0] < after[7, 0]
    assert torch.allclose(after[4, 0], 64 - before[7, 0])


def test_crop_undoes_pad() -> None:
    pose = a_pose()
    padded = pad(pose, 1, 2, 3, 4)
    assert (padded.height, padded.width) == (18, 12)
    assert padded.soft is not None and (padded.soft.sum(1) - 1).abs().max() < 1e-5
    assert padded.labels[:, 0].unique().tolist() == [BACKGROUND]
    assert same(crop(padded, 2, 1, (12, 8)), pose)


def test_trimming_is_the_reverse_of_padding_and_leaves_something() -> None:
    pose = a_pose()
    assert same(trim(pad(pose, 1, 2, 3, 4), 1, 2, 3, 4), pose)
    with pytest.raises(InputError, match="5 . 3 pixels"):
        trim(pose, 5, 0, 3, 0)


def test_what_is_cut_off_has_no_keypoint() -> None:
    body = torch.zeros(18, 3)
    body[0], body[1] = torch.tensor([1.0, 1.0, 1.0]), torch.tensor([6.0, 6.0, 1.0])
    pose = SemanticPose(torch.zeros(1, 8, 8, dtype=torch.uint8), keypoints=((Keypoints(body),),))
    cut = crop(pose, 4, 4, (4, 4))
    assert cut.keypoints is not None
    assert cut.keypoints[0][0].body[:2, 2].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("size", [(12, 20), (30, 8), (24, 16), (5, 9)])
def test_fit_never_squashes(size) -> None:
    labels = torch.zeros(1, 12, 8, dtype=torch.uint8)
    labels[:, 4:8, 2:6] = 5  # a square
    fitted = fit(SemanticPose(labels), size)
    assert (fitted.height, fitted.width) == size
    rows, columns = (fitted.labels[0] == 5).nonzero().T
    # A pixel more or less by rounding.
    assert abs((rows.max() - rows.min()) - (columns.max() - columns.min())) <= 1
    middle = torch.tensor([rows.min() + rows.max() + 1, columns.min() + columns.max() + 1]) / 2
    assert (middle - torch.tensor(size) / 2).abs().max() <= 1


def test_fit_of_the_same_size_is_the_pose_itself() -> None:
    pose = a_pose()
    assert fit(pose, (12, 8)) is pose


def test_what_cannot_be_is_refused() -> None:
    pose = a_pose()
    for wrong in (
        lambda: resize(pose, (0, 4)),
        lambda: fit(pose, (4, -1)),
        lambda: crop(pose, 10, 0, (4, 4)),
        lambda: crop(pose, -1, 0, (4, 4)),
        lambda: pad(pose, -1, 0, 0, 0),
    ):
        with pytest.raises(InputError):
            wrong()
