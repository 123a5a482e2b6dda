"""`pose from-keypoints`, `to-masks` and `preview`: files on disk, and one clear line for what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.parts import HEADWEAR, OUTER
from humandiffusion.pose.io import load_pose, save_pose
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.render import render


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    save_pose(load_preset("standing-trousers", (96, 64)), tmp_path / "pose.json", "OpenPose JSON")
    return tmp_path / "pose.json"


def test_a_saved_skeleton_becomes_a_dressed_map(humandiffusion: Callable, skeleton: Path, tiny_files: Any) -> None:
    out = skeleton.with_name("map.png")
    ended = humandiffusion("pose", "from-keypoints", skeleton, "--out", out)
    assert ended.code == 0 and ended.out.strip() == str(out)
    plain = load_pose(out)
    assert plain.labels.shape == (1, 96, 64) and plain.keypoints is not None and plain.person is not None
    words = ("--text", "a man in a long coat", "--encoder", tiny_files.encoder, "--size", "32x48")
    assert humandiffusion("pose", "from-keypoints", skeleton, "--out", out, *words).code == 0
    dressed = load_pose(out)
    assert dressed.labels.shape == (1, 48, 32) and bool(dressed.present()[0, OUTER])


def test_every_frame_gets_a_file(humandiffusion: Callable, skeleton: Path) -> None:
    frame = json.loads(skeleton.read_text())
    skeleton.write_text(json.dumps([frame, frame]))
    assert humandiffusion("pose", "from-keypoints", skeleton, "--out", skeleton.with_name("m.png")).code == 0
    assert load_pose(skeleton.with_name("m_2.png")).batch == 1


def test_masks_are_written_by_name(humandiffusion: Callable, tmp_path: Path) -> None:
    ended = humandiffusion("pose", "to-masks", "preset:standing-trousers", "--out-dir", tmp_path / "masks")
    files = json.loads(ended.out)
    masks = {name: np.array(Image.open(path)) for name, path in files.items()}
    pose = load_preset("standing-trousers")
    assert ended.code == 0 and set(masks) == {pose.classes[i] for i in pose.present()[0].nonzero()[:, 0]}
    assert np.array_equal(masks["pants"] == 255, (pose.labels[0] == 5).numpy())
    everything = humandiffusion("pose", "to-masks", "preset:standing-trousers", "--out-dir", tmp_path / "all", "--all")
    assert len(json.loads(everything.out)) == 24


def test_a_preview_is_what_render_draws_and_lies_over_a_photo(humandiffusion: Callable, tmp_path: Path) -> None:
    out, photo = tmp_path / "preview.png", tmp_path / "photo.png"
    assert humandiffusion("pose", "preview", "preset:standing-trousers", "--out", out, "--no-legend").code == 0
    drawn = torch.from_numpy(np.array(Image.open(out))).float() / 255
    assert torch.allclose(drawn, render(load_preset("standing-trousers"))[0], atol=1 / 255)
    Image.new("RGB", (64, 96), (255, 0, 0)).save(photo)
    over = humandiffusion(
        "pose", "preview", "preset:standing-trousers", "--out", out, "--image", photo, "--no-legend", "--opacity", 50
    )
    assert over.code == 0
    pixels = np.array(Image.open(out))
    assert pixels.shape == (96, 64, 3) and (pixels[0, 0] == (255, 0, 0)).all() and (pixels[48, 32] != (255, 0, 0)).any()


def test_a_map_goes_to_another_label_set_and_back(humandiffusion: Callable, tmp_path: Path) -> None:
    save_pose(load_preset("standing-trousers"), tmp_path / "ours.png")
    assert (
        humandiffusion("pose", "convert", tmp_path / "ours.png", "--to", "atr", "--out", tmp_path / "atr.png").code == 0
    )
    atr = np.array(Image.open(tmp_path / "atr.png"))
    assert {4, 6, 9, 10, 11} <= set(atr.flatten()), "upper clothes, trousers, both shoes, face"
    back = humandiffusion("pose", "convert", tmp_path / "atr.png", "--from", "atr", "--out", tmp_path / "back.png")
    assert back.code == 0
    assert torch.equal(load_pose(tmp_path / "back.png").labels == 5, load_preset("standing-trousers").labels == 5)


def test_a_name_as_long_as_can_be_is_written(humandiffusion: Callable, tmp_path: Path) -> None:
    out = tmp_path / f"{'m' * 251}.png"
    assert humandiffusion("pose", "preview", "preset:standing-trousers", "--out", out).code == 0
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_labels_of_4_bits_are_those_of_the_file(humandiffusion: Callable, tmp_path: Path) -> None:
    # ATR's 1 is a hat; stretched to 8 bits it would be its 17, a scarf.
    grey = Image.new("L", (2, 1))
    grey.putdata([0, 17])
    grey.save(tmp_path / "atr.png", bits=4)
    content = (tmp_path / "atr.png").read_bytes()
    assert content[24] == 4
    ended = humandiffusion("pose", "convert", tmp_path / "atr.png", "--from", "atr", "--out", tmp_path / "ours.png")
    assert ended.code == 0 and load_pose(tmp_path / "ours.png").present()[0].nonzero()[:, 0].tolist() == [0, HEADWEAR]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("convert", "gone.png", "--from", "atr", "--out", "m.png"), "gone.png"),
        (("convert", "high.png", "--from", "atr", "--out", "m.png"), "200"),
        (("convert", "high.png", "--from", "coco", "--out", "m.png"), "ade20k"),
        (("from-keypoints", "gone.json", "--out", "m.png"), "gone.json"),
        (("from-keypoints", "photo.png", "--out", "m.png"), ".json"),
        (("from-keypoints", "empty.json", "--out", "m.png"), "people"),
        (("from-keypoints", "binary.json", "--out", "m.png"), "no text"),
        (("from-keypoints", "empty.json", "--out", "m.jpg"), ".png"),
        (("from-keypoints", "empty.json", "--out", "m.png", "--size", "0x9"), "WIDTHxHEIGHT"),
        (("to-masks", "preset:nobody", "--out-dir", "d"), "nobody"),
        (("preview", "gone.png", "--out", "m.png"), "gone.png"),
        (("preview", "preset:standing-trousers", "--out", f"{'m' * 252}.png"), "255"),
        (("preview", "preset:standing-trousers", "--out", "m.png", "--image", "empty.json"), "--image"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_and_leaves_nothing(
    humandiffusion: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], wanted: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.json").write_text("{}")
    Image.new("L", (4, 4), 200).save("high.png")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x81")
    before = sorted(path.name for path in tmp_path.iterdir())
    ended = humandiffusion("pose", *words)
    assert ended.code == 2 and wanted in ended.error and "Traceback" not in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before
