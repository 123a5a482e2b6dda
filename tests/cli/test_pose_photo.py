"""`pose from-photo`: a photo becomes a map on disk, and one clear line for what is wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.parsing.io import save_parser
from humandiffusion.parsing.net import ParserConfig, ParserNet
from humandiffusion.pose.io import load_pose


@pytest.fixture
def parser(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = ParserConfig(widths=(8, 16), blocks=1)
    save_parser(tmp_path / "tiny.safetensors", config, ParserNet(config).state_dict(), area=64 * 96)
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (50, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_photo_becomes_a_map_of_its_size(humandiffusion: Callable, photo: Path, parser: Path) -> None:
    out, preview = photo.with_name("map.png"), photo.with_name("preview.png")
    ended = humandiffusion("pose", "from-photo", photo, "--parser", parser, "--out", out, "--preview", preview)
    assert ended.code == 0 and ended.out.startswith(f"{out}: ")
    assert load_pose(out).labels.shape == (1, 50, 30)
    with Image.open(preview) as picture:
        assert picture.height == 50 and picture.width > 30


def test_a_photo_is_turned_as_its_camera_says(humandiffusion: Callable, photo: Path, parser: Path) -> None:
    turned = photo.with_name("turned.jpg")
    with Image.open(photo) as picture:
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(turned, exif=exif)
    out = photo.with_name("map.png")
    assert humandiffusion("pose", "from-photo", turned, "--parser", parser, "--out", out).code == 0
    assert load_pose(out).labels.shape == (1, 30, 50)


def test_what_cannot_be_read_is_named_and_nothing_is_written(
    humandiffusion: Callable, photo: Path, parser: Path, tmp_path: Path
) -> None:
    torn, out = tmp_path / "torn.png", tmp_path / "map.png"
    torn.write_bytes(photo.read_bytes()[:300])
    cases = (
        ((torn, "--parser", parser), "torn.png"),
        ((tmp_path / "gone.png", "--parser", parser), "gone.png"),
        ((photo, "--parser", torn), "torn.png"),
        ((photo, "--parser", tmp_path), "config.json"),
        ((photo, "--parser", parser, "--keypoints", tmp_path), "body_pose_model.pth"),
    )
    for arguments, word in cases:
        ended = humandiffusion("pose", "from-photo", *arguments, "--out", out)
        assert ended.code == 2 and word in ended.error and not out.exists()
