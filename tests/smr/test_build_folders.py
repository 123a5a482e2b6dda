"""Building from any folder: what lies beside a photo, what cannot be read, faces, words, and what stops the work."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FACE, HAIR, PANTS, SKIN, TOP
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.smr.build import BuildReport, Recipe, build_from_folder
from humandiffusion.smr.io import load_memory
from humandiffusion.smr.memory import StyleMemory
from humandiffusion.smr.remember import items_of_photo, items_of_picture
from humandiffusion.smr.verify import verify

COLOURS = ((190, 28, 40), (52, 128, 62), (44, 84, 180), (236, 206, 62))
BANDS = (
    (slice(2, 12), HAIR, (20, 18, 18)),
    (slice(12, 22), FACE, (220, 170, 150)),
    (slice(22, 32), SKIN, (215, 165, 145)),
    (slice(32, 62), TOP, None),
    (slice(62, 94), PANTS, (24, 24, 26)),
)


def drawn(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of 48 x 96 and its map: a top of one of four colours, none of two numbers the same."""
    image = np.full((96, 48, 3), 235, dtype=np.uint8)
    labels = np.zeros((96, 48), dtype=np.uint8)
    for rows, part, colour in BANDS:
        image[rows, 12:36] = COLOURS[number % 4] if colour is None else colour
        labels[rows, 12:36] = part
    image[:, :, 2] = np.clip(image[:, :, 2].astype(int) + number % 16, 0, 255)
    return image, labels


