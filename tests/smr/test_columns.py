"""Packed texts read as the strings that were packed; rows of several tensors read as one tensor's."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.smr import columns
from humandiffusion.smr import rows as module
from humandiffusion.smr.columns import Column, Ids, Interned, Texts
from humandiffusion.smr.rows import Rows, stack, take

WORDS = ("red shirt", "", "bl\u00e5 skjorte", "red shirt", "\U0001f457", "red shirt")
NAMES = tuple(f"{number:016x}" for number in (7, 1, 2**63 + 5, 0, 7))


@pytest.mark.parametrize(("kind", "strings"), [(Texts, WORDS), (Interned, WORDS), (Ids, NAMES)])
def test_a_column_is_the_sequence_that_was_packed(kind: type[Column], strings: tuple[str, ...]) -> None:
    column = kind.of(strings)  # type: ignore[attr-defined]
    assert column == strings and list(column) == list(strings) and len(column) == len(strings)
    assert [column[i] for i in range(len(strings))] == list(strings) and column[-1] == strings[-1]
    assert column[1:4] == strings[1:4] and column[::-2] == strings[::-2] and column[9:] == ()
    assert column != strings[1:] and column != (*strings[:-1], "another") and column != 3
    with pytest.raises(IndexError):
        column[len(strings)]
    chosen = torch.tensor([3, 0, 0, 2])
    assert column.take(chosen) == [strings[i] for i in chosen.tolist()]  # type: ignore[attr-defined]
    assert kind.join([column, kind.of(()), column]) == strings + strings  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [Texts, Interned])
def test_long_runs_of_rows_and_large_tables_read_the_same(kind: type[Column], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_LARGE_TABLE", 0)
    texts = [f"thing {number}" * (number % 3) for number in range(200)]
    rows = torch.tensor([*range(90, 200), *range(3, 60), 0, *range(100, 140)])
    column = kind.of(texts)  # type: ignore[attr-defined]
    assert column.take(rows) == [texts[row] for row in rows.tolist()]  # type: ignore[attr-defined]
    assert column.take(rows[:0]) == []  # type: ignore[attr-defined]
    assert kind.join([column, column]) == texts * 2  # type: ignore[attr-defined]


def test_a_text_that_many_rows_have_is_kept_once_and_one_that_none_has_is_not() -> None:
    column = Interned.of(WORDS)
    assert len(column.table) == 4 and len(Interned.join([column, column]).table) == 4
    assert column.take(torch.tensor([0, 3])).table == ["red shirt"]


def test_ids_are_found_and_what_is_none_is_not() -> None:
    ids = Ids.of(NAMES)
    assert ids.find([NAMES[2], "feed", NAMES[1], "f" * 16, NAMES[0], "Z" * 16]).tolist() == [2, -1, 1, -1, 0, -1]
    assert ids.first_of_each().tolist() == [True, True, True, True, False]
    assert Ids.of(()).find([NAMES[0]]).tolist() == [-1]
    with pytest.raises(InputError, match="'feed'"):
        Ids.of(["feed"])


def test_rows_of_several_tensors_read_as_those_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COPIED_UP_TO", 0)
    whole = torch.arange(60).reshape(20, 3).half()
    rows = stack([whole[:7], whole[7:7], stack([whole[7:12], whole[12:]])])
    assert isinstance(rows, Rows) and rows.shape == whole.shape and rows.dtype == whole.dtype
    order = torch.tensor([5, 6, 7, 8, 0, 19, 13, 14])
    some = take(rows, order)
    assert isinstance(some, Rows)
    for index in (slice(0, 20), slice(5, 9), slice(3, 3), 4, -1, torch.tensor([[3, 19], [0, 7]]), order):
        assert torch.equal(rows[index], whole[index])
    assert torch.equal(some[:], whole[order]) and torch.equal(some[2:5], whole[order][2:5])
    assert rows[0:7].data_ptr() == whole.data_ptr()  # what lies in one piece is not copied
