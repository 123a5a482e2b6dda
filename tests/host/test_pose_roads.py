"""Roads into and out of pose maps in a real ComfyUI server, through its HTTP interface."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from humandiffusion.pose.io import load_pose, save_pose
from humandiffusion.pose.keypoints_io import write_keypoints
from humandiffusion.pose.palettes import OURS
from humandiffusion.pose.presets import load_preset


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": f"HumanDiffusion{kind[1:]}" if kind.startswith("_") else kind, "inputs": inputs}


def _preset(name: str = "standing-trousers") -> dict[str, Any]:
    return _node("_LoadPose", preset=name, file="")


def _colours(labels: torch.Tensor) -> torch.Tensor:
    return torch.tensor(OURS)[labels.long()].int()


def _change(**values: Any) -> dict[str, Any]:
    sides = dict.fromkeys(("x", "y", "degrees", "left", "top", "right", "bottom", "width", "height"), 0)
    return _node("_PoseTransform", **{**sides, "scale": 1.0, "parts": "top", **values})


def test_masks_and_names_make_the_map_again(server: Any) -> None:
    prompt = {
        "1": _preset(),
        "2": _node("_PoseToMasks", pose=["1", 0], all_parts=False),
        "3": _node("_PoseFromMasks", masks=["2", 0], names=["2", 1], soft_edges=True, fill_holes=False),
        "4": _node("_PosePreview", pose=["3", 0], legend=False, outline=False),
        "5": _node("_PosePreview", pose=["1", 0], legend=False, outline=False),
    }
    (again,), (first,) = server.run(prompt, "4", "5")
    assert torch.equal(again, first) and torch.equal(first, _colours(load_preset("standing-trousers").labels[0]))


def test_a_skeleton_is_dressed_by_the_words_and_saved_and_loaded(
    server: Any, workflow: dict[str, Any], base: Path
) -> None:
    (frame,) = write_keypoints(load_preset("standing-trousers", (192, 128)))
    describe = {key: workflow[key] for key in ("2", "6")}
    describe["6"]["inputs"]["sentence"] = "A woman in a long coat and boots"
    prompt = {
        **describe,
        "20": _node("_PoseFromKeypoints", keypoints=frame, prompts=["6", 0], width=0, height=0, build="average"),
        "21": _node("_PosePreview", pose=["20", 0], legend=False, outline=False),
        "22": _node("_SavePose", pose=["20", 0], filename_prefix="roads/pose", format="OpenPose JSON"),
    }
    history = server.wait(server.queue(prompt))
    drawn = server.picture(history["outputs"]["21"]["images"][0])
    assert drawn.shape == (192, 128, 3) and (drawn == _colours(torch.tensor(2))).all(-1).sum() > 1000
    saved = json.loads((base / "output" / history["outputs"]["22"]["text"][0]).read_text())
    assert len(saved["people"]) == 1 and saved["canvas_width"] == 128
    (base / "input" / "skeleton.json").write_text(json.dumps(saved))
    load = _node("_LoadPose", preset="standing-dress", file="skeleton.json", prompts=["6", 0])
    (loaded,) = server.run({**describe, "20": load, "21": prompt["21"]}, "21")[0]
    assert torch.equal(loaded, drawn)


def test_the_file_formats_load_as_they_were(server: Any, base: Path) -> None:
    for form in ("indexed PNG", "palette PNG"):
        save = _node("_SavePose", pose=["1", 0], filename_prefix="roads/map", format=form)
        (file,) = server.wait(server.queue({"1": _preset(), "2": save}))["outputs"]["2"]["images"]
        path = base / "output" / file["subfolder"] / file["filename"]
        assert Image.open(path).mode == ("P" if form == "indexed PNG" else "RGB")
        assert torch.equal(load_pose(path).labels, load_preset("standing-trousers").labels)


def test_frames_between_two_poses_are_a_batch(server: Any) -> None:
    prompt = {
        "1": _preset(),
        "2": _preset("arms-raised-t-shirt"),
        "3": _node("_InterpolatePose", start=["1", 0], end=["2", 0], frames=3, way="auto"),
        "4": _node("_PosePreview", pose=["3", 0], legend=False, outline=False),
    }
    frames = server.run(prompt, "4")[0]
    assert len(frames) == 3 and torch.equal(frames[0], _colours(load_preset("standing-trousers").labels[0]))
    assert not torch.equal(frames[1], frames[0]) and not torch.equal(frames[1], frames[2])


def test_a_map_changes_and_lies_over_a_photo(server: Any, base: Path) -> None:
    save_pose(load_preset("standing-dress"), base / "input" / "dress.png")
    Image.new("RGB", (256, 384), (10, 200, 30)).save(base / "input" / "green.png")
    prompt = {
        "1": _preset(),
        "2": _node("_LoadPose", preset="standing-trousers", file="dress.png"),
        "3": _change(pose=["1", 0], change="merge", other=["4", 0]),
        "4": _change(pose=["2", 0], change="move", x=60, scale=0.8),
        "5": _node("LoadImage", image="green.png"),
        "6": _node("_PosePreview", pose=["3", 0], legend=False, outline=False, image=["5", 0], opacity=1.0),
    }
    (picture,) = server.run(prompt, "6")[0]
    assert picture[0, 0].tolist() == [10, 200, 30]
    colours = {tuple(colour) for colour in picture.view(-1, 3).unique(dim=0).tolist()}
    assert {OURS[4], OURS[5]} <= colours, "a dress and trousers: both people are there"


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (_node("_PoseFromKeypoints", keypoints={"people": []}, width=64, height=64, build="average"), "nobody"),
        (_node("_PoseFromKeypoints", keypoints={"a": 1}, width=0, height=0, build="average"), "people"),
        (_node("_PoseFromMasks", masks=["2", 0], names="top, wing", soft_edges=True, fill_holes=False), "wanted"),
        (_change(pose=["1", 0], change="merge"), "connect it"),
        (_change(pose=["1", 0], change="crop", left=300), "crop"),
        (_change(pose=["1", 0], change="take parts", parts="", other=["1", 0]), "parts"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(server: Any, node: dict[str, Any], words: str) -> None:
    prompt = {"1": _preset(), "2": _node("_PoseToMasks", pose=["1", 0], all_parts=False), "3": node}
    prompt["4"] = _node("_PosePreview", pose=["3", 0], legend=False, outline=False)
    with pytest.raises((ValueError, RuntimeError), match=words) as error:
        server.run(prompt, "4")
    assert "Traceback" not in str(error.value)
