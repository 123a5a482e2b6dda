"""`describe`, `retrieve`, `memory` and `train` on tiny random weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from humandiffusion.smr.io import append, load_memory
from humandiffusion.smr.memory import MemoryItem


def test_describe_prints_the_part_prompts_as_json(humandiffusion: Callable, tiny_files: Any) -> None:
    ended = humandiffusion("describe", "a man in a black T-shirt, no hat", "--encoder", tiny_files.encoder)
    assert ended.code == 0 and not ended.err
    described = json.loads(ended.out)
    assert any(part["part"] == "top" and "black" in part["phrase"] for part in described["parts"])
    assert described["absent"] == ["headwear"]
    assert ended.out.isascii()


def test_describe_refuses_an_empty_text(humandiffusion: Callable) -> None:
    ended = humandiffusion("describe", "  ")
    assert ended.code == 2 and ended.err.count("\n") == 1 and not ended.out


def test_retrieve_tells_ids_scores_and_captions_best_first(humandiffusion: Callable, tiny_files: Any) -> None:
    files = ["--memory", tiny_files.memory, "--encoder", tiny_files.encoder]
    ended = humandiffusion("retrieve", "--text", "a red shirt", "--part", "shirt", "-k", 2, *files)
    assert ended.code == 0 and not ended.err
    found = json.loads(ended.out)
    assert found["part"] == "top"
    assert len(found["ids"]) == len(found["captions"]) == len(found["scores"]) == 2
    assert found["scores"] == sorted(found["scores"], reverse=True)
    assert sum(found["weights"]) == pytest.approx(1, abs=1e-3)


def test_retrieve_tells_less_where_there_is_less(humandiffusion: Callable, tiny_files: Any) -> None:
    files = ["--memory", tiny_files.memory, "--encoder", tiny_files.encoder]
    found = json.loads(humandiffusion("retrieve", "--text", "red", "--part", "top", "-k", 9, *files).out)
    assert len(found["ids"]) == 3
    assert json.loads(humandiffusion("retrieve", "--text", "red", "--part", "tie", *files).out)["ids"] == []


@pytest.mark.parametrize(
    "options, told",
    [(("--part", "tail"), "tail"), (("--part", "top", "-k", "0"), "-k"), (("--part", "top", "--text", " "), "--text")],
)
def test_retrieve_refuses_by_name(humandiffusion: Callable, options: tuple[str, ...], told: str) -> None:
    ended = humandiffusion("retrieve", "--text", "red", *options)
    assert ended.code == 2 and ended.err.count("\n") == 1 and told in ended.err


def test_memory_info_counts_what_is_there(humandiffusion: Callable, tiny_files: Any) -> None:
    told = json.loads(humandiffusion("memory", "info", tiny_files.memory).out)
    assert told["items"] == 18 and told["parts"]["top"] == 3
    assert told["encoder_id"] == load_memory(tiny_files.memory).encoder_id


def test_memory_compact_folds_the_deltas_in(humandiffusion: Callable, tiny_files: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(tiny_files.memory.read_bytes())
    append(path, [MemoryItem("f" * 16, torch.ones(16), 23, "red tie", "mine/1", "mine")])
    assert len(list(tmp_path.iterdir())) == 2
    assert humandiffusion("memory", "compact", path).code == 0
    assert list(tmp_path.iterdir()) == [path]
    assert load_memory(path).captions[-1] == "red tie"


def test_memory_build_makes_a_memory_of_a_folder(humandiffusion: Callable, tiny_files: Any, tmp_path: Path) -> None:
    data = _photos(tmp_path / "set")
    out = tmp_path / "made.safetensors"
    options = ["--licence", "mine", "--encoder", tiny_files.encoder, "--recoloured", 1]
    ended = humandiffusion("memory", "build", "--data", data, "--out", out, *options)
    assert ended.code == 0 and ended.out == f"{out}\n"
    memory = load_memory(out)
    assert set(memory.licences) == {"mine"} and any(" recoloured " in source for source in memory.sources)


@pytest.mark.parametrize("arguments", [("info", "gone.safetensors"), ("compact", "gone.safetensors")])
def test_memory_names_a_file_that_is_not_there(humandiffusion: Callable, arguments: tuple[str, ...]) -> None:
    ended = humandiffusion("memory", *arguments)
    assert ended.code == 2 and ended.err.count("\n") == 1 and "gone.safetensors" in ended.err


def test_memory_build_of_a_folder_without_photos_writes_nothing(
    humandiffusion: Callable, tiny_files: Any, tmp_path: Path
) -> None:
    options = ["--licence", "mine", "--encoder", tiny_files.encoder]
    ended = humandiffusion("memory", "build", "--data", tmp_path, "--out", tmp_path / "made.safetensors", *options)
    assert ended.code == 2 and "photos: there is none" in ended.err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("run", ["denoiser", "decoder", "encoder"])
def test_every_training_run_has_its_options(humandiffusion: Callable, run: str) -> None:
    ended = humandiffusion("train", run, "--help")
    assert ended.code == 0 and "--data" in ended.out and "--resume" in ended.out


@pytest.mark.parametrize("run", ["denoiser", "decoder", "encoder"])
def test_training_on_a_folder_without_photos_is_refused_and_writes_nothing(
    humandiffusion: Callable, tiny_files: Any, tmp_path: Path, run: str
) -> None:
    files = ["--encoder", tiny_files.encoder, "--memory", tiny_files.memory] if run == "denoiser" else []
    photos = tmp_path / "photos"
    photos.mkdir()
    ended = humandiffusion("train", run, "--data", photos, "--out", tmp_path / "out", *files)
    assert ended.code == 2 and ended.err.count("\n") == 1 and "holds no photos" in ended.err
    assert list(tmp_path.rglob("*")) == [photos]


def _photos(folder: Path) -> Path:
    """Two photos with part maps, neither held out."""
    from humandiffusion.training.photos import is_held_out

    ids = [name for name in ("0001", "0002", "0003", "0004") if not is_held_out(name)][:2]
    for name in ("images", "parsing"):
        (folder / name).mkdir(parents=True)
    for number, name in enumerate(ids):
        Image.new("RGB", (64, 96), (200, 40 * number, 30)).save(folder / "images" / f"{name}.jpg")
        labels = Image.new("P", (64, 96), 0)
        labels.paste(1, (16, 24, 48, 60))
        labels.save(folder / "parsing" / f"{name}.png")
    (folder / "index.json").write_text(json.dumps({"records": [{"id": name} for name in ids]}), encoding="utf-8")
    return folder
