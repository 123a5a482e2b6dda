import torch

from humandiffusion.encoders.load import load_encoder
from humandiffusion.evaluation.patterns import PATTERN_CARDS, PATTERNS, PatternJudge, dressed_photo, told_right
from humandiffusion.parts import SKIRT, TOP
from humandiffusion.training.recolour import PATTERNS as FIELDS


def person() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    labels = torch.zeros(192, 128, dtype=torch.uint8)
    labels[30:100, 30:98], labels[100:180, 34:94] = TOP, SKIRT
    cloth = torch.nn.functional.interpolate(torch.rand(1, 3, 12, 8, generator=draw), (192, 128), mode="bicubic")[0]
    return (0.4 + 0.2 * cloth).clamp(0, 1), labels


def test_every_pattern_is_dealt_with_every_colour_and_can_be_painted() -> None:
    assert len(PATTERN_CARDS) == 55 == len({card.words for card in PATTERN_CARDS})
    assert all(card.pattern in card.words and card.colour in card.words for card in PATTERN_CARDS)
    assert {field for field in PATTERNS.values() if field} <= set(FIELDS)


def test_a_dressed_photo_is_the_same_for_a_seed_and_changes_its_garments_alone() -> None:
    image, labels = person()
    once, patterns, colours = dressed_photo(image, labels, 3)
    again = dressed_photo(image, labels, 3)
    assert torch.equal(once, again[0]) and (patterns, colours) == again[1:]
    assert set(patterns) == set(colours) == {TOP, SKIRT}
    assert torch.equal(once[:, labels == 0], image[:, labels == 0])
    assert not torch.equal(once[:, labels == TOP], image[:, labels == TOP])


def test_the_encoder_tells_patterns_better_than_chance() -> None:
    image, labels = person()
    judge = PatternJudge(load_encoder())
    rows = []
    for seed in range(24):
        dressed, patterns, colours = dressed_photo(image, labels, seed)
        rows += judge(dressed, labels, patterns, colours)
    right, asked = told_right(rows)
    assert asked == 48
    assert right / asked > 0.3


def test_a_part_that_the_map_has_not_is_not_judged() -> None:
    image, labels = person()
    labels[labels == SKIRT] = 0
    judge = PatternJudge(load_encoder())
    (row,) = judge(image, labels, {TOP: "plain", SKIRT: "striped"}, {TOP: "red", SKIRT: "blue"})
    assert row.part == TOP
    assert judge(image, labels, {}, {}) == []
