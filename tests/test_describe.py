"""Laws of the way from a sentence to part prompts."""

import json
import random
import re
from pathlib import Path

import pytest
import torch

from humandiffusion.describe import describe
from humandiffusion.lexicon import FUNCTION_WORDS, GARMENT_WORDS, look_up, synonyms_of
from humandiffusion.parts import (
    BACKGROUND,
    BAG,
    DRESS,
    FACE,
    FOOTWEAR,
    GARMENTS,
    HAIR,
    HEADWEAR,
    NUM_PARTS,
    PANTS,
    PART_NAMES,
    RING,
    SKIN,
    TOP,
    part_names,
)
from humandiffusion.prompts import PartPrompts

CASES = json.loads(Path(__file__).with_name("describe_sentences.json").read_text(encoding="utf-8"))


class TrigramEncoder:
    """A small true encoder: words are near if they share letter triples, so a typo is near the word meant."""

    encoder_id = "trigrams"
    dim = 1024
    crop_size = 64

    def encode_text(self, phrases: list[str]) -> torch.Tensor:
        vectors = torch.zeros(len(phrases), self.dim)
        for row, phrase in enumerate(phrases):
            for word in phrase.lower().split():
                for start in range(len(word)):
                    triple = f" {word} "[start : start + 3]
                    vectors[row, sum(ord(letter) * 31**place for place, letter in enumerate(triple)) % self.dim] += 1
        return torch.nn.functional.normalize(vectors, dim=1)

    def encode_image(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def phrases(sentence: str) -> dict[str, str]:
    return {prompt.name: prompt.phrase for prompt in describe(sentence).parts}


@pytest.mark.parametrize("case", CASES, ids=[case["sentence"][:60] for case in CASES])
def test_a_sentence_gives_these_phrases(case: dict) -> None:
    found = describe(case["sentence"])
    said = {prompt.name: prompt.phrase for prompt in found.parts}
    assert {name: said.get(name) for name in case["parts"]} == case["parts"]
    extra = [name for name in said if name not in case["parts"] and name not in ("hair", "face", "skin")]
    assert not extra, "parts that the sentence does not name"
    assert part_names(found.absent) == case["absent"]


def test_no_content_word_is_lost() -> None:
    lost = {case["sentence"]: lost_words(case["sentence"]) for case in CASES}
    assert {sentence: words for sentence, words in lost.items() if words} == {}


def test_no_content_word_is_lost_in_any_order_of_any_words() -> None:
    known = sorted(GARMENT_WORDS)
    small = (
        "red blue striped long old leather open blonde curly smiling tall tanned woman man hair face beard legs beach "
        "street photo standing umbrella outfit suit jewellery barefoot naked sleeves collar zorb flibbers jeens"
    ).split()
    glue = ", . and or a the her no without not in with wearing is over under on of only but ( ) (x:1.3)".split()
    chance = random.Random(0)
    for _ in range(400):
        words = [chance.choice(chance.choice((known, small, glue))) for _ in range(chance.randint(1, 12))]
        sentence = " ".join(words)
        assert lost_words(sentence) == [], sentence


def test_any_text_at_all_gives_prompts_that_survive_json() -> None:
    chance = random.Random(0)
    marks = "()[]{}<>:;,.'\"\\/-_&+|!?#0123456789 \n\tab\u00e9\u4e2d\U0001f600\u2014"
    for _ in range(300):
        sentence = "".join(chance.choice(marks) for _ in range(chance.randint(0, 40)))
        found = describe(sentence)
        assert PartPrompts.from_json(found.to_json()) == found, sentence


def test_an_empty_sentence_gives_no_prompts() -> None:
    assert describe("") == PartPrompts() and describe(" , . ").parts == ()


def test_the_same_sentence_gives_the_same_prompts() -> None:
    sentence = "a tall man in a red shirt, zorbs, no hat"
    assert describe(sentence, TrigramEncoder()) == describe(sentence, TrigramEncoder())


def test_words_of_the_person_go_to_face_hair_and_skin() -> None:
    found = describe("an elderly woman with long grey hair in a red dress")
    assert found.person == "elderly woman"
    assert found.get(FACE).phrase == "face of an elderly woman"
    assert found.get(SKIN).phrase == "skin of an elderly woman"
    assert found.get(HAIR).phrase == "long grey hair of an elderly woman"


def test_a_person_of_whom_nothing_is_said_gets_no_phrase() -> None:
    found = describe("a person in a red dress")
    assert found.person == "person" and [prompt.part for prompt in found.parts] == [DRESS]


def test_colours_of_skin_are_not_for_hair() -> None:
    assert describe("a white man in jeans").get(HAIR).phrase == "hair of a man"


def test_words_of_the_scene_go_to_the_background() -> None:
    found = describe("a woman in a coat in front of a brick wall at night")
    assert found.scene == "brick wall, night" == found.get(BACKGROUND).phrase


@pytest.mark.parametrize(
    ("sentence", "weight"),
    [
        ("(red shirt:1.3)", 1.3),
        ("(red shirt)", 1.1),
        ("((red shirt))", 1.21),
        ("[red shirt]", 0.9091),
        ("(red:1.4) shirt", 1.4),
        ("a (red shirt:0)", 0.0),
        ("((red shirt:1.2):1.5)", 1.8),
        (r"\(red shirt\)", 1.0),
        ("red shirt)", 1.0),
        ("(red shirt", 1.0),
    ],
)
def test_brackets_weigh_their_part(sentence: str, weight: float) -> None:
    prompt = describe(sentence + ", jeans").get(TOP)
    assert prompt.phrase == "red shirt" and prompt.weight == pytest.approx(weight, abs=1e-3)
    assert describe(sentence).get(PANTS) is None


def test_what_a_garment_has_not_is_its_negative() -> None:
    assert describe("a plain shirt without any logo").get(TOP).negative == "logo"
    assert describe("a man with no beard").get(FACE).negative == "beard"


def test_a_part_both_denied_and_described_is_described_and_noted() -> None:
    found = describe("no hat, a red cap")
    assert found.get(HEADWEAR).phrase == "red cap" and found.absent == ()
    assert any("no hat" in note for note in found.notes)


def test_clothes_without_a_name_are_for_the_map_to_decide_and_noted() -> None:
    found = describe("a woman in red")
    assert {prompt.phrase for prompt in found.parts if prompt.part in GARMENTS} >= {"red top", "red dress", "red skirt"}
    assert any("names no garment" in note for note in found.notes)


def test_two_things_on_one_part_are_joined_and_noted() -> None:
    found = describe("a white blouse and a grey sweater")
    assert found.get(TOP).phrase == "white blouse and grey sweater"
    assert any("share one part" in note for note in found.notes)


def test_several_people_are_noted() -> None:
    assert any("one person" in note for note in describe("a man and a woman in jeans").notes)
    assert any("one person" in note for note in describe("two women in jeans").notes)


def test_an_unknown_thing_goes_to_the_nearest_part_with_its_score() -> None:
    found = describe("a woman wearing red tousers and carrying a backpak", TrigramEncoder())
    assert found.get(PANTS).phrase == "red tousers" and found.get(BAG).phrase == "backpak"
    assert any(re.search(r"'red tousers'.*pants.*0\.\d\d", note) for note in found.notes)


def test_an_unknown_thing_that_is_worn_is_a_garment() -> None:
    found = describe("wearing a fase", TrigramEncoder())
    assert found.get(FACE) is None and len(found.parts) == 1


def test_an_unknown_thing_goes_where_it_is_worn_before_the_encoder_is_asked() -> None:
    assert describe("a glowing zorb on her finger").get(RING).phrase.startswith("glowing zorb")
    assert describe("a zorb on her head").get(HEADWEAR).phrase.startswith("zorb")


def test_an_unknown_thing_without_an_encoder_is_noted() -> None:
    found = describe("wearing a zorb")
    assert found.parts == () and "zorb" in found.notes[0]


def test_describe_as_json_has_the_contracted_keys() -> None:
    data = json.loads(describe("a man in a red shirt, no hat").to_json())
    assert list(data) == ["sentence", "parts", "person", "scene", "absent", "notes"]
    assert data["absent"] == ["headwear"] and data["parts"][0]["part"] == "top"


def test_every_garment_word_is_found_as_its_part() -> None:
    wrong = {word: part for word, part in GARMENT_WORDS.items() if getattr(look_up(word.split()), "part", None) != part}
    assert wrong == {}


def test_every_garment_word_alone_gives_its_part() -> None:
    wrong = [word for word, part in GARMENT_WORDS.items() if part not in [p.part for p in describe("a " + word).parts]]
    assert wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("t-shirt", "T shirts"), ("scarf", "scarves"), ("trench coat", "trench-coat"), ("raincoat", "rain coats")],
)
def test_plurals_hyphens_and_case_do_not_matter(one: str, other: str) -> None:
    assert look_up(one.split()) == look_up(other.split())


