"""`memory build` of photos, `add`, `merge`, `prune`, `verify`, `info`: results on standard output, an error a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.parts import HAIR, PANTS, TOP
from humandiffusion.smr.io import append, delta_files, load_memory
from humandiffusion.smr.memory import MemoryItem


@pytest.fixture
def mine(tiny_files: Any, tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(tiny_files.memory.read_bytes())
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos with maps, one broken."""
    root = tmp_path / "photos"
    (root / "maps").mkdir(parents=True)
    for number in range(3):
        image = np.random.default_rng(number).integers(0, 255, (60, 40, 3), dtype=np.uint8)
        Image.fromarray(image).save(root / f"{number}.png")
        Image.fromarray(np.repeat(np.uint8([TOP, PANTS, HAIR]), 20)[:, None].repeat(40, 1)).save(
            root / "maps" / f"{number}.png"
        )
    (root / "broken.png").write_bytes(b"none")
    (root / "maps" / "broken.png").write_bytes(b"none")
    return root


def test_build_takes_photos_with_maps_and_tells_what_it_skipped(
    humandiffusion: Callable, tiny_files: Any, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made.safetensors"
    options = ["--licence", "CC0", "--encoder", tiny_files.encoder, "--thumbnails", "picture", "--source", "studio"]
    ended = humandiffusion("memory", "build", photos, "--out", out, *options)
    assert ended.code == 0 and ended.out == f"{out}\n" and "skipped broken:" in ended.err
    assert "9 items of 3 photos" in ended.err and set(load_memory(out).sources) == {f"studio/{n}" for n in range(3)}
    told = json.loads(humandiffusion("memory", "info", out).out)
    assert told["parts"] == {"top": 3, "pants": 3, "hair": 3} and told["sources"] == ["studio"]
    assert told["licences"] == ["CC0"] and told["deltas"] == 0 and told["added"][0][:2] == "20"
    assert humandiffusion("memory", "verify", out).code == 0


def test_build_in_shards_is_merged(humandiffusion: Callable, tiny_files: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").unlink()
    outs = [tmp_path / f"{number}.safetensors" for number in range(2)]
    options = ["--licence", "CC0", "--encoder", tiny_files.encoder]
    for number, out in enumerate(outs):
        humandiffusion("memory", "build", photos, "--out", out, "--shard", f"{number}/2", *options)
    ended = humandiffusion("memory", "merge", *outs, "--out", tmp_path / "whole.safetensors")
    assert ended.code == 0 and len(load_memory(tmp_path / "whole.safetensors")) == 9


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--shard", "2/2"), "--shard"),
        (("--most", "3"), "index.json"),
        (("--parser", "gone.safetensors"), "gone.safetensors"),
        (("--data", "elsewhere"), "not allowed with"),
    ],
)
def test_build_refuses_by_name(
    humandiffusion: Callable, tiny_files: Any, photos: Path, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    out = tmp_path / "made.safetensors"
    ended = humandiffusion(
        "memory", "build", photos, "--out", out, "--licence", "CC0", "--encoder", tiny_files.encoder, *options
    )
    assert ended.code == 2 and says in ended.err and not out.exists()


def test_add_writes_a_delta_and_leaves_the_memory(
    humandiffusion: Callable, tiny_files: Any, photos: Path, mine: Path
) -> None:
    before = mine.read_bytes()
    options = ["--encoder", tiny_files.encoder, "--licence", "CC0", "--part", "top"]
    ended = humandiffusion("memory", "add", mine, photos / "0.png", photos / "1.png", *options)
    assert ended.code == 0 and ended.out == f"{delta_files(mine)[0]}\n" and mine.read_bytes() == before
    assert len(load_memory(mine)) == 20 and "added/0" in load_memory(mine).sources
    other = humandiffusion("memory", "add", mine, photos / "0.png", "--licence", "CC0")
    assert other.code == 2 and "encoder" in other.err


def test_prune_writes_what_is_left(humandiffusion: Callable, mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "left.safetensors"
    ended = humandiffusion("memory", "prune", mine, "--out", out, "--drop-part", "top", "--keep-source", "tiny/1")
    assert ended.code == 0 and len(load_memory(out)) == 5 and len(load_memory(mine)) == 18
    ended = humandiffusion("memory", "prune", mine, "--out", out, "--drop-licence", "nobody's")
    assert ended.code == 2 and "nobody's" in ended.err
    assert humandiffusion("memory", "prune", mine, "--out", mine, "--most", 2).code == 0
    assert len(load_memory(mine)) == 12


def test_prune_in_place_refuses_where_deltas_would_add_to_it(humandiffusion: Callable, mine: Path) -> None:
    append(mine, [MemoryItem("f" * 16, torch.ones(16), 23, "red tie", "mine/1", "mine")])
    ended = humandiffusion("memory", "prune", mine, "--out", mine, "--most", 2)
    assert ended.code == 2 and "compact" in ended.err and len(load_memory(mine)) == 19


def test_merge_and_build_refuse_where_deltas_would_add_to_what_they_write(
    humandiffusion: Callable, mine: Path, tmp_path: Path
) -> None:
    append(mine, [MemoryItem("f" * 16, torch.ones(16), 23, "red tie", "mine/1", "mine")])
    for words in (("merge", "builtin"), ("build", tmp_path, "--licence", "CC0")):
        ended = humandiffusion("memory", *words, "--out", mine)
        assert ended.code == 2 and "compact" in ended.err and len(load_memory(mine)) == 19


def test_verify_says_in_one_line_what_is_wrong(humandiffusion: Callable, mine: Path) -> None:
    append(mine, [])  # now of the present version
    damaged = bytearray(delta_files(mine)[0].read_bytes())
    damaged[-1] ^= 1
    delta_files(mine)[0].write_bytes(damaged)
    ended = humandiffusion("memory", "verify", mine)
    assert ended.code == 2 and ended.err.count("\n") == 1 and "delta-0001" in ended.err and not ended.out
    assert humandiffusion("memory", "verify").out == "builtin: whole\n"


def test_merge_refuses_memories_of_two_encoders(humandiffusion: Callable, mine: Path, tmp_path: Path) -> None:
    ended = humandiffusion("memory", "merge", mine, "builtin", "--out", tmp_path / "both.safetensors")
    assert ended.code == 2 and "encoder" in ended.err and not (tmp_path / "both.safetensors").exists()
