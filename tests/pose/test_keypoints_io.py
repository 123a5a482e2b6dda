"""What controlnet_aux and the editors pass on is read, whatever is missing; what is damaged is refused in one line."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.pose.from_keypoints import pose_from_keypoints
from humandiffusion.pose.garments import cut
from humandiffusion.pose.keypoints_io import read_keypoints, write_keypoints
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose


def a_frame(normalised: bool = False, **more: Any) -> dict[str, Any]:
    """A preset's skeleton as controlnet_aux writes it."""
    (frame,) = write_keypoints(load_preset("standing-trousers", (192, 128)))
    points = frame["people"][0]["pose_keypoints_2d"]
    if normalised:
        points[0::3] = [x / 128 for x in points[0::3]]
        points[1::3] = [y / 192 for y in points[1::3]]
    return {**frame, "animals": [], **more}


def body_of(data: Any, size: tuple[int, int] = (192, 128)) -> torch.Tensor:
    return read_keypoints(data)[0].on(size)[0].body


@pytest.mark.parametrize("form", ["list", "frame", "text"])
def test_a_list_of_frames_one_frame_and_text_say_the_same(form: str) -> None:
    data = {"list": [a_frame()], "frame": a_frame(), "text": json.dumps([a_frame()])}[form]
    preset = load_preset("standing-trousers", (192, 128))
    assert preset.keypoints is not None
    assert torch.allclose(body_of(data), preset.keypoints[0][0].body, atol=1e-3)


def test_shares_of_the_picture_and_pixels_are_told_apart() -> None:
    assert torch.allclose(body_of(a_frame(normalised=True)), body_of(a_frame()), atol=1e-2)
    no_canvas = {key: value for key, value in a_frame(normalised=True).items() if "canvas" not in key}
    assert torch.allclose(body_of(no_canvas), body_of(a_frame()), atol=1e-2)


def test_points_scale_to_the_size_asked_for() -> None:
    assert torch.allclose(body_of(a_frame(), (384, 128)), body_of(a_frame()) * torch.tensor([1.0, 2.0, 1.0]))


def test_body_25_gives_the_18_points() -> None:
    frame = a_frame()
    points = frame["people"][0]["pose_keypoints_2d"]
    hips = [1.0, 2.0, 0.5]
    frame["people"][0]["pose_keypoints_2d"] = points[:24] + hips + points[24:] + [0.0] * 18
    assert torch.equal(body_of(frame), body_of(a_frame()))


def test_hands_and_a_face_of_68_or_70_points_ride_along_and_come_back() -> None:
    frame = a_frame()
    person = frame["people"][0]
    person["hand_right_keypoints_2d"] = [float(i % 90 + 1) for i in range(63)]
    person["face_keypoints_2d"] = [float(i % 90 + 1) for i in range(204)]
    person["hand_left_keypoints_2d"] = []
    (read,) = read_keypoints(frame)[0].on((192, 128))
    assert read.hands is not None and read.face is not None
    assert not read.hands[0].any() and (read.hands[1, :, 2] > 0).all()
    assert read.face.shape == (70, 3) and not read.face[68:].any()
    pose = SemanticPose(torch.zeros(1, 192, 128, dtype=torch.uint8), keypoints=((read,),))
    again = read_keypoints(json.loads(json.dumps(write_keypoints(pose))))[0].on((192, 128))[0]
    assert again.hands is not None and again.face is not None
    assert torch.allclose(again.hands, read.hands, atol=1e-3) and torch.allclose(again.face, read.face, atol=1e-3)


