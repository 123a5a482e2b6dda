import json
import math
from dataclasses import replace

import pytest
import torch

from humandiffusion.describe import describe
from humandiffusion.encoders.builtin import load_encoder
from humandiffusion.errors import InputError
from humandiffusion.evaluation.best import best
from humandiffusion.evaluation.overlay import EXTRA, MISSING, overlay_scores
from humandiffusion.evaluation.score import PictureScore, report, score_pictures
from humandiffusion.parsing.load import load_parser
from humandiffusion.parts import BACKGROUND, HAIR, PANTS, SKIN, TOP
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.prompts import PartPrompts

RED, BLUE, GREEN = (0.75, 0.1, 0.15), (0.15, 0.3, 0.7), (0.2, 0.5, 0.25)
ENCODER = load_encoder("builtin")
ASKED = describe("A woman with brown hair in a red top and blue trousers")


class Knows:
    """A parser that sees what it is told, so that a test says what a picture shows."""

    parser_id = "knows"

    def __init__(self, *labels: torch.Tensor) -> None:
        self.labels = torch.stack(labels)

    def parse(self, images: torch.Tensor) -> SemanticPose:
        return SemanticPose(self.labels)


def figure() -> torch.Tensor:
    """A map [96, 64] of hair, skin, top and pants."""
    labels = torch.zeros(96, 64, dtype=torch.uint8)
    labels[6:20, 24:40], labels[20:52, 14:50], labels[52:92, 18:46], labels[20:44, 8:14] = HAIR, TOP, PANTS, SKIN
    return labels


def picture(top: tuple[float, ...] = RED, pants: tuple[float, ...] = BLUE) -> torch.Tensor:
    """[3, 96, 64] of `figure` in flat colours."""
    labels, image = figure(), torch.full((3, 96, 64), 0.75)
    for part, colour in ((HAIR, (0.36, 0.26, 0.2)), (SKIN, (0.83, 0.7, 0.63)), (TOP, top), (PANTS, pants)):
        image[:, labels == part] = torch.tensor(colour)[:, None]
    return image


def score(image: torch.Tensor, seen: torch.Tensor | None = None, prompts: PartPrompts = ASKED) -> PictureScore:
    parser = Knows(figure() if seen is None else seen)
    pose = SemanticPose(figure()[None])
    return score_pictures(image[None], pose, prompts, parser=parser, encoder=ENCODER)[0]


def part(found: PictureScore, index: int):
    return next(one for one in found.parts if one.part == index)


def test_a_picture_that_shows_all_that_is_asked_scores_high() -> None:
    found = score(picture())
    assert found.score > 0.9 and found.person_iou == 1.0 and found.leak_rate == 0.0
    assert part(found, TOP).asked == ("red",) and part(found, TOP).seen == "red"


def test_a_picture_that_is_no_picture_has_a_low_score_and_no_broken_report() -> None:
    ruined = picture()
    ruined[..., :] = math.nan
    found = score(ruined)
    assert found.score < 0.6
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_wrong_colour_costs_its_part_and_makes_it_the_worst() -> None:
    found = score(picture(pants=GREEN))
    assert found.score < score(picture()).score - 0.1
    assert found.worst is not None and found.worst.part == PANTS and part(found, PANTS).colour < 0.1
    assert part(found, TOP) == part(score(picture()), TOP)


def test_a_colour_taken_from_the_neighbour_is_a_leak_and_another_wrong_one_is_none() -> None:
    assert score(picture(pants=RED)).leak_rate == pytest.approx(1 / 3)  # hair touches the top
    assert part(score(picture(pants=RED)), PANTS).leaked
    assert score(picture(pants=GREEN)).leak_rate == 0.0


def test_a_part_out_of_place_costs_that_part_and_the_person_only_its_outline() -> None:
    short = figure()
    short[72:92] = BACKGROUND
    found = score(picture(), short)
    assert part(found, PANTS).iou == pytest.approx(0.5) and part(found, TOP).iou == 1.0
    assert found.person_iou < 0.9 and found.score < score(picture()).score
    swapped = torch.where(figure() == TOP, HAIR, figure())
    assert score(picture(), swapped).person_iou == 1.0 and part(score(picture(), swapped), TOP).iou == 0.0


