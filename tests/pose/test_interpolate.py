"""Frames between two maps hold no label that neither has, begin and end with the maps, and move evenly."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from humandiffusion.errors import InputError
from humandiffusion.pose.interpolate import interpolate
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.puppet import carried
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose
from humandiffusion.pose.transform import merge, move
from humandiffusion.pose.warp import between

SIZE = (96, 64)


def preset(name: str = "standing-trousers") -> SemanticPose:
    return load_preset(name, SIZE)


def bare(pose: SemanticPose) -> SemanticPose:
    return SemanticPose(pose.labels)


@pytest.mark.parametrize("way", ["skeleton", "outlines"])
@pytest.mark.parametrize("end", ["walking-trousers", "arms-raised-t-shirt", "sitting-trousers"])
def test_no_frame_has_a_label_that_neither_map_has(way: str, end: str) -> None:
    a, b = preset(), preset(end)
    frames = interpolate(a, b, 4, way)
    assert frames.batch == 4 and frames.soft is None
    assert not (frames.present().any(0) & ~(a.present() | b.present())[0]).any()
    assert torch.equal(frames.labels[0], a.labels[0]) and torch.equal(frames.labels[-1], b.labels[0])
    assert not frames.present()[:, 1:].sum(1).eq(0).any()


@pytest.mark.parametrize("way", ["skeleton", "outlines"])
def test_from_a_map_to_itself_nothing_moves(way: str) -> None:
    frames = interpolate(preset(), preset(), 4, way)
    assert float((frames.labels == preset().labels).float().mean()) > 0.99


def test_limbs_turn_about_their_joints() -> None:
    a, b = preset(), preset("arms-raised-t-shirt")
    frames = interpolate(a, b, 5, "skeleton")
    assert frames.keypoints is not None
    lengths = [float((people[0].body[3, :2] - people[0].body[2, :2]).norm()) for people in frames.keypoints]
    assert max(abs(length - lengths[0] - (lengths[-1] - lengths[0]) * i / 4) for i, length in enumerate(lengths)) < 0.05
    # The straight way between the two places would shorten the arm.
    straight = (a.keypoints[0][0].body[4, :2] + b.keypoints[0][0].body[4, :2]) / 2  # type: ignore[index]
    assert float((frames.keypoints[2][0].body[4, :2] - straight).norm()) > 3


def test_a_person_carried_to_their_own_skeleton_stays_and_moves_with_it() -> None:
    pose = preset()
    assert pose.keypoints is not None
    person = pose.keypoints[0][0].body
    assert float((carried(pose.labels[0], person, person) == pose.labels[0]).float().mean()) > 0.995
    moved = carried(pose.labels[0], person, person + torch.tensor([5.0, 0.0, 0.0]))
    assert float((moved == move(pose, 5, 0).labels[0]).float().mean()) > 0.995


def test_auto_takes_outlines_where_a_map_has_no_skeleton() -> None:
    a, b = bare(preset()), preset("walking-trousers")
    assert torch.equal(interpolate(a, b, 3).labels, interpolate(a, b, 3, "outlines").labels)
    with pytest.raises(InputError, match="keypoints"):
        interpolate(a, b, 3, "skeleton")


def test_the_silhouette_of_outlines_lies_between_those_of_the_maps() -> None:
    labels = torch.zeros(2, 40, 40, dtype=torch.uint8)
    labels[0, 10:20, 10:20] = 1
    labels[1, 5:25, 5:25] = 1
    frames = interpolate(SemanticPose(labels[:1]), SemanticPose(labels[1:]), 5)
    sizes = [int((frame == 1).sum()) for frame in frames.labels]
    assert sizes == sorted(sizes) and len(set(sizes)) == 5


@pytest.mark.parametrize("way", ["skeleton", "outlines"])
def test_soft_edges_stay_as_soft_and_agree_with_the_labels(way: str) -> None:
    start, end = (softened(preset(name), 5) for name in ("standing-trousers", "walking-trousers"))
    frames = interpolate(start, end, 4, way)
    assert frames.soft is not None and torch.equal(frames.soft[0], start.soft[0])
    assert torch.allclose(frames.soft.sum(1), torch.ones(4, *SIZE), atol=1e-5) and float(frames.soft.min()) >= 0
    assert float((frames.soft.argmax(1) == frames.labels)[1:-1].float().mean()) > 0.99
    mixed = [float((soft.amax(0) < 0.95).float().sum()) for soft in frames.soft]
    assert all(0.5 * mixed[0] < area < 2 * mixed[0] for area in mixed)
    assert interpolate(preset(), preset("walking-trousers"), 3, way).soft is None


def test_where_one_map_is_soft_the_edges_harden_on_the_way() -> None:
    frames = interpolate(softened(preset(), 7), preset("walking-trousers"), 5)
    assert frames.soft is not None
    mixed = [float((soft.amax(0) < 0.95).float().sum()) for soft in frames.soft]
    assert mixed == sorted(mixed, reverse=True) and mixed[-1] == 0


def softened(pose: SemanticPose, size: int) -> SemanticPose:
    sharp = F.one_hot(pose.labels.long(), 24).permute(0, 3, 1, 2).float()
    return SemanticPose(
        pose.labels, F.avg_pool2d(sharp, size, 1, size // 2, count_include_pad=False), None, pose.keypoints
    )


def test_two_people_keep_their_ids() -> None:
    a = merge(move(preset(), -12, 0), move(preset(), 12, 0))
    b = merge(move(preset(), -16, 0), move(preset(), 16, 0))
    frames = interpolate(a, b, 3, "skeleton")
    assert frames.person is not None and frames.keypoints is not None and len(frames.keypoints[1]) == 2
    assert frames.person[1].unique().tolist() == [0, 1, 2]
    assert torch.equal(frames.person[1] > 0, frames.labels[1] > 0)
    columns = [float((frames.person[1] == i).nonzero()[:, 1].float().mean()) for i in (1, 2)]
    assert columns[0] < 25 and columns[1] > 38


def test_without_ids_people_follow_their_own_skeletons() -> None:
    a = merge(move(preset(), -16, 0), move(preset(), 8, 0))
    b = merge(move(preset(), -16, 0), move(preset(), 18, 0))
    known, found = (
        interpolate(*pair, 3, "skeleton") for pair in ((a, b), (replace(a, person=None), replace(b, person=None)))
    )
    assert found.person is None
    stays = a.person == 1
    changed = int((found.labels[1] != a.labels[0])[stays[0]].sum())
    assert changed <= int((known.labels[1] != a.labels[0])[stays[0]].sum()) + 8, "who stands still does not change"
    assert float((found.labels[1] == known.labels[1]).float().mean()) > 0.99


def test_where_one_map_has_ids_every_frame_has() -> None:
    a = merge(move(preset(), -16, 0), move(preset(), 8, 0))
    frames = interpolate(replace(a, person=None), a, 3)
    assert frames.person is not None and torch.equal(frames.person > 0, frames.labels > 0)
    assert all(ids.unique().tolist() == [0, 1, 2] for ids in frames.person)


def test_a_point_that_one_skeleton_lacks_is_missing_between_and_hands_go_with_the_wrist() -> None:
    pose = preset()
    assert pose.keypoints is not None
    body, lacking = pose.keypoints[0][0].body, pose.keypoints[0][0].body.clone()
    lacking[4] = 0
    hands = body[4].expand(2, 21, 3).clone()
    middle = between(Keypoints(body, hands), Keypoints(lacking, hands), 0.5)
    assert not middle.body[4].any() and middle.body[3, 2] > 0
    assert middle.hands is not None and not middle.hands[1].any() and middle.hands[0].any()


def test_each_frame_is_told_and_who_is_told_may_stop() -> None:
    told: list[tuple[int, int]] = []
    interpolate(preset(), preset("walking-trousers"), 5, progress=lambda done, count: told.append((done, count)))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interpolate(preset(), preset("walking-trousers"), 5, progress=stop)


def test_sizes_differ_and_batches_chain() -> None:
    first = interpolate(preset(), preset("walking-trousers"), 3)
    second = interpolate(first, load_preset("standing-trousers", (48, 64)), 3)
    assert torch.equal(second.labels[0], first.labels[-1]) and second.labels.shape[1:] == SIZE


def test_what_cannot_be_is_refused() -> None:
    for wrong in (lambda: interpolate(preset(), preset(), 1), lambda: interpolate(preset(), preset(), 3, "magic")):
        with pytest.raises(InputError):
            wrong()
