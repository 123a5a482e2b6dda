"""`verify` finds what opening a memory does not look for: every changed byte, and content that contradicts itself."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from humandiffusion.errors import InputError
from humandiffusion.parts import GLOVES, TOP
from humandiffusion.smr.columns import Ids, Texts
from humandiffusion.smr.io import BUILTIN, append, load_memory, save_memory
from humandiffusion.smr.memory import MemoryItem, StyleMemory
from humandiffusion.smr.query import query
from humandiffusion.smr.verify import verify


@pytest.fixture
def file(wardrobe: StyleMemory, tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    save_memory(wardrobe, path)
    return path


def test_what_was_written_is_whole(file: Path, item: Callable[..., MemoryItem]) -> None:
    assert verify(file) == []
    append(file, [item(GLOVES, "red", 1)])
    assert verify(file) == []


def test_the_memory_that_ships_is_whole() -> None:
    assert verify(BUILTIN) == []


def test_a_file_that_cannot_be_opened_is_one_problem(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])
    assert len(verify(file)) == 1 and len(verify(file.with_name("nowhere.safetensors"))) == 1


def test_every_changed_byte_is_found_and_none_is_more_than_one_clear_error(file: Path) -> None:
    whole, rng = file.read_bytes(), random.Random(5)
    for at in [*rng.sample(range(len(whole)), 150), *range(0, 400, 8)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.randrange(8)
        file.write_bytes(damaged)
        assert verify(file), f"byte {at} was changed"
        try:
            memory = load_memory(file)
            hits = query(memory, torch.eye(6), [TOP] * 6, modality="image", k=3)
            [memory.captions[row] + memory.sources[row] for row in hits.rows.flatten().tolist()]
        except InputError as error:
            assert "\n" not in str(error)


def test_a_damaged_delta_is_named(file: Path, item: Callable[..., MemoryItem]) -> None:
    delta = append(file, [item(GLOVES, "red", 1)])
    data = bytearray(delta.read_bytes())
    data[-1] ^= 1
    delta.write_bytes(data)
    assert [problem for problem in verify(file) if delta.name in problem]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: {"ids": Ids(m.ids.data[:1].repeat(len(m), 1))}, "twice"),
        (lambda m: {"vectors": m.vectors * 2}, "unit"),
        (lambda m: {"vectors": torch.where(m.vectors > 0.4, float("inf"), m.vectors)}, "finite"),
        (lambda m: {"captions": Texts(m.captions.data | 128, m.captions.offsets)}, "UTF-8"),
        (lambda m: {"captions": Texts(m.captions.data, swapped(m.captions.offsets))}, "captions"),
    ],
)
def test_content_that_contradicts_itself_is_named(
    wardrobe: StyleMemory, file: Path, change: Callable[[StyleMemory], dict[str, object]], says: str
) -> None:
    wrong = replace(wardrobe, **change(wardrobe))
    wrong.__dict__["priors"] = wardrobe.priors
    save_memory(wrong, file)
    assert any(says in problem for problem in verify(file))


def test_norms_that_are_of_another_mean_are_named(wardrobe: StyleMemory, file: Path) -> None:
    wrong = replace(wardrobe)
    wrong.__dict__["inverse_norms"] = wardrobe.inverse_norms * 1.01
    save_memory(wrong, file)
    assert any("inverse_norms" in problem for problem in verify(file))


def swapped(offsets: torch.Tensor) -> torch.Tensor:
    changed = offsets.clone()
    changed[3], changed[4] = offsets[4], offsets[3]
    return changed


def test_any_reader_of_safetensors_reads_the_file(file: Path, wardrobe: StyleMemory) -> None:
    with safe_open(file, "np") as opened:
        assert opened.get_tensor("vectors").shape == (len(wardrobe), 6) and "sums" in opened.metadata()
