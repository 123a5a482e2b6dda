"""Merging, pruning, adding beside: every id once, means follow, and a large memory gives what a small one would."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FACE, GLOVES, HAIR, PANTS, PART_NAMES, TOP
from humandiffusion.smr import io, rows
from humandiffusion.smr.io import append, compact, delta_files, load_memory, save_memory
from humandiffusion.smr.memory import MemoryItem, StyleMemory, initialise, update
from humandiffusion.smr.merge import Chosen, merge_memories, prune
from humandiffusion.smr.query import query
from humandiffusion.smr.rows import Rows

Make = Callable[..., MemoryItem]


@pytest.fixture
def other(item: Make, wardrobe: StyleMemory) -> StyleMemory:
    """Three rows, one of which the wardrobe has too."""
    items = [item(TOP, "red", 500, "mine/1"), item(GLOVES, "red", 1, "mine/2"), item(PANTS, "black", 0, "mine/3")]
    assert items[2].id in wardrobe.ids
    return initialise(items, encoder_id=wardrobe.encoder_id, mean_text=wardrobe.mean_text + 0.5)


def test_a_merged_memory_has_every_row_once_and_the_means_of_all(wardrobe: StyleMemory, other: StyleMemory) -> None:
    merged = merge_memories([wardrobe, other])
    assert sorted(merged.ids) == sorted({*wardrobe.ids, *other.ids}) and merged.part.tolist() == sorted(merged.part)
    for memory in (other, wardrobe):
        for row, identity in enumerate(memory.ids):
            found = merged.row_of(identity)
            assert torch.equal(merged.vectors[found], memory.vectors[row])
            assert merged.captions[found] == memory.captions[row] and int(merged.part[found]) == int(memory.part[row])
    assert merged.sources[merged.row_of(other.ids[other.rows_of(PANTS).start])] != "mine/3"
    torch.testing.assert_close(merged.mean_image, merged.vectors[:].float().mean(0))
    share = len(other) / (len(other) + len(wardrobe))
    torch.testing.assert_close(merged.mean_text, wardrobe.mean_text + 0.5 * share)
    assert merged.part_mean_image is not None
    torch.testing.assert_close(merged.part_mean_image[TOP], merged.vectors[merged.rows_of(TOP)].float().mean(0))


def test_the_text_means_of_parts_are_weighed_by_their_rows(wardrobe: StyleMemory, other: StyleMemory) -> None:
    known = torch.arange(24.0)[:, None].repeat(1, 6)
    merged = merge_memories([replace(wardrobe, part_mean_text=known), other])
    assert merged.part_mean_text is not None
    torch.testing.assert_close(merged.part_mean_text[HAIR], known[HAIR])
    torch.testing.assert_close(merged.part_mean_text[GLOVES], other.mean_text)
    torch.testing.assert_close(merged.part_mean_text[TOP], (known[TOP] * 22 + other.mean_text) / 23)


def test_a_memory_of_another_encoder_is_refused_and_both_are_named(wardrobe: StyleMemory, other: StyleMemory) -> None:
    with pytest.raises(InputError, match="'mean-colour'.*'another'"):
        merge_memories([wardrobe, replace(other, encoder_id="another")])
    with pytest.raises(InputError, match="no memory"):
        merge_memories([])


def test_what_is_chosen_is_kept_or_dropped(wardrobe: StyleMemory) -> None:
    kept = prune(wardrobe, keep=Chosen(parts=[TOP, PANTS]), drop=Chosen(sources=["set/3"]))
    assert {*kept.part.tolist()} == {TOP, PANTS} and len(kept) == 42 and "set/3" not in kept.sources
    dropped = prune(wardrobe, drop=Chosen(ids=[wardrobe.ids[0]], sources=["set/0"]))
    assert wardrobe.ids[0] not in dropped.ids and not any(source.startswith("set/0") for source in dropped.sources)
    assert len(prune(wardrobe, keep=Chosen(sources=["set"]))) == len(wardrobe)
    assert len(prune(wardrobe, keep=Chosen(licences=["CC0"]))) == len(wardrobe)
    torch.testing.assert_close(kept.mean_image, kept.vectors[:].float().mean(0))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (Chosen(ids=["f" * 16]), "no item"),
        (Chosen(sources=["se"]), "source 'se'"),
        (Chosen(licences=["mine"]), "licence 'mine'"),
        (Chosen(parts=range(24)), "nothing would be left"),
    ],
)
def test_what_is_not_there_cannot_be_dropped_nor_everything(wardrobe: StyleMemory, chosen: Chosen, says: str) -> None:
    with pytest.raises(InputError, match=says):
        prune(wardrobe, drop=chosen)


def test_of_each_part_at_most_so_many_are_left_evenly_dealt(wardrobe: StyleMemory) -> None:
    few = prune(wardrobe, most=4)
    counts = few.part_bounds.diff().tolist()
    assert {PART_NAMES[part]: count for part, count in enumerate(counts) if count} == {
        "background": 3, "top": 4, "pants": 4, "hair": 4, "face": 1, "skin": 2,
    }  # fmt: skip
    assert list(few.ids[few.rows_of(TOP)]) == [wardrobe.ids[wardrobe.rows_of(TOP).start + i] for i in (0, 5, 11, 16)]


def test_a_large_memory_is_merged_pruned_and_saved_without_copying_and_comes_out_the_same(
    wardrobe: StyleMemory, other: StyleMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_both() -> StyleMemory:
        return prune(merge_memories([wardrobe, other]), drop=Chosen(parts=[FACE]), most=9)

    small = of_both()
    monkeypatch.setattr(rows, "COPIED_UP_TO", 0)
    large = of_both()
    assert isinstance(large.vectors, Rows) and isinstance(large.thumbnails, Rows)
    save_memory(large, tmp_path / "large.safetensors")
    save_memory(small, tmp_path / "small.safetensors")
    assert (tmp_path / "large.safetensors").read_bytes() == (tmp_path / "small.safetensors").read_bytes()


def test_beside_a_large_memory_deltas_are_found_and_its_means_stay_until_it_is_compacted(
    wardrobe: StyleMemory, item: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, more = tmp_path / "large.safetensors", [item(GLOVES, "red", 1), item(TOP, "blue", 91)]
    save_memory(wardrobe, path)
    append(path, more)
    small = load_memory(path)
    monkeypatch.setattr(io, "_JOINED_UP_TO", 0)
    monkeypatch.setattr(rows, "COPIED_UP_TO", 0)
    large = load_memory(path)
    assert isinstance(large.vectors, Rows) and large.ids == small.ids and large.captions == small.captions
    assert torch.equal(large.vectors[:], small.vectors[:]) and torch.equal(large.mean_image, wardrobe.mean_image)
    torch.testing.assert_close(large.inverse_norms, replace(large).inverse_norms)  # a copy computes it anew
    q = more[1].vector[None].repeat(3, 1)
    hits = query(large, q, [TOP, GLOVES, BACKGROUND], modality="image", k=3)
    assert large.ids[int(hits.rows[0, 0])] == more[1].id and large.ids[int(hits.rows[1, 0])] == more[0].id
    prior, hair = large.prior(GLOVES), large.prior(HAIR)
    assert prior is not None and hair is not None
    torch.testing.assert_close(prior, more[0].vector, atol=2e-3, rtol=0)
    assert torch.equal(hair, wardrobe.priors[HAIR])
    assert torch.equal(compact(path).mean_image, update(wardrobe, more).mean_image)


def test_many_may_add_at_a_time_and_nothing_is_lost(wardrobe: StyleMemory, item: Make, tmp_path: Path) -> None:
    path = tmp_path / "shared.safetensors"
    save_memory(wardrobe, path)
    adding = [threading.Thread(target=append, args=(path, [item(GLOVES, "red", number)])) for number in range(8)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    assert len(delta_files(path)) == 8 and len(load_memory(path)) == len(wardrobe) + 8
    assert len(compact(path)) == len(wardrobe) + 8 and list(tmp_path.iterdir()) == [path]


def test_a_memory_that_is_compacted_while_it_is_opened_is_opened(
    wardrobe: StyleMemory, item: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shared.safetensors"
    save_memory(wardrobe, path)
    append(path, [item(GLOVES, "red", 1)])
    found = [delta_files(path), []]
    compact(path)
    monkeypatch.setattr(io, "delta_files", lambda _: found.pop(0))  # as it was a moment ago
    assert len(load_memory(path)) == len(wardrobe) + 1
