"""Every label of every set has a part, every part a label, and a second trip changes nothing."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FOOTWEAR, NUM_PARTS, PART_NAMES, SKIN
from humandiffusion.pose.crosswalks import crosswalk, crosswalk_for, crosswalk_names
from humandiffusion.pose.places import PLACES, places_of
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose

SIZES = {"deepfashion": 24, "atr": 18, "lip": 20, "pascal": 7, "ccp": 59, "fashn": 18, "ade20k": 150}


def test_the_sets_have_their_published_sizes() -> None:
    assert {name: len(crosswalk(name).labels) for name in crosswalk_names()} == SIZES


@pytest.mark.parametrize("name", SIZES)
def test_a_crosswalk_is_total_both_ways(name: str) -> None:
    known = crosswalk(name)
    assert len(set(known.labels)) == len(known.labels) == len(known.parts)
    assert all(0 <= part < NUM_PARTS for part in known.parts)
    assert len(known.by_place) == NUM_PARTS and {len(row) for row in known.by_place} == {len(PLACES)}
    assert all(0 <= label < len(known.labels) for row in known.by_place for label in row)
    # Nothing but background, bags and things that are none of the person ever vanishes into the background.
    gone = {PART_NAMES[i] for i, row in enumerate(known.by_place) if any(known.parts[j] == BACKGROUND for j in row)}
    assert gone <= {"background", "bag"}


@pytest.mark.parametrize("name", SIZES)
def test_a_label_becomes_a_part_that_becomes_a_label_of_the_same_part(name: str) -> None:
    known = crosswalk(name)
    for label, part in enumerate(known.parts):
        for place in range(len(PLACES)):
            assert known.parts[known.by_place[part][place]] == part, (known.labels[label], PLACES[place])


@pytest.mark.parametrize("name", ["deepfashion", "lip", "atr", "ccp"])
@pytest.mark.parametrize("keypoints", [True, False])
def test_a_second_trip_changes_nothing(name: str, keypoints: bool) -> None:
    known, pose = crosswalk(name), load_preset("standing-trousers", (192, 128))
    pose = pose if keypoints else SemanticPose(pose.labels)
    labels = known.from_parts(pose)
    once = known.to_parts(labels)
    again = known.from_parts(SemanticPose(once, keypoints=pose.keypoints))
    assert torch.equal(known.to_parts(again), once)
    assert name != "deepfashion" or torch.equal(labels, pose.labels)


@pytest.mark.parametrize("mirrored", [False, True])
def test_left_and_right_are_the_persons_own(mirrored: bool) -> None:
    from humandiffusion.pose.geometry import mirror

    pose = load_preset("standing-trousers", (192, 128))
    pose = mirror(pose) if mirrored else pose
    known = crosswalk("atr")
    labels = known.from_parts(pose)[0]
    assert pose.keypoints is not None
    for side, ankle in (("Right", 10), ("Left", 13)):
        columns = (labels == known.labels.index(f"{side}-shoe")).nonzero()[:, 1].float()
        assert abs(float(columns.mean()) - float(pose.keypoints[0][0].body[ankle, 0])) < 8


def test_places_without_keypoints_are_those_of_a_standing_figure() -> None:
    pose = load_preset("standing-trousers", (192, 128))
    known, guessed = places_of(pose)[0], places_of(SemanticPose(pose.labels))[0]
    flesh = (pose.labels[0] == SKIN) | (pose.labels[0] == FOOTWEAR)
    sides = [torch.tensor([name.split()[0] == "right" for name in PLACES])[p.long()] for p in (known, guessed)]
    assert float((sides[0] == sides[1])[flesh].float().mean()) > 0.9


def test_a_models_own_list_is_told_by_its_names() -> None:
    atr = crosswalk("atr")
    shuffled = [label.lower().replace("-", "_") for label in reversed(atr.labels)]
    found = crosswalk_for(shuffled)
    assert found.name == "atr" and found.parts == tuple(reversed(atr.parts))
    assert all(
        found.labels[found.by_place[part][0]] == shuffled[atr.labels[::-1].index(atr.labels[atr.by_place[part][0]])]
        for part in range(NUM_PARTS)
    )
    assert crosswalk_for(crosswalk("fashn").labels).name == "fashn"


def test_shares_keep_their_sums() -> None:
    shares = torch.rand(2, 18, 3, 4).softmax(1)
    parts = crosswalk("atr").shares_to_parts(shares)
    assert parts.shape == (2, 24, 3, 4) and torch.allclose(parts.sum(1), torch.ones(2, 3, 4))
    legs = [crosswalk("atr").labels.index(name) for name in ("Left-leg", "Right-leg", "Left-arm", "Right-arm")]
    assert torch.allclose(parts[:, SKIN], shares[:, legs].sum(1))


def test_what_belongs_to_no_set_is_refused() -> None:
    for wrong, words in (
        (lambda: crosswalk("coco"), "ade20k"),
        (lambda: crosswalk_for(["Background", "Wing"]), "wing"),
        (lambda: crosswalk_for([]), "none"),
        (lambda: crosswalk_for(["Hat", "hat"]), "one name"),
        (lambda: crosswalk("atr").to_parts(torch.tensor([[18]])), "18"),
        (lambda: crosswalk("atr").to_parts(torch.rand(1, 2, 2)), "whole numbers"),
        (lambda: crosswalk("atr").shares_to_parts(torch.rand(1, 20, 2, 2)), "18"),
    ):
        with pytest.raises(InputError, match=words):
            wrong()
