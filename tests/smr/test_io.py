"""Memory files: what is saved is loaded, deltas count until compacted, and a bad file is one clear error."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from humandiffusion.errors import InputError
from humandiffusion.parts import GLOVES, TOP
from humandiffusion.smr.alone import alone
from humandiffusion.smr.io import KIND, append, compact, delta_files, load_memory, save_memory
from humandiffusion.smr.memory import MemoryItem, StyleMemory, update

FIELDS = ("ids", "captions", "sources", "licences", "encoder_id")
TENSORS = ("vectors", "part", "thumbnails", "mean_image", "mean_text")


@pytest.fixture
def file(wardrobe: StyleMemory, tmp_path: Path) -> Path:
    path = tmp_path / "my [best] wardrobe.safetensors"
    save_memory(wardrobe, path)
    return path


def same(one: StyleMemory, other: StyleMemory) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in FIELDS) and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in TENSORS
    )


def test_what_is_saved_is_loaded(wardrobe: StyleMemory, file: Path) -> None:
    assert same(load_memory(file), wardrobe)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_memory_without_thumbnails_is_one_too(wardrobe: StyleMemory, tmp_path: Path) -> None:
    save_memory(replace(wardrobe, thumbnails=None), tmp_path / "m.safetensors")
    assert load_memory(tmp_path / "m.safetensors").thumbnails is None


def test_deltas_count_at_once_and_are_gone_once_compacted(
    wardrobe: StyleMemory, file: Path, item: Callable[..., MemoryItem]
) -> None:
    before = file.read_bytes()
    first, second = [item(GLOVES, "red", 1)], [item(TOP, "blue", 91), item(TOP, "red", 92)]
    append(file, first)
    append(file, second)
    wanted = update(update(wardrobe, first), second)
    assert len(delta_files(file)) == 2 and file.read_bytes() == before and same(load_memory(file), wanted)
    assert same(compact(file), wanted) and not delta_files(file) and same(load_memory(file), wanted)


def test_a_delta_that_compacting_left_behind_changes_nothing(file: Path, item: Callable[..., MemoryItem]) -> None:
    delta = append(file, [item(GLOVES, "red", 1)])
    kept = delta.read_bytes()
    folded = compact(file)
    delta.write_bytes(kept)
    assert same(load_memory(file), folded)


def test_a_delta_of_another_encoder_is_refused(wardrobe: StyleMemory, file: Path) -> None:
    save_memory(replace(wardrobe, encoder_id="another"), file.with_name(f"{file.stem}.delta-0001.safetensors"))
    with pytest.raises(InputError, match="'another'.*'mean-colour'|'mean-colour'.*'another'"):
        load_memory(file)


def test_of_a_file_that_is_none_the_error_says_which(tmp_path: Path, file: Path) -> None:
    with pytest.raises(InputError, match="there is no file .*nowhere"):
        load_memory(tmp_path / "nowhere.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    (tmp_path / "cut.safetensors").write_bytes(file.read_bytes()[:-100])
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    for name in ("text", "cut", "other"):
        with pytest.raises(InputError, match=f"{name}.safetensors"):
            load_memory(tmp_path / f"{name}.safetensors")


def version_1(memory: StyleMemory) -> dict[str, torch.Tensor]:
    """The tensors of a file as the first version wrote it: texts as JSON, a part for every row."""
    texts = {name: torch.tensor(list(json.dumps(list(getattr(memory, name))).encode())) for name in FIELDS[:4]}
    tensors = {name: getattr(memory, name).contiguous() for name in TENSORS}
    return {**tensors, **{name: text.to(torch.uint8) for name, text in texts.items()}}


def write(path: Path, tensors: dict[str, torch.Tensor], version: int) -> None:
    about = json.dumps({"encoder_id": "mean-colour", "version": version})
    save_file(tensors, path, metadata={"kind": KIND, "about": about})


def test_what_the_first_version_saved_is_loaded(wardrobe: StyleMemory, tmp_path: Path) -> None:
    old = tmp_path / "old.safetensors"
    write(old, version_1(wardrobe), 1)
    assert same(load_memory(old), wardrobe)


def test_a_file_tells_what_searching_needs_as_it_would_be_computed(wardrobe: StyleMemory, file: Path) -> None:
    loaded = load_memory(file)
    for name in ("part_bounds", "inverse_norms", "priors"):
        assert name in loaded.__dict__ and torch.equal(getattr(loaded, name), getattr(wardrobe, name))


def test_opening_reads_no_rows(wardrobe: StyleMemory, file: Path) -> None:
    lying = load_file(file)
    write(file, {**lying, "vectors": lying["vectors"] * float("nan"), "captions": lying["captions"] + 128}, 2)
    assert bool(load_memory(file).vectors.isnan().all())


def reversed_parts(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {**tensors, "part": tensors["part"].flip(0).contiguous()}


Damage = Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda t: {k: v for k, v in t.items() if k != "mean_text"}, "mean_text"),
        (lambda t: {**t, "vectors": t["vectors"][1:].contiguous()}, "vectors, but other rows"),
        (lambda t: {**t, "vectors": t["vectors"][0].contiguous()}, "damaged"),
        (lambda t: {**t, "vectors": t["vectors"].to(torch.int8)}, "torch.int8"),
        (lambda t: {**t, "vectors": t["vectors"] * float("nan")}, "not finite"),
        (lambda t: {**t, "mean_image": t["mean_image"][1:].contiguous()}, "means of another length"),
        (reversed_parts, "out of order"),
        (lambda t: {**t, "part": t["part"] + 200}, "out of range"),
        (lambda t: {**t, "thumbnails": t["thumbnails"].float()}, "thumbnails"),
        (lambda t: {**t, "ids": torch.tensor(list(b'{"a": 1}'), dtype=torch.uint8)}, "list of strings"),
        (lambda t: {**t, "captions": torch.tensor(list(b"[\xff"), dtype=torch.uint8)}, "damaged"),
    ],
)
def test_damaged_content_of_the_first_version_is_one_clear_error(
    wardrobe: StyleMemory, tmp_path: Path, damage: Damage, says: str
) -> None:
    refused(tmp_path, damage(version_1(wardrobe)), 1, says)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda t: {k: v for k, v in t.items() if k != "priors"}, "priors"),
        (lambda t: {**t, "vectors": t["vectors"][1:].contiguous()}, "ids is"),
        (lambda t: {**t, "vectors": t["vectors"][:, :0].contiguous()}, "vectors of"),
        (lambda t: {**t, "ids": t["ids"][1:].contiguous()}, "ids is"),
        (lambda t: {**t, "part_bounds": t["part_bounds"] + 1}, "parts do not follow"),
        (lambda t: {**t, "part_bounds": t["part_bounds"].flip(0).contiguous()}, "parts do not follow"),
        (lambda t: {**t, "captions": t["captions"][1:].contiguous()}, "captions do not fill"),
        (lambda t: {**t, "source": t["source"].long()}, "source is"),
        (lambda t: {**t, "licence_offsets": t["licence_offsets"][:0].contiguous()}, "licences do not fill"),
        (lambda t: {**t, "thumbnails": t["thumbnails"][:, 1:].contiguous()}, "square"),
        (lambda t: {**t, "thumbnails": t["thumbnails"][1:].contiguous()}, "thumbnails"),
        (lambda t: {**t, "mean_text": t["mean_text"] / 0}, "not finite"),
    ],
)
def test_a_file_whose_tensors_do_not_fit_together_is_one_clear_error(file: Path, damage: Damage, says: str) -> None:
    refused(file.parent, damage(load_file(file)), 2, says)


def refused(folder: Path, tensors: dict[str, torch.Tensor], version: int, says: str) -> None:
    write(folder / "damaged.safetensors", tensors, version)
    with pytest.raises(InputError, match=says) as error:
        load_memory(folder / "damaged.safetensors")
    assert "\n" not in str(error.value) and "damaged.safetensors" in str(error.value)


def test_a_damaged_text_is_found_where_it_is_read(file: Path) -> None:
    tensors = load_file(file)
    tensors["caption_offsets"][3] = 2**50
    tensors["source"][4] = 2**30
    write(file, tensors, 2)
    memory = load_memory(file)
    assert memory.captions[0] and memory.sources[0]
    for read in (lambda: memory.captions[3], lambda: memory.sources[4], lambda: memory.groups):
        with pytest.raises(InputError, match="damaged.*verify"):
            read()


def test_a_file_of_a_newer_version_asks_for_an_update(file: Path) -> None:
    write(file, load_file(file), 3)
    with pytest.raises(InputError, match="version 3.*update"):
        load_memory(file)


def test_what_is_added_after_a_compaction_has_a_name_of_its_own(file: Path, item: Callable[..., MemoryItem]) -> None:
    first = append(file, [item(GLOVES, "red", 1)])
    compact(file)
    second = append(file, [item(GLOVES, "blue", 2)])
    assert second.name != first.name
    first.unlink(missing_ok=True)  # as one who read the first does
    assert delta_files(file) == [second]


def test_only_one_compacts_at_a_time(file: Path, item: Callable[..., MemoryItem]) -> None:
    append(file, [item(GLOVES, "red", 1)])
    with alone(file), pytest.raises(InputError, match="another process"):
        compact(file)
    compact(file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_items_are_added_where_there_are_no_hard_links(
    file: Path, item: Callable[..., MemoryItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert append(file, [item(GLOVES, "red", 1)]).is_file()


def test_a_file_in_use_is_one_clear_error(wardrobe: StyleMemory, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match="in use"):
        save_memory(wardrobe, file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
