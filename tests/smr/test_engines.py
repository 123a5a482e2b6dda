"""The index beside a memory: finds what exact search finds, scores as it does, and gives way where it does not fit."""

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from humandiffusion.errors import InputError
from humandiffusion.parts import DRESS, PANTS, TOP
from humandiffusion.smr.engines import build_index, index_folder, open_index, usearch_index
from humandiffusion.smr.exact import ExactSearch, Scope
from humandiffusion.smr.io import load_memory, save_memory
from humandiffusion.smr.memory import StyleMemory

pytest.importorskip("usearch")
PARTS = (TOP, DRESS, PANTS)


@pytest.fixture(scope="module")
def memory() -> StyleMemory:
    """Two parts of 900 rows around 60 looks each, and one of 40 rows, which is searched whole."""
    draw = torch.Generator().manual_seed(5)
    looks = torch.randn(120, 48, generator=draw)
    rows = torch.cat((looks.repeat(15, 1), torch.randn(40, 48, generator=draw)))
    vectors = F.normalize(rows + 0.5 * torch.randn(rows.shape, generator=draw) + 0.4, dim=1).half()
    part = torch.tensor([TOP] * 900 + [DRESS] * 900 + [PANTS] * 40, dtype=torch.uint8)
    names = [f"{row:016x}" for row in range(len(rows))]
    return StyleMemory(
        names, vectors, part, names, ["set/1"] * len(rows), ["CC0"] * len(rows), None,  # type: ignore[arg-type]
        vectors.mean(0, dtype=torch.float32), torch.zeros(48), "e",
    )  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usearch_index, "SMALL", 100)


@pytest.fixture
def saved(memory: StyleMemory, tmp_path: Path, small: None) -> Path:
    path = tmp_path / "wardrobe.safetensors"
    save_memory(memory, path)
    build_index(memory, path, threads=1)
    return path


def questions(memory: StyleMemory) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(6)
    near = memory.vectors[torch.randint(0, len(memory), (60,), generator=draw)].float()
    q = F.normalize(near + 0.05 * torch.randn(near.shape, generator=draw) - memory.mean_image, dim=1)
    return q, torch.tensor(PARTS).repeat(20)


@pytest.mark.parametrize("scope", ["part", "all", "garments"])
def test_it_finds_what_the_exact_search_finds_with_the_same_scores(
    memory: StyleMemory, saved: Path, scope: Scope
) -> None:
    engine, (q, parts) = load_memory(saved).engine, questions(memory)
    assert engine is not None and engine.name == "usearch"
    rows, scores = engine.search(q, parts, 16, scope)
    right, exact = ExactSearch(memory).search(q, parts, 16, scope)
    found = sum(len(set(a) & set(b)) for a, b in zip(rows.tolist(), right.tolist(), strict=True)) / right.numel()
    assert found >= 0.95
    same = rows == right
    assert bool(same.any()) and torch.equal(scores[same], exact[same])
    assert bool((scores.diff(dim=1) <= 0).all())
    alone = engine.search(q[:1], parts[:1], 16, scope)
    assert set(alone[0][0].tolist()) <= set(range(len(memory)))


def test_where_a_part_has_fewer_rows_than_asked_the_rest_is_empty(memory: StyleMemory, saved: Path) -> None:
    engine, (q, _) = load_memory(saved).engine, questions(memory)
    assert engine is not None
    rows, scores = engine.search(q[:1], torch.tensor([PANTS]), 64)
    assert (rows[0] >= 0).sum() == 40 and bool((scores[0, 40:] == float("-inf")).all())
    none = engine.search(q[:1], torch.tensor([0]), 3)
    assert none[0].tolist() == [[-1, -1, -1]]


def test_a_memory_that_has_changed_is_searched_exactly_and_the_log_says_so(
    memory: StyleMemory, saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert open_index(replace(memory, mean_image=memory.mean_image * 0.9), saved) is None
    assert "changed since" in caplog.text
    assert replace(load_memory(saved), licences=["CC0"] * len(memory)).engine is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["index.json", "part-01.usearch"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 300])
def test_a_damaged_index_is_passed_over(
    saved: Path, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (index_folder(saved) / name).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert load_memory(saved).engine is None
    assert "searching exactly" in caplog.text


def test_a_graph_that_was_cut_short_is_passed_over(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    graph = index_folder(saved) / "part-01.usearch"
    graph.write_bytes(graph.read_bytes()[:-1000])
    with caplog.at_level(logging.WARNING):
        assert load_memory(saved).engine is None
    assert "part-01.usearch is not whole" in caplog.text


def test_without_the_package_the_memory_still_loads_and_making_an_index_says_what_to_install(
    memory: StyleMemory, saved: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "usearch", None)
    with caplog.at_level(logging.WARNING):
        assert load_memory(saved).engine is None
    assert "pip install" in caplog.text
    with pytest.raises(InputError, match="usearch is not installed"):
        build_index(memory, saved)
    assert json.loads((index_folder(saved) / "index.json").read_text())["engine"] == "usearch"


def test_a_folder_of_something_else_is_left_alone(memory: StyleMemory, tmp_path: Path, small: None) -> None:
    path = tmp_path / "wardrobe.safetensors"
    other = index_folder(path)
    other.mkdir()
    (other / "letters.txt").write_text("mine")
    with pytest.raises(InputError, match="no index of ours"):
        build_index(memory, path)
    assert [one.name for one in tmp_path.iterdir()] == [other.name] and (other / "letters.txt").read_text() == "mine"


def test_a_new_index_takes_the_place_of_the_old(memory: StyleMemory, saved: Path) -> None:
    (index_folder(saved) / "stray").write_text("")
    told: list[tuple[int, int]] = []
    build_index(memory, saved, lambda done, every: told.append((done, every)), threads=1)
    assert sorted(one.name for one in index_folder(saved).iterdir()) == [
        "index.json", "part-01.usearch", "part-04.usearch",
    ]  # fmt: skip
    assert told[-1] == (1800, 1800)
    assert sorted(one.name for one in saved.parent.iterdir()) == ["wardrobe.index", "wardrobe.safetensors"]