def test_only_what_is_known_counts() -> None:
    silent = score(picture(), prompts=PartPrompts())
    assert silent.score == 1.0 and silent.worst is None and silent.leak_rate is None
    assert all(one.colour is None and one.text is None for one in silent.parts)
    # What is asked of a part that the map has not, a picture cannot answer.
    shod = replace(ASKED, parts=(*ASKED.parts, *describe("orange boots").parts))
    assert score(picture(), prompts=shod).score == score(picture()).score


def test_the_worst_part_is_one_whose_words_tell_a_look() -> None:
    """ "Skin of a woman" does not: painting it again could not make it answer better."""
    bare = torch.where(figure() == SKIN, BACKGROUND, figure())
    found = score(picture(pants=GREEN), bare)
    assert part(found, SKIN).phrase and part(found, SKIN).score == 0.0
    assert found.worst is not None and found.worst.part == PANTS


def test_the_same_picture_larger_scores_the_same() -> None:
    large = picture().repeat_interleave(2, 1).repeat_interleave(2, 2)
    seen = figure().repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert score(large, seen).score == pytest.approx(score(picture()).score, abs=0.02)


def test_a_batch_is_its_singles() -> None:
    images, maps = torch.stack([picture(), picture(GREEN)]), SemanticPose(torch.stack([figure(), figure()]))
    encoder, parser = ENCODER, Knows(figure(), figure())
    both = score_pictures(images, maps, ASKED, parser=parser, encoder=encoder)
    assert [one.to_dict() for one in both] == [score(picture()).to_dict(), score(picture(GREEN)).to_dict()]
    assert report(both)["score"] == pytest.approx(sum(one.score for one in both) / 2, abs=1e-4)
    with pytest.raises(InputError, match="2 maps for 1 pictures"):
        score_pictures(images[:1], maps, ASKED, parser=parser, encoder=encoder)


def test_the_report_is_plain_json_without_nan() -> None:
    told = report([score(picture()), score(picture(), prompts=PartPrompts())])
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert {"score", "person_iou", "leak_rate", "worst", "parts"} <= told["pictures"][0].keys()


def test_the_builtin_parser_and_encoder_score_a_picture_of_any_kind() -> None:
    noise = torch.rand(2, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    encoder, pose = ENCODER, SemanticPose(figure()[None])
    for found in score_pictures(noise, pose, ASKED, parser=load_parser(), encoder=encoder):
        assert 0 <= found.score <= 1 and math.isfinite(found.score)


def test_the_overlay_marks_what_is_missing_and_what_is_too_much() -> None:
    seen = figure()
    seen[72:92], seen[30:40, 54:60] = BACKGROUND, SKIN
    image = picture()
    drawn = overlay_scores(image[None], [score(image, seen)])[0]
    assert drawn.shape[0] == 96 and drawn.shape[1] > 64 and drawn.shape[2] == 3
    for (y, x), tint in (((80, 30), MISSING), ((35, 56), EXTRA)):
        strongest = max(range(3), key=lambda i: tint[i])
        assert drawn[y, x].argmax() == strongest
    untouched = drawn[2, 2]
    assert torch.allclose(untouched, untouched.mean().expand(3), atol=1e-4)


def test_overlays_of_a_batch_have_one_size() -> None:
    scores = [score(picture()), score(picture(GREEN, RED), prompts=PartPrompts())]
    assert overlay_scores(torch.stack([picture(), picture(GREEN, RED)]), scores).shape[0] == 2


def test_the_best_come_first_and_of_equals_the_earlier_one() -> None:
    assert best([0.2, 0.9, 0.5, 0.9], 3) == [1, 3, 2]
    assert best([0.3], 5) == [0]
    assert best([0.1, math.nan, 0.5], 2) == [2, 0]
    for scores, keep, words in (([], 1, "scores"), ([0.5], 0, "keep")):
        with pytest.raises(InputError, match=words):
            best(scores, keep)
