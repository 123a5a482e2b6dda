"""Keypoints and words become dressed people, also where joints are missing and where several stand together."""

import json
from pathlib import Path

import pytest
import torch

from humandiffusion.describe import describe
from humandiffusion.errors import InputError
from humandiffusion.parts import BAG, DRESS, FOOTWEAR, HAIR, OUTER, PANTS, SKIN, SKIRT, TOP, part_index
from humandiffusion.pose import from_keypoints as keypoints_module
from humandiffusion.pose.completion import GUESSED, complete
from humandiffusion.pose.from_keypoints import pose_from_keypoints
from humandiffusion.pose.garments import cut
from humandiffusion.pose.keypoints_io import KeypointFrame
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import Keypoints
from humandiffusion.pose.wardrobe import garment_for, garments_for

SIZE = (192, 128)


def someone(missing: tuple[int, ...] = (), move: float = 0.0) -> Keypoints:
    pose = load_preset("standing-trousers", SIZE)
    assert pose.keypoints is not None
    body = pose.keypoints[0][0].body.clone()
    body[:, 0] += move
    body[list(missing)] = 0
    return Keypoints(body)


def frame(*people: Keypoints) -> KeypointFrame:
    return KeypointFrame(people, SIZE, False)


def rows(labels: torch.Tensor, part: int) -> tuple[int, int]:
    found = (labels == part).any(1).nonzero()[:, 0]
    return int(found.min()), int(found.max())


def dressed(sentence: str, **options: object) -> torch.Tensor:
    return pose_from_keypoints([frame(someone())], garments_for(describe(sentence)), **options).labels[0]


def test_a_long_coat_is_longer_than_a_coat_and_a_short_one_shorter() -> None:
    cloth = {
        word: int((dressed(f"A woman in a {word}coat and jeans") == OUTER).sum())
        for word in ("cropped ", "short ", "", "long ", "floor-length ")
    }
    assert cloth["cropped "] < cloth["short "] < cloth[""] <= cloth["long "] < cloth["floor-length "]


@pytest.mark.parametrize(
    ("shorter", "longer", "part"),
    [
        ("a mini skirt", "a knee-length skirt", SKIRT),
        ("a knee-length skirt", "a maxi skirt", SKIRT),
        ("shorts", "jeans", PANTS),
        ("a short dress", "a floor-length dress", DRESS),
        ("a crop top and a skirt", "a T-shirt and a skirt", TOP),
    ],
)
def test_words_of_length_are_heeded(shorter: str, longer: str, part: int) -> None:
    assert rows(dressed(f"A woman in {shorter}"), part)[1] < rows(dressed(f"A woman in {longer}"), part)[1]


def test_sleeves_are_those_of_the_words() -> None:
    bare = {
        word: int((dressed(f"A man in a {word} T-shirt and jeans") == SKIN).sum())
        for word in ("sleeveless", "short-sleeved", "long-sleeved")
    }
    assert bare["sleeveless"] > bare["short-sleeved"] > bare["long-sleeved"]


def test_a_coat_over_nothing_that_is_named_is_closed() -> None:
    chest = (slice(50, 90), slice(56, 72))
    closed, open_, over = (
        int((dressed(f"A woman in {worn} and jeans")[chest] == TOP).sum())
        for worn in ("a coat", "an open coat", "a coat, a shirt")
    )
    assert closed == 0 < min(open_, over)


def test_a_bag_hangs_where_the_body_leans_away_from_unless_words_say_where() -> None:
    for lean in (-6.0, 6.0):
        person = someone()
        person.body[2:8, 0] += lean
        labels = pose_from_keypoints([frame(person)], garments_for(describe("A woman with a bag"))).labels[0]
        columns = (labels == BAG).nonzero()[:, 1].float()
        assert (float(columns.mean()) < float(person.body[[8, 11], 0].mean())) == (lean > 0)


def test_pumps_leave_more_of_the_foot_bare_than_shoes_and_boots_nothing() -> None:
    bare = {
        word: int((dressed(f"A woman in a knee-length skirt and {word}")[150:] == SKIN).sum())
        for word in ("pumps", "shoes", "boots")
    }
    assert bare["pumps"] > bare["shoes"] > bare["boots"]


def test_long_sleeves_make_no_long_hem() -> None:
    for phrase in ("long-sleeved jacket", "jacket with long sleeves", "short-sleeved jacket"):
        jacket, plain = garment_for(OUTER, phrase), garment_for(OUTER, "jacket")
        assert jacket is not None and plain is not None and jacket.hem == plain.hem, phrase


def test_what_the_words_leave_out_is_dressed_and_what_they_deny_is_not() -> None:
    plain = pose_from_keypoints([frame(someone())], garments_for(None)).labels[0]
    assert {TOP, PANTS, FOOTWEAR, HAIR} <= set(plain.unique().tolist())
    jeans = dressed("A man in jeans")
    assert {TOP, PANTS, FOOTWEAR} <= set(jeans.unique().tolist())
    assert FOOTWEAR not in dressed("A barefoot woman in a red dress").unique().tolist()
    dress = dressed("A woman in a red dress")
    assert not {TOP, PANTS} & set(dress.unique().tolist())
    assert HAIR not in dressed("A bald man in a suit").unique().tolist()


def test_a_top_shows_over_a_dress() -> None:
    both = dressed("A woman in a sweater and a long dress")
    assert int((both == TOP).sum()) > 1500 and int((both == DRESS).sum()) > 1500
    assert rows(both, TOP)[1] < rows(both, DRESS)[1]