def test_synonyms_start_with_the_name() -> None:
    assert synonyms_of(TOP)[0] == "top" and "blouse" in synonyms_of(TOP)
    assert all(synonyms_of(part)[0] == PART_NAMES[part] for part in range(NUM_PARTS))
    assert phrases("wellies") == {PART_NAMES[FOOTWEAR]: "wellies"}


def lost_words(sentence: str) -> list[str]:
    """Words of content that are in no phrase, negative, person, scene or note."""
    data = describe(sentence).to_dict()
    texts = [data["person"], data["scene"], *data["notes"]]
    texts += [text for prompt in data["parts"] for text in (prompt["phrase"], prompt["negative"])]
    kept = _plain(" ".join(texts))
    without_content = {word for entry in FUNCTION_WORDS for word in entry.split()}
    sentence = re.sub(r":\s*[\d.]+\s*\)", ")", sentence.lower().replace("\u2019", "'"))
    sentence = re.sub(r"(\d)(girl|boy)", r"\2", sentence)  # the tag "1girl" counts people
    words = [word.strip("-./'") for word in re.findall(r"[\w'./-]+", sentence)]
    words = [re.sub("-haired$|'s$", "", word) for word in words if word not in without_content and word != "break"]
    return [word for word in words if word and _plain(word).removesuffix("s") not in kept]


def _plain(text: str) -> str:
    return re.sub("[-']", "", text.lower())
