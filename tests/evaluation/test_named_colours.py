import pytest
import torch

from humandiffusion.colour import srgb_to_lab
from humandiffusion.evaluation.colours import PROTOTYPES
from humandiffusion.evaluation.named_colours import basic_name, colour_match, colours_asked
from humandiffusion.parts import HAIR, PANTS, SKIN, TOP


def lab(*rgb: int) -> torch.Tensor:
    return srgb_to_lab(torch.tensor(rgb) / 255)


@pytest.mark.parametrize(
    ("phrase", "names"),
    [
        ("red plaid shirt", ["red"]),
        ("dark green velvet with gold buttons", ["dark green", "gold"]),
        ("navy blue jeans", ["navy", "blue"]),
        ("A Grey-ish OFF-WHITE blouse", ["off-white"]),
        ("red and white striped shirt", ["red", "white"]),
        ("long velvet gown", []),
        ("", []),
    ],
)
def test_a_phrase_asks_for_the_colours_that_it_names_the_longest_name_first(phrase: str, names: list[str]) -> None:
    assert list(colours_asked(phrase, TOP)) == names


def test_hair_and_skin_have_colours_of_their_own() -> None:
    assert colours_asked("red hair", HAIR)["red"] != colours_asked("red trousers", PANTS)["red"]
    assert list(colours_asked("light blonde hair", HAIR)) == ["blonde"]
    assert list(colours_asked("pale skin", SKIN)) == ["pale"] and not colours_asked("pale shirt", TOP)


@pytest.mark.parametrize("name", PROTOTYPES)
def test_a_prototype_answers_its_own_name_fully_and_the_others_less(name: str) -> None:
    for shade in PROTOTYPES[name]:
        assert colour_match(lab(*shade), PROTOTYPES[name]) == 1.0
        assert all(colour_match(lab(*shade), PROTOTYPES[other]) < 0.97 for other in PROTOTYPES if other != name)


def test_a_match_falls_the_further_the_colour_is() -> None:
    red = PROTOTYPES["red"]
    matches = [colour_match(lab(*rgb), red) for rgb in ((200, 30, 40), (225, 90, 140), (235, 210, 60), (40, 90, 190))]
    assert matches == sorted(matches, reverse=True) and matches[0] == 1.0 and matches[-1] < 0.01


def test_every_shade_goes_by_a_basic_name() -> None:
    assert basic_name(colours_asked("navy jeans", PANTS)["navy"]) == "blue"
    assert all(basic_name(shades) == name for name, shades in PROTOTYPES.items())
