import pytest
import torch

from humandiffusion.describe import describe
from humandiffusion.encoders.builtin import load_encoder
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, BAG, FACE, HAIR, OUTER, PANTS, SKIN, TOP
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.prompts_from_picture import prompts_from_picture
from humandiffusion.smr.features import retrieve
from humandiffusion.smr.io import load_memory

RED, BLUE, BROWN = (0.75, 0.1, 0.15), (0.15, 0.3, 0.7), (0.4, 0.25, 0.2)


def dressed(top: tuple[float, ...] = RED, pants: tuple[float, ...] = BLUE) -> tuple[torch.Tensor, SemanticPose]:
    """A picture [96, 64, 3] of flat parts on grey, and its map."""
    labels = torch.zeros(96, 64, dtype=torch.uint8)
    labels[4:14, 24:40], labels[14:20, 26:38] = HAIR, FACE
    labels[20:52, 16:48], labels[52:92, 18:46] = TOP, PANTS
    labels[20:52, 8:16] = SKIN
    picture = torch.full((96, 64, 3), 0.7)
    for part, colour in (
        (HAIR, BROWN),
        (FACE, (0.85, 0.7, 0.6)),
        (SKIN, (0.83, 0.68, 0.6)),
        (TOP, top),
        (PANTS, pants),
    ):
        picture[labels == part] = torch.tensor(colour)
    return picture, SemanticPose(labels[None])


def test_every_part_of_the_person_is_its_own_reference_picture_and_measured_words() -> None:
    picture, pose = dressed()
    prompts = prompts_from_picture(picture, pose)
    assert [prompt.part for prompt in prompts.parts] == [TOP, PANTS, HAIR, FACE, SKIN]
    for prompt in prompts.parts:
        assert prompt.image is not None and prompt.mask is not None
        assert torch.equal(prompt.mask > 0.5, pose.labels[0] == prompt.part)
    assert [prompts.parts[i].phrase.split()[0] for i in (0, 1)] == ["red", "blue"]
    assert all(not prompt.phrase for prompt in prompts_from_picture(picture, pose, words=False).parts)


def test_parts_of_one_picture_and_parts_of_another_join() -> None:
    first, pose = dressed(RED, BLUE)
    second, _ = dressed((0.9, 0.8, 0.2), (0.1, 0.1, 0.1))
    joined = prompts_from_picture(second, pose, [TOP], others=prompts_from_picture(first, pose))
    assert joined.get(TOP).phrase.startswith("yellow") and joined.get(PANTS).phrase.startswith("blue")
    assert torch.equal(joined.get(TOP).image, second) and torch.equal(joined.get(PANTS).image, first)


def test_a_sentence_keeps_what_no_picture_shows() -> None:
    picture, pose = dressed()
    said = describe("A woman in a green coat and black boots, no hat")
    joined = prompts_from_picture(picture, pose, [TOP, BAG], others=said)
    assert joined.get(OUTER) == said.get(OUTER) and joined.sentence == said.sentence and joined.absent == said.absent
    assert any("no bag" in note for note in joined.notes)


def test_what_it_finds_is_what_the_crop_itself_finds() -> None:
    picture, pose = dressed()
    encoder, memory = load_encoder("builtin"), load_memory("builtin")
    worn = retrieve(encoder, memory, prompts_from_picture(picture, pose, [TOP], words=False), k=1)
    (found,) = [one for one in worn.retrieved if one.part == TOP]
    assert found.how == "image" and "red" in found.captions[0]


def test_a_picture_without_what_is_asked_is_refused_by_name() -> None:
    picture, pose = dressed()
    with pytest.raises(InputError, match="none of bag.*top, pants"):
        prompts_from_picture(picture, pose, [BAG])
    with pytest.raises(InputError, match="person"):
        prompts_from_picture(picture, SemanticPose(torch.full((1, 96, 64), BACKGROUND, dtype=torch.uint8)))
    with pytest.raises(InputError, match="2 maps"):
        prompts_from_picture(picture, SemanticPose(pose.labels.repeat(2, 1, 1)))
