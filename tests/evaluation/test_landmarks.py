"""The pose network's rows become OpenPose's points, in the picture's own pixels."""

import torch

from humandiffusion.evaluation.landmarks import mean_of_both, mirrored, openpose_points
from humandiffusion.pose.semantic_pose import KEYPOINT_NAMES


def rows(doubtful: tuple[int, ...] = ()) -> torch.Tensor:
    points = torch.zeros(39, 5)
    points[:, 0] = torch.arange(39.0) * 4 + 60
    points[:, 1] = 128.0
    points[:, 3:] = 5.0
    points[list(doubtful), 3] = -5.0
    return points


def test_places_are_those_in_the_padded_square_and_names_are_openposes() -> None:
    body = openpose_points(rows(), (384, 256))
    # 256 pixels of the square are 384 of the picture's height; 64 lie left of the picture.
    assert torch.allclose(body[0, :2], torch.tensor([60 * 1.5 - 64, 192.0]))
    right, left = (body[KEYPOINT_NAMES.index(f"{side} wrist"), 0] for side in ("right", "left"))
    assert torch.allclose(torch.stack([right, left]), (torch.tensor([16.0, 15.0]) * 4 + 60) * 1.5 - 64)
    shoulders = body[[2, 5], :2].mean(0)
    assert torch.allclose(body[1, :2], shoulders) and (body[:, 2] > 0.9).all()


def test_what_the_network_doubts_is_missing() -> None:
    body = openpose_points(rows(doubtful=(12, 0)), (384, 256))
    missing = {KEYPOINT_NAMES[i] for i in range(18) if not body[i].any()}
    assert missing == {"right shoulder", "neck", "nose"}


def test_a_mirror_image_tells_the_same_body() -> None:
    body = openpose_points(rows(doubtful=(16,)), (384, 256))
    across = body.clone()
    across[:, 0] = (256 - body[:, 0]) * (body[:, 2] > 0)
    other = {"right": "left", "left": "right"}
    swapped = [" ".join(other.get(word, word) for word in name.split()) for name in KEYPOINT_NAMES]
    assert torch.allclose(mirrored(across[[KEYPOINT_NAMES.index(name) for name in swapped]], 256), body)


def test_of_two_findings_the_surer_counts_more_and_one_is_enough() -> None:
    a, b = torch.zeros(18, 3), torch.zeros(18, 3)
    a[0], b[0] = torch.tensor([10.0, 20.0, 0.9]), torch.tensor([13.0, 20.0, 0.45])
    a[1] = torch.tensor([5.0, 6.0, 0.3])
    both = mean_of_both(a, b)
    assert torch.allclose(both[0], torch.tensor([11.0, 20.0, 0.9]))
    assert torch.allclose(both[1], a[1]) and not both[2:].any()
