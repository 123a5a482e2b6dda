"""The pose editor's value, on the fixtures that the page's tests read as well, and on damaged ones."""

import json
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from humandiffusion.errors import InputError
from humandiffusion.parts import PARTS
from humandiffusion.pose.editor_value import decode_runs, encode_runs, parse_value, pose_of
from humandiffusion.pose.semantic_pose import SemanticPose

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "editor"
GOOD = json.loads((FIXTURES / "good.json").read_text("utf-8"))
BAD = json.loads((FIXTURES / "bad.json").read_text("utf-8"))
KEYS = ("version", "width", "height", "labels", "painted", "skeleton", "base")
STRANGE: list[Any] = [None, True, -1, 0, 1e300, 10**400, "", "A" * 99, [], {}, [[0] * 3] * 18, {"rle": "Azzzzz"}]


def no_file(name: str) -> NDArray[np.uint8]:
    raise InputError(f"pose editor: {name} is not there")


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["law"])
def test_a_value_is_read_as_the_page_reads_it(case: dict[str, Any]) -> None:
    value = parse_value(case["value"], no_file)
    assert value.labels.tolist() == [[int(letter, 36) for letter in row] for row in case["labels"]]
    assert int(value.painted.sum()) == case["painted"]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["law"])
def test_what_is_wrong_is_named_in_one_line(case: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=case["words"]) as error:
        parse_value(case["value"], no_file)
    assert "\n" not in str(error.value)


def test_the_page_has_the_same_parts() -> None:
    table = json.loads((ROOT / "web" / "src" / "scene" / "parts.json").read_text("utf-8"))
    ours = [(part.name, part.group, list(part.colour), list(part.synonyms)) for part in PARTS]
    assert [(row["name"], row["group"], row["colour"], row["synonyms"]) for row in table] == ours


def test_runs_give_back_any_map() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        size = tuple(int(side) for side in generator.integers(8, 60, 2))
        labels = generator.integers(0, 24, size).repeat(generator.integers(1, 9), 1)[:, : size[1]].astype(np.uint8)
        assert np.array_equal(decode_runs(encode_runs(labels), size, 24, "labels"), labels)


def test_paint_lies_over_a_base_of_any_size_unless_the_map_is_kept() -> None:
    base = SemanticPose(torch.full((2, 16, 16), 5, dtype=torch.uint8))
    painted = {"rle": "A" + "1oB4"}
    value = {"version": 1, "width": 8, "height": 8, "labels": {"rle": "B1s"}, "painted": painted}
    over = pose_of(parse_value(json.dumps(value), no_file), base)
    assert over.labels.shape == (2, 16, 16) and int((over.labels == 1).sum()) == 2 * 16
    kept = {**value, "base": {"hash": "0", "policy": "keep"}}
    assert pose_of(parse_value(json.dumps(kept), no_file), base).labels.tolist() == [[[1] * 8] * 8]
    assert pose_of(parse_value("", no_file), base) is base
    figure = {**value, "skeleton": {"keypoints": [[1, 2, 1]] * 18, "garments": [], "build": "average"}}
    assert pose_of(parse_value(json.dumps(figure), no_file), base).labels.tolist() == [[[1] * 8] * 8]


def test_a_large_map_comes_from_its_file() -> None:
    value = {"version": 1, "width": 8, "height": 8, "labels": {"file": "humandiffusion/a.png [input]"}}
    pixels = np.full((8, 8), 13, dtype=np.uint8)
    assert parse_value(json.dumps(value), lambda _: pixels).labels.unique().tolist() == [13]
    with pytest.raises(InputError, match="of 9x8, wanted a map of 8x8"):
        parse_value(json.dumps(value), lambda _: np.zeros((8, 9), dtype=np.uint8))


def test_a_value_longer_than_the_page_ever_saves_is_refused_before_it_is_read() -> None:
    runs = "AB" * (2**19 + 1)
    with pytest.raises(InputError, match="characters, wanted at most 1048576"):
        parse_value(json.dumps({"version": 1, "width": 2, "height": 8, "labels": {"rle": runs}}), no_file)


def test_2000_random_or_damaged_values_are_refused_clearly_or_read_right() -> None:
    rng = random.Random(4)
    texts = [case["value"] for case in [*GOOD, *BAD]]
    start, refused = time.monotonic(), 0
    for _ in range(2000):
        text = _damaged(rng, rng.choice(texts))
        try:
            value = parse_value(text, no_file)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 400
        else:
            assert int(value.labels.max()) < 24 and value.labels.shape == value.painted.shape
    assert 500 < refused < 2000 and time.monotonic() - start < 20


def _damaged(rng: random.Random, text: str) -> str:
    """One of: cut, letters changed, a key's value exchanged for something else, deep nesting, noise."""
    kind = rng.randrange(6)
    if kind == 0:
        return text[: rng.randrange(len(text))]
    if kind == 1:
        letters = list(text)
        for _ in range(rng.randrange(1, 4)):
            letters[rng.randrange(len(letters))] = chr(rng.choice([0, 34, 48, 57, 65, 90, 97, 122, 123, 233, 0x1F600]))
        return "".join(letters)
    if kind == 2:
        try:
            data = json.loads(text)
        except ValueError:
            return text + text
        if isinstance(data, dict):
            data[rng.choice(KEYS)] = rng.choice(STRANGE)
        return json.dumps(data)
    if kind == 3:
        return "[" * rng.randrange(1, 100_000)
    if kind == 4:
        return "".join(chr(rng.randrange(1, 0xD7FF)) for _ in range(rng.randrange(200)))
    return text