class ByColour:
    """A parser of the drawn photos: what is where in them is always the same."""

    parser_id = "drawn"
    asked: list[int]

    def __init__(self) -> None:
        self.asked = []

    def parse(self, images: Tensor) -> SemanticPose:
        """Photos [B, 3, 96, 48]."""
        self.asked.append(len(images))
        return SemanticPose(torch.from_numpy(drawn(0)[1])[None].repeat(len(images), 1, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six photos: two alone, one with a map beside, one with a map in `maps`, two in a sub-folder with `parsing`."""
    root = tmp_path / "my photos"
    for below in ("", "maps", "summer", "summer/parsing"):
        (root / below).mkdir(exist_ok=True)
    for number, name in enumerate(("a.jpg", "b.png", "c.jpg", "d.webp", "summer/e.jpg", "summer/f.jpg")):
        Image.fromarray(drawn(number)[0]).save(root / name, quality=98)
    labels = Image.fromarray(drawn(0)[1])
    for name in ("c.map.png", "maps/d.png", "summer/parsing/e.png", "summer/parsing/f.png"):
        labels.save(root / name)
    return root


@pytest.fixture
def build(folder: Path, tmp_path: Path, encoder: Any) -> Callable[..., tuple[StyleMemory, BuildReport]]:
    def run(root: Path = folder, name: str = "m", **options: Any) -> tuple[StyleMemory, BuildReport]:
        options = {"licence": "mine", "parser": ByColour(), **options}
        report = build_from_folder(root, tmp_path / f"{name}.safetensors", encoder, **options)
        assert report.path is not None and verify(report.path) == []
        return load_memory(report.path), report

    return run


def test_photos_are_found_with_their_maps_and_without(build: Callable, tmp_path: Path) -> None:
    parser = ByColour()
    memory, report = build(parser=parser)
    assert (report.photos, report.items, report.skipped) == (6, len(memory), []) and sum(parser.asked) == 2
    tops = memory.rows_of(TOP)
    assert set(memory.captions[tops]) == {"red top", "green top", "blue top", "yellow top"}
    assert {"my photos/a", "my photos/summer/e"} <= set(memory.sources) and set(memory.licences) == {"mine"}
    assert memory.added is not None and bool((memory.added > time.time() - 600).all())
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []  # no journal is left
    torch.testing.assert_close(memory.mean_image, memory.vectors.float().mean(0))
    assert memory.part_mean_text is not None and memory.part_mean_image is not None


def test_photos_alone_need_a_parser_and_a_licence(folder: Path, tmp_path: Path, encoder: Any) -> None:
    for options, says in (({"licence": "mine"}, "2 of 6 have no map.*parser"), ({"licence": " "}, "licence")):
        parser = None if options["licence"] == "mine" else ByColour()
        with pytest.raises(InputError, match=says):
            build_from_folder(folder, tmp_path / "m.safetensors", encoder, parser=parser, **options)
    with pytest.raises(InputError, match="no folder"):
        build_from_folder(folder / "gone", tmp_path / "m.safetensors", encoder, licence="mine")
    with pytest.raises(InputError, match="index.json"):
        build_from_folder(
            folder, tmp_path / "m.safetensors", encoder, licence="mine", parser=ByColour(), recipe=Recipe(most=3)
        )


def test_what_cannot_be_read_is_skipped_and_told(folder: Path, build: Callable) -> None:
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "c.jpg").write_bytes((folder / "c.jpg").read_bytes()[:300])
    Image.fromarray(drawn(0)[1][:, :20]).save(folder / "maps" / "d.png")
    (folder / "a.txt").write_bytes(b"\xff\xfe\xff")
    memory, report = build()
    assert {name for name, _ in report.skipped} == {"broken", "c", "d", "a"} and report.photos == 3
    assert all("\n" not in reason for _, reason in report.skipped)
    assert {"my photos/b", "my photos/summer/e", "my photos/summer/f"} >= set(memory.sources) - {
        "my photos/mean of 3 faces"
    }


def test_where_nothing_is_left_nothing_is_written(tmp_path: Path, encoder: Any) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "x.jpg").write_bytes(b"none")
    with pytest.raises(InputError, match="x cannot be read|x: x.jpg cannot be read"):
        build_from_folder(tmp_path / "photos", tmp_path / "m.safetensors", encoder, licence="mine", parser=ByColour())
    assert not (tmp_path / "m.safetensors").exists()


def test_the_same_picture_twice_is_one_item(folder: Path, build: Callable) -> None:
    (folder / "copy of b.png").write_bytes((folder / "b.png").read_bytes())
    before = build(name="before")[1]
    memory, report = build()
    assert report.duplicates >= 5 and len(set(memory.ids)) == len(memory) == report.items
    assert before.photos == report.photos


def test_words_beside_a_photo_name_its_parts(folder: Path, build: Callable) -> None:
    (folder / "a.txt").write_text("An elderly woman in a crimson plaid shirt and torn jeans", encoding="utf-8")
    (folder / "b.json").write_text(json.dumps({"top": "grandpa's moss cardigan"}), encoding="utf-8")
    memory, _ = build()
    told = dict(zip(((source, int(part)) for source, part in zip(memory.sources, memory.part, strict=True)),
                    memory.captions, strict=True))  # fmt: skip
    assert "crimson" in told["my photos/a", TOP] and "torn" in told["my photos/a", PANTS]
    assert told["my photos/b", TOP] == "grandpa's moss cardigan" and told["my photos/b", PANTS] == "black pants"
    assert "woman" not in told["my photos/a", HAIR]


def test_of_faces_there_is_one_mean_or_a_blur_or_nothing_and_never_a_picture(build: Callable, folder: Path) -> None:
    for number in range(6, 9):
        Image.fromarray(drawn(number)[0]).save(folder / f"{number}.png")
    memory, _ = build(thumbnails="picture")
    rows = memory.rows_of(FACE)
    assert rows.stop - rows.start == 1 and memory.sources[rows.start] == "my photos/mean of 9 faces"
    assert memory.captions[rows.start] == "face"
    assert memory.thumbnails is not None and memory.thumbnails.shape[1:] == (48, 48, 3)
    assert bool((memory.thumbnails[rows.start] == 128).all())
    assert not build(name="none", faces="none", thumbnails="none")[0].holds(FACE)
    blurred, _ = build(name="blur", faces="blur", thumbnails="picture")
    rows = blurred.rows_of(FACE)
    assert rows.stop - rows.start == 9 and bool((blurred.thumbnails[rows] == 128).all())


def test_a_blurred_face_has_no_features(encoder: Any) -> None:
    from humandiffusion.smr.cutting import _blurred

    crop, share = torch.rand(3, 64, 64), torch.ones(1, 64, 64)
    smooth = _blurred(crop, share)
    detail = (smooth - torch.nn.functional.avg_pool2d(smooth[None], 9, 1, 4, count_include_pad=False)[0]).std()
    assert float(detail) < 0.01 and abs(float(smooth.mean() - crop.mean())) < 0.01


def test_stopped_it_goes_on_where_it_was_and_comes_out_the_same(tmp_path: Path, encoder: Any) -> None:
    root = many(tmp_path, 70)
    out, whole = tmp_path / "m.safetensors", tmp_path / "whole.safetensors"
    build_from_folder(root, whole, encoder, licence="mine")
    told: list[int] = []
    stopped = build_from_folder(
        root, out, encoder, licence="mine", progress=lambda done, _: told.append(done), stop=lambda: bool(told)
    )
    assert stopped.path is None and not out.exists() and told[-1] < 70
    again: list[int] = []
    report = build_from_folder(root, out, encoder, licence="mine", progress=lambda done, _: again.append(done))
    assert again[0] > told[-1] and again[-1] == 70 and report.photos == 70
    assert same(out, whole)


def test_another_encoder_or_a_changed_photo_does_not_go_on_with_what_was_done(tmp_path: Path, encoder: Any) -> None:
    root, out = many(tmp_path, 40), tmp_path / "m.safetensors"
    told: list[int] = []
    build_from_folder(root, out, encoder, licence="a", progress=lambda d, _: told.append(d), stop=lambda: bool(told))
    report = build_from_folder(root, out, encoder, licence="b", resume=False)
    assert set(load_memory(out).licences) == {"b"} and report.photos == 40
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_from_the_start_a_build_may_go_into_a_folder_that_is_not_there_yet(tmp_path: Path, encoder: Any) -> None:
    out = tmp_path / "new" / "m.safetensors"
    assert build_from_folder(many(tmp_path, 3), out, encoder, licence="a", resume=False).path == out


def test_shards_merged_are_the_whole(tmp_path: Path, encoder: Any) -> None:
    from humandiffusion.smr.merge import merge_memories

    root = many(tmp_path, 40)
    parts = []
    for number in range(3):
        out = tmp_path / f"{number}.safetensors"
        build_from_folder(root, out, encoder, licence="mine", faces="none", recipe=Recipe(shard=(number, 3)))
        parts.append(load_memory(out))
    build_from_folder(root, tmp_path / "whole.safetensors", encoder, licence="mine", faces="none")
    whole, merged = load_memory(tmp_path / "whole.safetensors"), merge_memories(parts)
    assert sorted(merged.ids) == sorted(whole.ids)
    torch.testing.assert_close(merged.mean_image, whole.mean_image)


SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from humandiffusion.smr.build import build_from_folder
from conftest import ColourEncoder
def told(done, count):
    sys.stdout.write(f"{done}\\n")
    sys.stdout.flush()
build_from_folder(Path(sys.argv[3]), Path(sys.argv[4]), ColourEncoder(), licence="mine", progress=told)
"""


def start(root: Path, out: Path, **environment: str) -> "subprocess.Popen[str]":
    here = Path(__file__).parent
    command = [sys.executable, "-c", SCRIPT, str(here.parents[1]), str(here), str(root), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})


def test_killed_it_loses_nothing_that_it_told_was_done(tmp_path: Path, encoder: Any) -> None:
    root, out, whole = many(tmp_path, 120), tmp_path / "m.safetensors", tmp_path / "whole.safetensors"
    build_from_folder(root, whole, encoder, licence="mine")
    rng, done, code = random.Random(3), 0, 1
    for attempt in range(3):
        process = start(root, out)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert int(first or 120) > done
        done = int(first or 120)
        time.sleep(rng.random() * 0.1)
        process.send_signal(signal.SIGKILL if attempt < 2 else 0)
        done = max([done, *map(int, process.stdout.read().split())])
        code = process.wait()
        assert not out.exists() or same(out, whole)
    assert code == 0 and same(out, whole)


def test_processes_share_the_photos_and_one_writes_the_file(tmp_path: Path, encoder: Any) -> None:
    root, out, whole = many(tmp_path, 60), tmp_path / "m.safetensors", tmp_path / "whole.safetensors"
    build_from_folder(root, whole, encoder, licence="mine")
    running = [start(root, out, RANK=str(rank), WORLD_SIZE="2") for rank in (0, 1)]
    assert [process.wait() for process in running] == [0, 0] and same(out, whole)
    for process in running:
        assert process.stdout is not None
        process.stdout.close()


def test_one_picture_is_remembered_but_never_its_face(folder: Path, encoder: Any) -> None:
    (folder / "c.json").write_text(json.dumps({"pants": "ink jeans"}), encoding="utf-8")
    items = items_of_photo(folder / "c.jpg", encoder, source="today", licence="mine")
    assert {item.part for item in items} == {BACKGROUND, HAIR, SKIN, TOP, PANTS}
    assert {item.source for item in items} == {"today/c"} and "ink jeans" in {item.caption for item in items}
    image, labels = drawn(0)
    tensors = torch.from_numpy(image).float() / 255, torch.from_numpy(labels)
    options = {"name": "x", "source": "s", "licence": "l"}
    (only,) = items_of_picture(*tensors, encoder, parts=[TOP], captions={TOP: "my shirt"}, **options)
    assert only.caption == "my shirt" and only.added > 0
    torch.testing.assert_close(only.vector, encoder.encode_text(["red"])[0], atol=0.02, rtol=0)
    with pytest.raises(InputError, match="no such part"):
        items_of_picture(*tensors, encoder, parts=[FACE], **options)
    with pytest.raises(InputError, match="same size"):
        items_of_picture(tensors[0], tensors[1][1:], encoder, **options)
    with pytest.raises(InputError, match="choose a parser"):
        items_of_photo(folder / "a.jpg", encoder, source="s", licence="l")


def many(tmp_path: Path, count: int) -> Path:
    root = tmp_path / "many"
    (root / "maps").mkdir(parents=True)
    for number in range(count):
        image, labels = drawn(number)
        image[:, :12, 0] = number
        Image.fromarray(image).save(root / f"{number:03d}.png", compress_level=1)
        Image.fromarray(labels).save(root / "maps" / f"{number:03d}.png")
    return root


def same(one: Path, other: Path) -> bool:
    """All but when the items were added."""
    first, second = load_memory(one), load_memory(other)
    texts = ("ids", "captions", "sources", "licences")
    tensors = ("vectors", "mean_image", "mean_text", "part_mean_text", "thumbnails")
    return all(getattr(first, name) == getattr(second, name) for name in texts) and all(
        torch.equal(getattr(first, name), getattr(second, name)) for name in tensors
    )
