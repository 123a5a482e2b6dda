import pytest
import torch

from humandiffusion.encoders.builtin import load_encoder
from humandiffusion.evaluation.part_text import TextJudge, can_be_judged, other_phrases
from humandiffusion.parts import BACKGROUND, FACE, HAIR, NUM_PARTS, PANTS, SKIN, TOP

COLOURS = {TOP: (0.75, 0.1, 0.15), PANTS: (0.15, 0.3, 0.7), HAIR: (0.2, 0.15, 0.12)}


def person() -> tuple[torch.Tensor, torch.Tensor]:
    """Picture [3, 96, 64] in a red top and blue trousers, and its map."""
    labels = torch.zeros(96, 64, dtype=torch.uint8)
    labels[6:20, 24:40], labels[20:52, 14:50], labels[52:92, 18:46] = HAIR, TOP, PANTS
    image = torch.full((3, 96, 64), 0.8)
    for part, colour in COLOURS.items():
        image[:, labels == part] = torch.tensor(colour)[:, None]
    return image, labels


def test_a_right_phrase_fits_better_than_chance_and_a_wrong_one_worse() -> None:
    encoder = load_encoder("builtin")
    right = TextJudge(encoder, {TOP: "red top", PANTS: "blue trousers"})(*person())
    wrong = TextJudge(encoder, {TOP: "green top", PANTS: "white trousers"})(*person())
    for part in (TOP, PANTS):
        assert right[part].fit > 0.85 and wrong[part].fit < right[part].fit - 0.1
        assert right[part].others == len(other_phrases(part))


def test_the_fit_does_not_depend_on_the_scale_or_offset_of_an_encoders_texts() -> None:
    class Shifted:
        encoder_id, dim = "shifted", 128
        crop_size = load_encoder("builtin").crop_size

        def encode_text(self, phrases: list[str]) -> torch.Tensor:
            return 0.3 * load_encoder("builtin").encode_text(phrases) + 0.1

        def encode_image(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
            return load_encoder("builtin").encode_image(images, masks)

    phrases = {TOP: "red blouse", PANTS: "green trousers"}
    plain, shifted = (TextJudge(encoder, phrases)(*person()) for encoder in (load_encoder("builtin"), Shifted()))
    assert all(abs(plain[part].fit - shifted[part].fit) < 0.02 for part in phrases)


def test_only_phrases_that_a_crop_can_answer_are_judged() -> None:
    assert can_be_judged(TOP, "linen") and can_be_judged(HAIR, "blonde hair") and can_be_judged(SKIN, "dark skin")
    for part, phrase in ((FACE, "old face"), (BACKGROUND, "street"), (SKIN, "skin of a man"), (TOP, "  ")):
        assert not can_be_judged(part, phrase)
    told = TextJudge(load_encoder("builtin"), {TOP: "red top", FACE: "face of a woman", PANTS: "jeans"})
    image, labels = person()
    assert set(told(image, torch.where(labels == PANTS, 0, labels))) == {TOP}
    assert TextJudge(load_encoder("builtin"), {})(image, labels) == {}


@pytest.mark.parametrize("part", [part for part in range(NUM_PARTS) if part not in (BACKGROUND, FACE)])
def test_the_phrases_compared_with_differ_and_are_never_few(part: int) -> None:
    phrases = other_phrases(part)
    assert len(phrases) == len(set(phrases)) >= 5
