"""Laws of the part prompts."""

import json

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import FACE, HEADWEAR, PANTS, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts

SHIRT = PartPrompt(TOP, "red plaid shirt", weight=1.2, negative="stripes", start=0.1, end=0.9)
JEANS = PartPrompt(PANTS, "blue jeans")
LOOK = PartPrompts((JEANS, SHIRT), "a man ...", "man", "white wall", (HEADWEAR,), ("a note",))


def test_prompts_are_sorted_by_part() -> None:
    assert [prompt.part for prompt in LOOK.parts] == [TOP, PANTS]


def test_get_finds_a_part_and_nothing_else() -> None:
    assert LOOK.get(TOP) == SHIRT
    assert LOOK.get(FACE) is None


def test_json_round_trip_loses_nothing() -> None:
    assert PartPrompts.from_json(LOOK.to_json()) == LOOK
    assert PartPrompts.from_json(LOOK.to_dict()) == LOOK


def test_json_keys_are_stable() -> None:
    data = json.loads(LOOK.to_json())
    assert list(data) == ["sentence", "parts", "person", "scene", "absent", "notes"]
    assert list(data["parts"][0]) == ["part", "index", "phrase", "weight", "negative", "start", "end"]
    assert data["parts"][0]["part"] == "top" and data["absent"] == ["headwear"]


def test_json_takes_part_names_indices_and_defaults() -> None:
    read = PartPrompts.from_json('{"parts": [{"part": "trousers", "phrase": "a"}, {"index": 1, "phrase": "b"}]}')
    assert read.parts == (PartPrompt(TOP, "b"), PartPrompt(PANTS, "a"))


def test_with_part_replaces_and_ends_absence_and_leaves_the_old_one() -> None:
    changed = LOOK.with_part(PartPrompt(TOP, "green top")).with_part(PartPrompt(HEADWEAR, "straw hat"))
    assert [prompt.phrase for prompt in changed.parts] == ["green top", "blue jeans", "straw hat"]
    assert changed.absent == () and LOOK.absent == (HEADWEAR,) and LOOK.get(TOP) == SHIRT


def test_prompts_with_other_pictures_are_not_equal() -> None:
    one, two = (PartPrompt(TOP, "shirt", image=torch.full((4, 3, 3), value)) for value in (0.0, 1.0))
    assert one != two and one == PartPrompt(TOP, "shirt", image=torch.zeros(4, 3, 3)) and hash(one) == hash(two)


@pytest.mark.parametrize(
    "fields",
    [
        {"part": 24},
        {"part": -1},
        {"part": True},
        {"weight": -0.1},
        {"weight": float("nan")},
        {"weight": "1"},
        {"start": 0.6, "end": 0.5},
        {"end": 1.5},
        {"phrase": None},
        {"image": torch.zeros(3, 4, 4)},
        {"image": torch.zeros(4, 4, 3, dtype=torch.uint8)},
        {"mask": torch.zeros(4, 4)},
        {"image": torch.zeros(4, 4, 3), "mask": torch.zeros(5, 4)},
    ],
)
def test_a_bad_prompt_is_refused(fields: dict) -> None:
    with pytest.raises(InputError) as error:
        PartPrompt(**{"part": TOP, "phrase": "shirt", **fields})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"parts": 1}', '{"parts": [1]}', '{"parts": [{"part": "tail", "phrase": ""}]}',
     '{"parts": [{"part": 24}]}', '{"absent": [true]}', '{"person": 1}', '{"parts": [{"phrase": "a"}]}'],
)  # fmt: skip
def test_bad_json_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        PartPrompts.from_json(text)


def test_two_prompts_on_one_part_are_refused() -> None:
    with pytest.raises(InputError, match="two prompts for top"):
        PartPrompts((SHIRT, SHIRT))


def test_a_part_is_not_both_described_and_absent() -> None:
    with pytest.raises(InputError, match="both described and absent"):
        PartPrompts((SHIRT,), absent=(TOP,))
