from pathlib import Path

import pytest
import torch

from humandiffusion.evaluation.colours import BASIC_NAMES, name_colour
from humandiffusion.evaluation.maps import caption_ask, load_maps, read_captions, understood
from humandiffusion.parts import PANTS, TOP


def test_what_is_asked_of_the_first_maps_does_not_hang_on_how_many_there_are(drawn: Path) -> None:
    pytest.importorskip("matplotlib")
    for kind in ("colours", "names", "seen", "patterns", "captions"):
        assert load_maps(drawn, 0, 2, kind).asks == load_maps(drawn, 0, None, kind).asks[:2]
        assert len(load_maps(drawn, 0, None, kind).asks) == 4


def test_names_are_of_those_kept_out_and_their_truth_is_the_nearest_basic_colour(drawn: Path) -> None:
    pytest.importorskip("matplotlib")
    from humandiffusion.colour import srgb_to_lab
    from humandiffusion.training.xkcd import held_out_colours, training_colours

    kept, trained = held_out_colours(), training_colours()
    for kind, names in (("names", kept), ("seen", trained)):
        for ask in load_maps(drawn, 0, None, kind).asks:
            for part, words in ask.words.items():
                assert words in names and words in ask.text
                assert ask.asked[part] == name_colour(srgb_to_lab(torch.tensor(names[words]) / 255))
    assert not kept.keys() & trained.keys()


def test_a_caption_asks_the_colours_that_it_names_of_the_parts_that_the_map_has(drawn: Path) -> None:
    maps = load_maps(drawn, 0, 1, "captions")
    assert maps.asks[0].asked == {TOP: "blue", PANTS: "red"}
    assert maps.asks[0].text == read_captions(drawn)[maps.asks[0].photo_id]
    labels = maps.labels[0].clone()
    labels[labels == PANTS] = 0
    assert caption_ask("1", maps.asks[0].text, labels).asked == {TOP: "blue"}
    assert caption_ask("1", "Somebody", labels).asked == {}


def test_patterns_are_asked_with_their_colours(drawn: Path) -> None:
    for ask in load_maps(drawn, 0, None, "patterns").asks:
        for part, pattern in ask.patterns.items():
            assert f"{pattern} {ask.asked[part]}" in ask.text and ask.asked[part] in BASIC_NAMES


def test_an_ask_is_understood_if_its_words_come_to_the_phrase_of_their_part(drawn: Path) -> None:
    ask = load_maps(drawn, 0, 1, "colours").asks[0]
    assert understood(ask) == [True] * len(ask.asked)
    assert understood(caption_ask("1", "Somebody", torch.zeros(4, 4, dtype=torch.uint8))) == []
