"""`humandiffusion edit` on tiny random weights: nothing outside the mask changes, and nothing half is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.editing.mask import part_mask
from humandiffusion.parts import HAIR, PANTS, TOP
from humandiffusion.pose.io import load_pose, save_pose
from humandiffusion.pose.semantic_pose import SemanticPose


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Noise, as large as the tiny map."""
    pixels = torch.randint(0, 256, (96, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    path = tmp_path / "photo.png"
    Image.fromarray(pixels.numpy()).save(path)
    return path


@pytest.fixture
def edit(humandiffusion: Callable, tiny_files: Any, photo: Path, tmp_path: Path) -> Callable:
    """`edit(**options)`: two steps, each option replaced or (None) left out."""

    def run(**changes: Any) -> Any:
        options = {"image": photo, "pose": tiny_files.pose, "part": "top", "text": "a green shirt", "seed": 1}
        options |= {"out": tmp_path / "out.png", "steps": 2, "model": tiny_files.model, "encoder": tiny_files.encoder}
        options |= {"memory": tiny_files.memory, **changes}
        words = [
            word
            for name, value in options.items()
            if value is not None
            for word in (f"--{name.replace('_', '-')}", value)
        ]
        return humandiffusion("edit", *words)

    return run


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def _changed(before: Path, after: Path) -> torch.Tensor:
    return torch.from_numpy((_pixels(before) != _pixels(after)).any(-1))


@pytest.mark.parametrize("part, index", [("top", TOP), ("trousers", PANTS), ("hair", HAIR)])
def test_the_part_changes_and_no_pixel_outside_its_mask(
    edit: Callable, tiny_files: Any, photo: Path, tmp_path: Path, part: str, index: int
) -> None:
    ended = edit(part=part, grow=2, feather=3)
    assert ended.code == 0, ended.err
    assert ended.out == f"{tmp_path / 'out.png'}\n"
    pose = load_pose(tiny_files.pose)
    (mask,) = part_mask(pose, index, grow=2, feather=3)
    changed = _changed(photo, tmp_path / "out.png")
    assert not changed[mask == 0].any()
    assert changed[pose.labels[0] == index].float().mean() > 0.9


def test_the_same_seed_gives_the_same_file_and_another_seed_another(edit: Callable, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert edit(out=tmp_path / f"{name}.png", seed=seed).code == 0
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_a_new_shape_keeps_the_look_and_changes_both_places(
    edit: Callable, tiny_files: Any, photo: Path, tmp_path: Path
) -> None:
    labels = load_pose(tiny_files.pose).labels.clone()
    labels[:, 24:48] = 0
    labels[:, 20:60, 40:] = TOP
    save_pose(SemanticPose(labels), tmp_path / "new.png")
    assert edit(text=None, new_pose=tmp_path / "new.png", grow=1, feather=1).code == 0
    changed = _changed(photo, tmp_path / "out.png")
    old = load_pose(tiny_files.pose).labels[0] == TOP
    assert changed[old].float().mean() > 0.9 and changed[20:60, 40:].float().mean() > 0.9
    assert not changed[80:].any()


def test_without_a_map_the_builtin_parser_finds_one(edit: Callable, photo: Path, tmp_path: Path) -> None:
    ended = edit(pose=None, part="background", text="a street")
    assert ended.code == 0, ended.err
    assert _changed(photo, tmp_path / "out.png").any()


def test_a_reference_picture_says_what_it_is_to_look_like(edit: Callable, photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 40), (20, 160, 40)).save(tmp_path / "cloth.png")
    assert edit(text=None, reference=tmp_path / "cloth.png").code == 0
    assert edit(out=tmp_path / "other.png").code == 0
    assert (tmp_path / "out.png").read_bytes() != (tmp_path / "other.png").read_bytes()


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"part": "wing"}, "wing"),
        ({"part": "tie"}, "which is not in the map; wanted one of background, top"),
        ({"text": None}, "--text, --reference, --new-pose"),
        ({"image": "no-such.png"}, "no-such.png"),
        ({"reference": "no-such.png"}, "--reference"),
        ({"pose": "no-such-map.png"}, "no-such-map.png"),
        ({"pose": "preset:flying"}, "flying"),
        ({"new_pose": "no-such-map.png"}, "no-such-map.png"),
        ({"grow": -1}, "--grow"),
        ({"denoise": 0}, "--denoise"),
        ({"model": "no-such.safetensors"}, "no-such.safetensors"),
        ({"out": "no-such-folder/out.png"}, "no-such-folder"),
        ({"out": "out.jpg"}, "out.jpg"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_written(
    edit: Callable, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    ended = edit(**changes)
    assert ended.code == 2 and not ended.out
    assert ended.err.startswith("humandiffusion: error: ") and ended.err.count("\n") == 1
    assert told in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_map_of_another_shape_is_refused_by_name(edit: Callable, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "square.png")
    ended = edit(image=tmp_path / "square.png")
    assert ended.code == 2 and "64x96 for a picture of 64x64" in ended.err


def test_alpha_and_colour_profile_come_through(edit: Callable, photo: Path, tmp_path: Path) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (96, 64, 1), dtype=np.uint8)
    clear = tmp_path / "clear.png"
    Image.fromarray(np.concatenate((_pixels(photo), alpha), 2)).save(clear, icc_profile=b"profile")
    assert edit(image=clear).code == 0
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.mode == "RGBA" and picture.info["icc_profile"] == b"profile"
    assert (_pixels(tmp_path / "out.png")[..., 3:] == alpha).all()
    assert edit(image=photo, out=tmp_path / "plain.png").code == 0
    assert (_pixels(tmp_path / "plain.png") == _pixels(tmp_path / "out.png")[..., :3]).all()


def test_a_picture_of_16_bits_is_refused(edit: Callable, tmp_path: Path) -> None:
    deep = tmp_path / "deep.png"
    Image.fromarray(np.zeros((96, 64), np.uint16)).save(deep)
    ended = edit(image=deep)
    assert ended.code == 2 and "8 bits" in ended.err and not (tmp_path / "out.png").exists()
