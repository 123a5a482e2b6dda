"""The label set: indices unchanged, names without two meanings, colours that a person can tell apart."""

import itertools

import pytest
import torch

from humandiffusion.colour import srgb_to_lab
from humandiffusion.errors import InputError
from humandiffusion.parts import BODY, GARMENTS, NUM_PARTS, PART_NAMES, PARTS, part_index, part_names

# DeepFashion-MultiModal's classes, in its order.
CLASSES = (
    "background top outer skirt dress pants leggings headwear eyeglass neckwear belt footwear "
    "bag hair face skin ring wrist_wearing socks gloves necklace rompers earrings tie"
).split()


def test_indices_are_those_of_deepfashion_multimodal() -> None:
    assert [part.index for part in PARTS] == list(range(24)) and NUM_PARTS == 24
    assert [name.replace(" ", "_") for name in PART_NAMES] == CLASSES


def test_each_name_and_synonym_means_one_part() -> None:
    names = [name for part in PARTS for name in (part.name, *part.synonyms)]
    assert len(names) == len(set(names))
    assert all(name == name.lower().strip() and "_" not in name for name in names)


def test_every_name_leads_to_its_part_however_it_is_written() -> None:
    for part in PARTS:
        for name in (part.name, *part.synonyms):
            for written in (name, name.upper(), f" {name.title()} ", name.replace(" ", "_")):
                assert part_index(written) == part.index


def test_an_unknown_name_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="hovercraft.*background, top"):
        part_index("hovercraft")


def test_names_come_in_the_order_asked() -> None:
    assert part_names([23, 0]) == ["tie", "background"]


def test_groups_cover_all_parts_once() -> None:
    assert sorted((0, *GARMENTS, *BODY)) == list(range(NUM_PARTS))
    assert {part.group for part in PARTS} == {"scene", "body", "garment", "accessory"}


def test_colours_are_unique_and_far_enough_apart_to_tell() -> None:
    colours = torch.tensor([part.colour for part in PARTS])
    assert len({tuple(colour) for colour in colours.tolist()}) == NUM_PARTS
    assert colours.min() >= 0 and colours.max() <= 255
    lab = srgb_to_lab(colours.float() / 255)
    for a, b in itertools.combinations(range(NUM_PARTS), 2):
        # Ten times what an eye can just tell; side by side such colours are plainly two.
        assert (lab[a] - lab[b]).norm() > 20, (PART_NAMES[a], PART_NAMES[b], float((lab[a] - lab[b]).norm()))
