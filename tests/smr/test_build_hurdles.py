"""What photos, or an encoder, may bring that must not spoil a memory: one face, damaged files, others' maps."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.parts import FACE, TOP
from humandiffusion.smr import build as building
from humandiffusion.smr import photos as reading
from humandiffusion.smr.build import build_from_folder
from humandiffusion.smr.io import append, load_memory, save_memory
from humandiffusion.smr.journal import Journal
from humandiffusion.smr.memory import MemoryItem, StyleMemory, update
from humandiffusion.smr.photos import find_photos, photo_at, read_image
from humandiffusion.smr.verify import verify

from .test_build_folders import drawn, many


def test_a_mean_of_few_faces_or_mostly_of_one_is_not_kept(tmp_path: Path, encoder: Any) -> None:
    root, out = many(tmp_path, 7), tmp_path / "m.safetensors"
    report = build_from_folder(root, out, encoder, licence="mine")
    assert not load_memory(out).holds(FACE) and report.duplicates + report.items == 7 * 4 + 7
    image, labels = drawn(7)
    for copy in range(3):  # eight different faces, but three tenths are one of them
        Image.fromarray(image).save(root / f"copy {copy}.png")
        Image.fromarray(labels).save(root / "maps" / f"copy {copy}.png")
    build_from_folder(root, out, encoder, licence="mine")
    assert not load_memory(out).holds(FACE)
    for copy in (1, 2):
        (root / f"copy {copy}.png").unlink()
    build_from_folder(root, out, encoder, licence="mine")
    memory = load_memory(out)
    assert memory.sources[memory.rows_of(FACE).start] == "many/mean of 8 faces"


TURNED_WITH_A_HEIGHT_IN_LETTERS = (
    b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x01\0\x02\0\0\0\x05\0\0\0&\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0desc\0\0"
)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_photo_with_damaged_exif_is_skipped_with_its_reason(kind: str, tmp_path: Path, encoder: Any) -> None:
    root, out = many(tmp_path, 3), tmp_path / "m.safetensors"
    file = io.BytesIO()
    Image.fromarray(drawn(0)[0]).save(file, kind, exif=TURNED_WITH_A_HEIGHT_IN_LETTERS)
    (root / f"damaged.{kind.lower()}").write_bytes(file.getvalue())
    Image.fromarray(drawn(0)[1]).save(root / "maps" / "damaged.png")
    report = build_from_folder(root, out, encoder, licence="mine")
    assert report.photos == 3 and [name for name, _ in report.skipped] == ["damaged"]
    assert "cannot be read as a picture" in report.skipped[0][1]


def test_a_map_is_of_the_photo_at_its_place_and_of_no_other_of_the_same_name(tmp_path: Path) -> None:
    picture = Image.fromarray(drawn(0)[0])
    places = ("anna/0001.jpg", "bert/0001.jpg", "0001.jpg", "cleo/images/0001.jpg", "dora/0001.jpg", "cleo/0002.jpg")
    for place in (*places, "maps/0001.png", "cleo/maps/0001.png", "maps/dora/0001.png", "../maps/0002.png"):
        path = tmp_path / "tree" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    root = tmp_path / "tree"
    maps = {photo.name: photo.map and photo.map.relative_to(root).as_posix() for photo in find_photos(root).photos}
    assert maps == {
        "0001": "maps/0001.png", "anna/0001": None, "bert/0001": None, "cleo/0002": None,
        "cleo/images/0001": "cleo/maps/0001.png", "dora/0001": "maps/dora/0001.png",
    }  # fmt: skip
    assert find_photos(root / "cleo" / "images").photos[0].map is None  # nothing above the folder given


def test_a_photo_that_is_encoded_as_no_numbers_is_skipped_by_name(tmp_path: Path, encoder: Any) -> None:
    class Broken(type(encoder)):  # type: ignore[misc]
        def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
            vectors = super().encode_image(images, masks).clone()
            vectors[7] = float("nan")
            return vectors

    out = tmp_path / "m.safetensors"
    report = build_from_folder(many(tmp_path, 3), out, Broken(), licence="mine")
    assert report.photos == 2 and [name for name, _ in report.skipped] == ["001"] and verify(out) == []
    assert "not all finite" in report.skipped[0][1] and "many/001" not in set(load_memory(out).sources)


def test_an_item_of_no_numbers_is_refused_and_the_memory_stays_as_it_was(
    wardrobe: StyleMemory, item: Callable[..., MemoryItem], tmp_path: Path
) -> None:
    path = tmp_path / "m.safetensors"
    save_memory(wardrobe, path)
    for bad in (float("nan"), float("inf")):
        broken = replace(item(TOP, "red", 99, "set/photo 99"), vector=torch.full((wardrobe.dim,), bad))
        for add in (lambda one: append(path, [one]), lambda one: update(wardrobe, [one])):
            with pytest.raises(InputError, match="set/photo 99"):
                add(broken)
    assert len(load_memory(path)) == len(wardrobe)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_PIXELS", 10_000)
    for ending in ("png", "jpg", "webp"):
        path = tmp_path / f"x.{ending}"
        Image.new("RGB", (101, 100)).save(path)
        with pytest.raises(InputError, match="101 x 100 pixels"):
            read_image(photo_at(path))


LARGE = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from humandiffusion.smr.photos import photo_at, read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert tuple(read_image(photo_at(Path(sys.argv[2]))).shape) == (3, 1024, 1024)
sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units")
def test_a_large_picture_is_made_small_before_its_colours_are_changed(tmp_path: Path) -> None:
    path, side = tmp_path / "x.png", 6000
    Image.new("LA", (side, side), (40, 128)).save(path, compress_level=1)
    command = [sys.executable, "-c", LARGE, str(Path(__file__).parents[2]), str(path)]
    used = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert used < 2.6 * 4 * side * side / 2**20  # as it was decoded and one copy, at four bytes a pixel


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "CMYK", "I;16"])
def test_made_small_a_picture_is_upright_and_on_white(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((30, 2000), dtype=np.uint8)).convert(mode.replace("I;16", "I")).convert(mode).save(
        path, exif=exif, compression="tiff_lzw"
    )
    assert tuple(read_image(photo_at(path)).shape) == (3, 1024, 15)
    if mode in ("LA", "RGBA"):
        Image.new(mode, (2000, 30), (0,) * len(mode)).save(path)
        assert bool((read_image(photo_at(path)) == 255).all())


def test_built_from_the_start_by_two_processes_the_later_takes_nothing_of_the_first(
    tmp_path: Path, encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out, wait = many(tmp_path, 40), tmp_path / "m.safetensors", Journal.wait
    monkeypatch.setenv("WORLD_SIZE", "2")

    def later(journal: Journal, count: int, seconds: float) -> None:
        monkeypatch.setenv("RANK", "1")
        monkeypatch.setattr(Journal, "wait", wait)
        build_from_folder(root, out, encoder, licence="mine", resume=False)
        wait(journal, count, seconds=1)

    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr(Journal, "wait", later)
    assert build_from_folder(root, out, encoder, licence="mine", resume=False).photos == 40
    assert building._process() == (1, 2) and verify(out) == []


def test_the_state_of_a_folder_is_of_what_a_build_reads(tmp_path: Path) -> None:
    root, far = many(tmp_path, 2), tmp_path / "far"
    far.mkdir()
    Image.fromarray(drawn(3)[0]).save(far / "a.png")
    os.symlink(far, root / "linked")
    os.symlink(tmp_path / "nowhere", root / "dead.jpg")
    states = [reading.state_of(find_photos(root).photos)]
    Image.fromarray(drawn(4)[0]).save(far / "a.png")
    os.utime(far / "a.png", (1, 1))
    states.append(reading.state_of(find_photos(root).photos))
    assert states[0] != states[1] and [state[0] for state in states[0]] == ["000", "001", "dead", "linked/a"]
