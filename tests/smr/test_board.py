"""The board that a page shows: every hit with its picture, and what is banned."""

import json

import torch

from humandiffusion.encoders.base import PartEncoder
from humandiffusion.parts import FACE, PANTS, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.smr.board import board
from humandiffusion.smr.features import retrieve
from humandiffusion.smr.locks import read_locks
from humandiffusion.smr.memory import StyleMemory

PROMPTS = PartPrompts(parts=(PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "blue jeans"), PartPrompt(FACE, "a grin")))


def test_every_hit_is_there_with_its_own_picture(encoder: PartEncoder, wardrobe: StyleMemory) -> None:
    features = retrieve(encoder, wardrobe, PROMPTS, k=5)
    made = board(features, wardrobe, read_locks("{}"))
    told = {row.part: row for row in features.retrieved if row.ids}
    assert [entry["part"] for entry in made.parts] == ["background", "top", "pants", "face"]
    top = made.parts[1]
    assert [hit["id"] for hit in top["hits"]] == list(told[TOP].ids) and top["phrase"] == "red shirt"
    assert "shirt" in top["names"] and top["how"] == "text" and not top["banned"]
    page, size = made.page(), wardrobe.thumbnails.shape[1]
    for hit in (*top["hits"], *made.parts[2]["hits"]):
        row, column = divmod(hit["tile"], made.columns)
        picture = page[row * size : (row + 1) * size, column * size : (column + 1) * size]
        assert torch.equal(picture, wardrobe.thumbnails[wardrobe.row_of(hit["id"])])
    assert {hit["tile"] for hit in made.parts[3]["hits"]} == {None}, "of faces nothing is shown"
    json.dumps(made.parts)


def test_what_is_banned_stays_to_be_seen(encoder: PartEncoder, wardrobe: StyleMemory) -> None:
    first = retrieve(encoder, wardrobe, PROMPTS, k=2).retrieved
    best = next(row.ids[0] for row in first if row.part == TOP)
    locks = read_locks(json.dumps({"shirt": {"ban": [best, "ffffffffffffffff"]}}))
    made = board(retrieve(encoder, wardrobe, PROMPTS, k=2, locks=locks), wardrobe, locks)
    top = next(entry for entry in made.parts if entry["part"] == "top")
    assert [entry["id"] for entry in top["banned"]] == [best], "and one that the memory lacks is not"
    assert best not in [hit["id"] for hit in top["hits"]]


def test_a_memory_without_pictures_has_a_board_without(encoder: PartEncoder, wardrobe: StyleMemory) -> None:
    from dataclasses import replace

    bare = replace(wardrobe, thumbnails=None)
    made = board(retrieve(encoder, bare, PROMPTS), bare, read_locks("{}"))
    assert made.page() is None and made.parts[1]["hits"][0]["tile"] is None
