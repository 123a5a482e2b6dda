"""Keypoints of people in photos, by the real controlnet_aux where it is installed."""

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parsing.keypoints import BODY, load_keypoint_finder


def test_a_folder_without_the_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=BODY):
        load_keypoint_finder(tmp_path)


def test_without_the_package_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / BODY).write_bytes(b"")
    monkeypatch.setitem(sys.modules, "controlnet_aux", None)
    with pytest.raises(InputError, match="pip install controlnet_aux"):
        load_keypoint_finder(tmp_path)


@pytest.fixture(scope="module")
def openpose() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(
            "controlnet_aux.open_pose",
            reason="SKIPPED: keypoints; controlnet_aux is not installed (pip install controlnet_aux matplotlib)",
        )


def test_files_of_the_true_layout_are_read_and_a_blank_net_sees_nobody(openpose: Any, tmp_path: Path) -> None:
    from controlnet_aux.open_pose.model import bodypose_model

    blank = {name.partition(".")[2]: torch.zeros_like(t) for name, t in bodypose_model().state_dict().items()}
    torch.save(blank, tmp_path / BODY)
    finder = load_keypoint_finder(tmp_path)
    assert len(finder.nets) == 1
    assert finder.find(torch.rand(2, 3, 64, 48)) == ((), ())
    (tmp_path / BODY).write_bytes(b"torn")
    with pytest.raises(InputError, match="cannot read"):
        load_keypoint_finder(tmp_path)


def test_people_are_told_in_the_photos_pixels(openpose: Any) -> None:
    from humandiffusion.parsing.keypoints import _person

    point, nowhere = openpose.Keypoint(x=0.25, y=0.5), openpose.Keypoint(x=-1.0, y=-1.0)
    body = openpose.BodyResult([point, None, *[point] * 16], total_score=1.0, total_parts=17)
    person = _person(openpose.PoseResult(body, [point] * 20 + [nowhere], None, None), (40, 80))
    assert person.body[0].tolist() == [10.0, 40.0, 1.0] and person.body[1].tolist() == [0.0, 0.0, 0.0]
    assert person.hands is not None and person.face is None
    assert person.hands[0, 0].tolist() == [10.0, 40.0, 1.0] and float(person.hands[0, 20, 2]) == 0
    assert bool((person.hands[1] == 0).all())
