"""`retrieve` by picture, and `memory index`, on tiny random weights."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from humandiffusion.smr.io import append, load_memory
from humandiffusion.smr.memory import MemoryItem


def test_a_picture_asks_alone_or_with_words(humandiffusion: Callable, tiny_files: Any, tmp_path: Path) -> None:
    picture = tmp_path / "shirt.png"
    Image.new("RGB", (30, 40), (180, 20, 40)).save(picture)
    files = ["--part", "top", "--memory", tiny_files.memory, "--encoder", tiny_files.encoder]
    words, seen, both, mostly_seen = (
        json.loads(humandiffusion("retrieve", *more, *files).out)
        for more in (
            ("--text", "red shirt"),
            ("--image", picture),
            ("--text", "red shirt", "--image", picture),
            ("--text", "red shirt", "--image", picture, "--reference", 1),
        )
    )
    assert seen["text"] == "" and seen["image"] == str(picture) and words["image"] is None
    assert mostly_seen["scores"] == seen["scores"] and both["scores"] not in (seen["scores"], words["scores"])
    assert words["engine"] == "exact" and set(words["sources"]) <= set(load_memory(tiny_files.memory).sources)


def test_what_is_banned_is_not_told(humandiffusion: Callable, tiny_files: Any) -> None:
    asked = ["retrieve", "--text", "red", "--part", "top", "--memory", tiny_files.memory, "--encoder"]
    free = json.loads(humandiffusion(*asked, tiny_files.encoder, "--diversity", 0.5, "--scope", "all").out)
    bound = json.loads(humandiffusion(*asked, tiny_files.encoder, "--scope", "all", "--ban", free["ids"][0]).out)
    assert len(free["ids"]) == 4 and free["ids"][0] not in bound["ids"]


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--text", " "), "--text"), ((), "--text"), (("--image", "none.png"), "--image"), (("--diversity", 2), "0 to 1")],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    humandiffusion: Callable, options: tuple[object, ...], told: str
) -> None:
    ended = humandiffusion("retrieve", "--part", "top", *options)
    assert ended.code == 2 and ended.err.count("\n") == 1 and told in ended.err


@pytest.fixture
def copied(tiny_files: Any, tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny_files.memory, tmp_path / "wardrobe.safetensors"))


def test_an_index_is_made_and_used(
    humandiffusion: Callable, tiny_files: Any, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch")
    monkeypatch.setattr("humandiffusion.smr.engines.usearch_index.SMALL", 1)
    ended = humandiffusion("memory", "index", copied, "--threads", 1)
    assert ended.code == 0 and ended.out.strip() == str(copied.with_suffix(".index"))
    asked = ["retrieve", "--text", "red", "--part", "top", "--memory", copied, "--encoder", tiny_files.encoder]
    by_index, exactly = (json.loads(humandiffusion(*asked, *more).out) for more in ((), ("--exact",)))
    assert (by_index.pop("engine"), exactly.pop("engine")) == ("usearch", "exact") and by_index == exactly


def test_a_memory_with_deltas_is_compacted_before_it_is_indexed(humandiffusion: Callable, copied: Path) -> None:
    append(copied, [MemoryItem("f" * 16, load_memory(copied).vectors[0].float(), 1, "a shirt", "s/1", "CC0")])
    ended = humandiffusion("memory", "index", copied)
    assert ended.code == 2 and "compact" in ended.err
