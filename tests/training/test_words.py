"""The words that training uses: none is a colour name kept for measuring, and what people said of photos is among
them."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("matplotlib")

from humandiffusion.colour import BASIC_COLOURS, HAIR_COLOURS, SKIN_TONES, srgb_to_lab  # noqa: E402
from humandiffusion.lexicon import FABRIC_WORDS, GARMENT_WORDS, LENGTH_WORDS, PATTERN_WORDS  # noqa: E402
from humandiffusion.parts import BACKGROUND, DRESS, FACE, HAIR, OUTER, PANTS, PARTS, SKIN, TOP  # noqa: E402
from humandiffusion.smr.captions import caption  # noqa: E402
from humandiffusion.training import phrases  # noqa: E402
from humandiffusion.training.crop_pool import words_to_learn  # noqa: E402
from humandiffusion.training.data.photo_data import open_data  # noqa: E402
from humandiffusion.training.kept_pool import kept_pool  # noqa: E402
from humandiffusion.training.phrases import Description, compose  # noqa: E402
from humandiffusion.training.recolour import PATTERNS  # noqa: E402
from humandiffusion.training.teacher import vocabulary  # noqa: E402
from humandiffusion.training.told import told_phrases  # noqa: E402
from humandiffusion.training.xkcd import held_out_colours, training_colours  # noqa: E402

# A real caption of DeepFashion-MultiModal's kind.
SAID = (
    "This lady wears a long-sleeve shirt with pure color patterns and a three-point pants. The shirt is with cotton "
    "fabric. The outer clothing is with denim fabric and solid color patterns. There is a belt on her waist."
)
FACTS = {"sleeves": "long", "upper pattern": "pure colour", "upper fabric": "cotton", "lower fabric": "other"}


def every_word_of_training() -> dict[str, set[str]]:
    """All lists that training draws words from, by what they are."""
    colours = training_colours()
    tones = {HAIR: HAIR_COLOURS, SKIN: SKIN_TONES, TOP: BASIC_COLOURS, BACKGROUND: held_out_colours()}
    labs = [(part, srgb_to_lab(torch.tensor(rgb) / 255)) for part, names in tones.items() for rgb in names.values()]
    named = {word for part, lab in labs for word in words_to_learn(part, lab, colours)}
    rng, said = random.Random(0), set[str]()
    for part in (HAIR, FACE, SKIN, BACKGROUND):
        said |= {compose(Description(part, PARTS[part].name, ("red",), natural=True), rng) for _ in range(200)}
    for label in phrases.SYNONYMS:
        for pattern in (None, *PATTERNS):
            said |= {compose(Description(TOP, label, ("red",), pattern, "blue", True), rng) for _ in range(20)}
    flat = torch.zeros(3, 8, 8)
    measured = set()
    for part, lab in labs:
        if part in (HAIR, TOP):
            flat[:] = lab[:, None, None]
            measured.add(caption(flat, torch.ones(8, 8, dtype=torch.bool), part, "x").removesuffix(" x"))
    given = [*FABRIC_WORDS, *LENGTH_WORDS, *PATTERN_WORDS, *held_out_colours()]
    return {
        "names of recoloured cloth": set(colours),
        "names of crops": named,
        "phrases of crops": said,
        "synonyms": {word for row in phrases.SYNONYMS.values() for word in row} | set(phrases.SYNONYMS),
        "the teacher's words": set(vocabulary(GARMENT_WORDS, given, 4000, 0)),
        "sentences of the adapter": measured,
        "what people said": {
            phrase
            for name in held_out_colours()
            for row in told_phrases(f"A woman in a {name} shirt and blue trousers", {}, (TOP, PANTS)).values()
            for phrase in row
        },
    }


def test_no_list_of_words_that_training_uses_holds_a_colour_name_kept_for_measuring() -> None:
    kept_out = set(held_out_colours())
    for what, words in every_word_of_training().items():
        assert words, what
        assert not words & kept_out, what
    assert "pale" in kept_out and "pale" in SKIN_TONES  # people call a skin so; training may not


def test_what_people_said_of_a_part_becomes_phrases_of_it() -> None:
    told = told_phrases(SAID, FACTS, (TOP, PANTS, OUTER))
    assert set(told) == {TOP, PANTS, OUTER}
    assert "long-sleeve shirt" in told[TOP][0] and "cotton" in told[TOP][0]
    assert told[TOP][1] == "long-sleeved plain cotton top"
    assert "denim" in told[OUTER][0] and len(told[PANTS]) == 1
    assert told_phrases("", {"upper fabric": "knitted"}, (DRESS,)) == {DRESS: ("knitted dress",)}
    assert told_phrases("", {}, (TOP,)) == {}


@pytest.mark.parametrize(
    "garment", ["teal shirt", "teal-coloured shirt", "teal/white shirt", "white-teal shirt", "shirt of teal's hue",
                "Teal shirt", "sky-blue shirt", "grey/green shirt", "grey-green shirt"]
)  # fmt: skip
def test_no_phrase_holds_a_name_that_is_kept_for_measuring_however_it_is_joined(garment: str) -> None:
    assert told_phrases(f"A woman in a {garment}", {}, (TOP,)) == {}
    assert told_phrases("A woman in a steal-toned shirt", {}, (TOP,)) == {TOP: ("steal-toned shirt",)}


def test_people_s_words_are_said_of_crops_as_they_were_and_never_of_recoloured_ones() -> None:
    natural = Description(TOP, "top", ("red",), natural=True, told=("grandmother's jumper",))
    rng = random.Random(0)
    said = [compose(natural, rng) for _ in range(400)]
    assert 80 < said.count("grandmother's jumper") < 160
    changed = Description(TOP, "top", ("red",), told=("grandmother's jumper",))
    assert "grandmother's jumper" not in {compose(changed, rng) for _ in range(100)}
    # Nor does it change what else is said of those: no random number is drawn for it.
    one, other = random.Random(1), random.Random(1)
    assert [compose(changed, one) for _ in range(9)] == [compose(replace(changed, told=()), other) for _ in range(9)]


def test_crops_of_a_captioned_set_carry_its_words_and_a_new_caption_makes_no_crop_anew(tmp_path: Path) -> None:
    root, labels = tmp_path / "set", np.zeros((96, 64), np.uint8)
    labels[10:50, 12:36], labels[50:90, 16:32] = TOP, PANTS
    for number in range(3):
        for folder, picture in (("image", labels[..., None].repeat(3, 2) * 40), ("parsing", labels)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            name = f"WOMEN-id_{number:08d}_1" + (".jpg" if folder == "image" else "_segm.png")
            Image.fromarray(picture).save(root / folder / name)

    def pool(text: str) -> list[Description]:
        (root / "captions.json").write_text(json.dumps({f"WOMEN-id_{i:08d}_1.jpg": text for i in range(3)}))
        photos = open_data([root], tmp_path / "cache").train
        return kept_pool(tmp_path / "cache", photos, training_colours(), copies=1, seed=0, workers=0).descriptions

    first = pool("A woman in a ribbed jumper and baggy trousers.")
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache" / "crops").iterdir()}
    assert {one.told for one in first if one.part == TOP} == {("ribbed jumper",)}
    second = pool("A woman in a silk blouse.")
    assert {one.told for one in second if one.part == TOP} == {("silk blouse",)}
    assert {one.told for one in second if one.part == PANTS} == {()}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache" / "crops").iterdir()} == made