def test_a_part_of_weight_0_is_not_worn() -> None:
    from humandiffusion.prompts import PartPrompt, PartPrompts

    coat = PartPrompts((PartPrompt(OUTER, "coat", weight=0.0),))
    assert OUTER not in [garment.part for garment in garments_for(coat)]


def test_every_word_for_a_garment_has_a_cut_of_its_part() -> None:
    from humandiffusion.lexicon import GARMENT_WORDS
    from humandiffusion.parts import RING

    for word, part in GARMENT_WORDS.items():
        garment = garment_for(part, word)
        assert (garment is None) == (part == RING), word
        assert garment is None or garment.part == part, word


def test_every_cut_of_the_wardrobe_can_be_drawn() -> None:
    wardrobe = json.loads(Path(keypoints_module.__file__).with_name("wardrobe.json").read_text("utf-8"))
    for name, table in wardrobe["parts"].items():
        for entry in table["cuts"]:
            for word in entry[0]:
                garment = garment_for(part_index(name), word)
                assert garment is not None and garment.part == part_index(name), (name, word)
    for word in (*wardrobe["fits"], *wardrobe["closed"], *wardrobe["sleeves"]):
        garments = [garment_for(part, f"{word} {name}") for part, name in ((OUTER, "coat"), (DRESS, "dress"))]
        assert all(garments), word


def test_ids_count_people_and_who_stands_lower_is_in_front() -> None:
    near = Keypoints(someone(move=20.0).body + torch.tensor([0.0, 3.0, 0.0]))
    pose = pose_from_keypoints([frame(near, someone(move=-5.0))], garments_for(None))
    assert pose.person is not None and pose.keypoints is not None and len(pose.keypoints[0]) == 2
    assert torch.equal(pose.person > 0, pose.labels > 0)
    alone = pose_from_keypoints([frame(near)], garments_for(None)).labels
    assert torch.equal(pose.person == 1, alone > 0)
    assert int((pose.person == 2).sum()) > 500


def test_frames_are_a_batch_and_an_empty_one_stays_empty() -> None:
    pose = pose_from_keypoints([frame(someone()), frame(), frame(someone(move=9.0))], garments_for(None))
    assert pose.batch == 3 and not pose.labels[1].any() and pose.keypoints is not None and pose.keypoints[1] == ()


def test_another_size_is_the_same_figure_scaled() -> None:
    small = pose_from_keypoints([frame(someone())], garments_for(None), (96, 64)).labels[0]
    large = pose_from_keypoints([frame(someone())], garments_for(None)).labels[0]
    assert float((large[1::2, 1::2] == small).float().mean()) > 0.97


@pytest.mark.parametrize(
    "missing", [(2,), (5,), (1, 2), (1, 5), (8,), (11,), (8, 11), (2, 5, 1), (1,), (3,), (12,), (10, 13), (0, 14, 15)]
)
def test_missing_joints_change_little(missing: tuple[int, ...]) -> None:
    whole = pose_from_keypoints([frame(someone())], garments_for(None)).labels[0]
    part = pose_from_keypoints([frame(someone(missing))], garments_for(None))
    overlap = ((part.labels[0] > 0) & (whole > 0)).sum() / ((part.labels[0] > 0) | (whole > 0)).sum()
    assert float(overlap) > 0.8
    assert part.keypoints is not None and not part.keypoints[0][0].body[list(missing), 2].any()


def test_legs_that_leave_the_picture_are_drawn_to_its_edge_and_hidden_ones_left_out() -> None:
    cut_off = Keypoints(someone((9, 10, 12, 13)).body + torch.tensor([0.0, 70.0, 0.0]))
    inside = pose_from_keypoints([frame(someone((9, 10, 12, 13)))], garments_for(None)).labels[0]
    assert (pose_from_keypoints([frame(cut_off)], garments_for(None)).labels[0, -1] > 0).any()
    assert not inside[-30:].any()


def test_head_and_neck_alone_give_shoulders() -> None:
    only = tuple(i for i in range(18) if i not in (0, 1, 14, 15, 16, 17))
    whole = complete(someone(only), SIZE)
    assert whole is not None
    true = someone().body
    assert float((whole.body[[2, 5], :2] - true[[2, 5], :2]).norm(dim=1).max()) < 12
    assert whole.body[2, 2] == pytest.approx(GUESSED)


@pytest.mark.parametrize("gone", [(8, 11), (2, 5), (2, 5, 1), (8, 11, 16, 17), (11,), (5,)])
def test_who_is_seen_from_behind_has_left_and_right_where_they_are(gone: tuple[int, ...]) -> None:
    # Turned round, each point takes the place of its mirror image in the picture.
    front = someone()
    behind = Keypoints(front.body * torch.tensor([-1.0, 1.0, 1.0]) + torch.tensor([float(SIZE[1]), 0.0, 0.0]))
    behind.body[list(gone)] = 0
    whole = complete(behind, SIZE)
    assert whole is not None
    for right, left in ((2, 5), (8, 11)):
        assert float(whole.body[right, 0]) > float(whole.body[left, 0]), (right, left)


def test_nobody_to_draw_is_refused() -> None:
    for people in ((), (Keypoints(torch.zeros(18, 3)),), (Keypoints(torch.ones(18, 3)),)):
        with pytest.raises(InputError, match="nobody"):
            pose_from_keypoints([frame(*people)], [cut("t-shirt")])
    with pytest.raises(InputError, match="width and height"):
        pose_from_keypoints([KeypointFrame((someone(),), None, False)], [cut("t-shirt")])
