"""Pictures whose truth is known, judged by all that can be judged without a network of others."""

import pytest
import torch

from humandiffusion.encoders.load import load_encoder
from humandiffusion.evaluation.ablating import _cell
from humandiffusion.evaluation.asking import Ask, flat_picture
from humandiffusion.evaluation.evaluating import Column
from humandiffusion.evaluation.judges import Judges
from humandiffusion.evaluation.measuring import Measured, measure
from humandiffusion.evaluation.nearest import Looks
from humandiffusion.evaluation.networks import load_network
from humandiffusion.evaluation.ruler import Ruler
from humandiffusion.parts import PANTS, RING, TOP
from humandiffusion.pose.semantic_pose import SemanticPose


class Seeing:
    """A parser that finds in every picture what it is given."""

    parser_id = "seeing"

    def __init__(self, labels: torch.Tensor) -> None:
        self.labels = labels

    def parse(self, images: torch.Tensor) -> SemanticPose:
        return SemanticPose(labels=self.labels[None].expand(len(images), -1, -1))


def labels() -> torch.Tensor:
    found = torch.zeros(64, 48, dtype=torch.uint8)
    found[8:32, 12:36], found[32:60, 12:36] = TOP, PANTS
    return found


ASKS = [
    Ask(str(i), f"A person in a {top} top and {pants} trousers", {TOP: top, PANTS: pants})
    for i, (top, pants) in enumerate((("red", "blue"), ("green", "black"), ("yellow", "purple"), ("pink", "white")))
]


def judged(pictures: list[torch.Tensor], seen: torch.Tensor) -> Measured:
    encoder = load_encoder()
    judges = Judges(load_network("encoder", encoder), Seeing(seen), encoder)
    return measure(ASKS, [labels()] * len(ASKS), [pictures], judges, Ruler(Looks.none()))


def flats() -> list[torch.Tensor]:
    return [flat_picture(labels(), ask.asked) for ask in ASKS]


def test_the_asked_colours_in_their_places_are_all_right() -> None:
    figures = judged(flats(), labels()).figures
    assert figures["colour_accuracy"].value == figures["parts_miou"].value == figures["parser_person_iou"].value == 1
    assert figures["leak_rate"].value == 0 and figures["understood"].value == 1
    assert figures["text_fit"].value > 0.5


def test_garments_that_swap_their_colours_leak() -> None:
    swapped = [flat_picture(labels(), {TOP: ask.asked[PANTS], PANTS: ask.asked[TOP]}) for ask in ASKS]
    measured = judged(swapped, labels())
    assert measured.figures["colour_accuracy"].value == 0 and measured.figures["leak_rate"].value == 1
    assert {row.seen for row in measured.marks[0][0].colours} == {"red", "blue"}


def test_a_part_that_no_map_has_does_not_count_and_one_that_is_missed_does() -> None:
    seen = labels()
    seen[:4] = RING
    seen[seen == PANTS] = 0
    figures = judged(flats(), seen).figures
    assert figures["parts_miou"].value == pytest.approx(0.5)
    assert "part_iou_ring" not in figures


def test_a_variant_is_marked_by_the_difference_over_the_same_maps() -> None:
    whole, worse = judged(flats(), labels()), judged([picture * 0 for picture in flats()], labels())
    columns = [
        Column(name, {("colours", key): figure for key, figure in one.figures.items()}, {"colours": one})
        for name, one in (("whole", whole), ("worse", worse))
    ]
    assert _cell(columns[1], columns[0], "colours", "colour_accuracy").endswith(" -")
    assert _cell(columns[0], columns[1], "colours", "colour_accuracy").endswith(" +")
    assert _cell(columns[0], columns[0], "colours", "colour_accuracy") == "1.000 (1.000 to 1.000)"
    assert not _cell(columns[1], columns[0], "colours", "parts_miou").endswith(("+", "-"))