def test_a_missing_point_has_confidence_0_and_no_place() -> None:
    frame = a_frame()
    frame["people"][0]["pose_keypoints_2d"][12:15] = [55.0, 66.0, 0.0]
    assert body_of(frame)[4].tolist() == [0.0, 0.0, 0.0]
    assert body_of(frame)[3, 2] > 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "None"),
        ([], "list"),
        ("{", "no JSON"),
        ("[" * 100000, "no JSON"),
        ({"people": {}}, "frame 1"),
        ({"people": [5]}, "person 1"),
        ([{"people": []}, {"people": [{"pose_keypoints_2d": [0.0] * 51}]}], "frame 2, person 1"),
        ({"people": [{"pose_keypoints_2d": [0.0] * 53 + ["x"]}]}, "'x'"),
        ({"people": [{"pose_keypoints_2d": [float("nan")] * 54}]}, "nan"),
        ({"people": [{"pose_keypoints_2d": [1e300] * 54}]}, "1e+300"),
        ({"people": [{"pose_keypoints_2d": [True] * 54}]}, "True"),
        ({"people": [], "canvas_width": 0, "canvas_height": 9}, "canvas"),
        ({"people": [], "canvas_width": 1e9, "canvas_height": 9}, "canvas"),
        ({"people": [], "canvas_width": 64.5, "canvas_height": 9}, "canvas"),
        ({"people": [], "canvas_width": float("nan"), "canvas_height": 9}, "canvas"),
        ({"people": [], "canvas_width": 64}, "canvas"),
        ({"people": [{"pose_keypoints_2d": None}] * 256}, "256 people"),
    ],
)
def test_what_is_damaged_is_refused_in_one_line(data: Any, words: str) -> None:
    with pytest.raises(InputError) as error:
        read_keypoints(data)
    assert words in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 400


def test_2000_damaged_jsons_give_a_map_or_a_clear_error(tmp_path: Path) -> None:
    chance, outcomes = random.Random(4), {"map": 0, "error": 0}
    before = set(tmp_path.iterdir())
    whole = [json.dumps([a_frame(normalised=normalised)]) for normalised in (False, True)]
    for i in range(2000):
        text = _damaged(chance.choice(whole), chance)
        try:
            frames = read_keypoints(text)
            # Drawing takes a thousand times as long as reading.
            pose = pose_from_keypoints(frames[:1], [cut("t-shirt")], (24, 16)) if i % 10 == 0 else None
        except InputError as error:
            assert "\n" not in str(error) and str(error)
            outcomes["error"] += 1
            continue
        outcomes["map"] += 1
        if pose is not None:
            assert pose.labels.shape[1:] == (24, 16) and pose.person is not None
            assert torch.equal(pose.person > 0, pose.labels > 0)
    assert min(outcomes.values()) > 100, outcomes
    assert set(tmp_path.iterdir()) == before


def _damaged(text: str, chance: random.Random) -> str:
    kind = chance.randrange(5)
    if kind == 0:  # bytes
        cut_at = chance.randrange(len(text))
        return text[:cut_at] + chance.choice(["", '"', "]", "x", "1e999", "NaN"]) + text[cut_at + chance.randrange(9) :]
    data = json.loads(text)
    frame = data[0]
    person = frame["people"][0]
    points = person["pose_keypoints_2d"]
    junk = [None, "a", [], {}, True, 1e30, float("nan"), -5, 0, 7.5, 10**400, [[1]]]
    if kind == 1:  # values
        for _ in range(chance.randrange(1, 4)):
            points[chance.randrange(len(points))] = chance.choice(junk)
    elif kind == 2:  # keys
        target = chance.choice([frame, person])
        target[chance.choice([*target, "canvas_width", "face_keypoints_2d"])] = chance.choice(junk)
    elif kind == 3:  # points missing or anywhere
        for i in range(18):
            if chance.random() < 0.5:
                points[3 * i : 3 * i + 3] = chance.choice([[0, 0, 0], [chance.uniform(-99, 300), 5.0, 1.0]])
    else:  # lengths, people, frames
        person["pose_keypoints_2d"] = points[: chance.choice([0, 51, 53, 54])] or chance.choice([None, []])
        frame["people"] = [person] * chance.choice([0, 1, 2, 3])
        data = data * chance.choice([0, 1, 2])
    return json.dumps(data)
