from collections import Counter

import torch

from humandiffusion.evaluation.asking import ask_all, flat_picture, large_garments, sentence
from humandiffusion.evaluation.colours import BASIC_NAMES, judge_colours
from humandiffusion.parts import FACE, FOOTWEAR, PANTS, TOP


def test_only_garments_of_at_least_the_share_are_asked() -> None:
    labels = torch.zeros(10, 10, dtype=torch.uint8)
    labels[0, :2], labels[1, 0], labels[2:] = TOP, PANTS, FACE
    assert large_garments(labels, 0.01) == [TOP, PANTS]
    assert large_garments(labels, 0.02) == [TOP]


def test_colours_are_dealt_evenly_and_by_seed() -> None:
    photos = [(str(i), {TOP: "blouse", PANTS: "jeans", FOOTWEAR: "boots"}) for i in range(50)]
    asks = ask_all(photos, seed=3)
    counts = Counter(colour for ask in asks for colour in ask.asked.values())
    assert set(counts) == set(BASIC_NAMES)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert asks == ask_all(photos, seed=3) != ask_all(photos, seed=4)


def test_sentences_read_as_english() -> None:
    assert sentence(["red blouse"]) == "A person in a red blouse"
    three = ["orange dress", "blue tights", "black bag"]
    assert sentence(three) == "A person in an orange dress, blue tights and a black bag"


def test_the_flat_picture_shows_every_asked_colour() -> None:
    labels = torch.zeros(11, 4, dtype=torch.uint8)
    asked = {part: name for part, name in zip(range(1, 12), BASIC_NAMES, strict=True)}
    for part in asked:
        labels[part - 1] = part
    rows = judge_colours(flat_picture(labels, asked), labels, asked)
    assert all(row.right for row in rows)
