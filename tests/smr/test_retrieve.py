"""From prompts to features: which parts get one, from where, and that no part's depends on the others."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from humandiffusion.colour import BASIC_COLOURS
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, FACE, GLOVES, HAIR, PANTS, SKIN, TIE, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.smr.features import PartFeatures, Retrieved, locks_of, retrieve
from humandiffusion.smr.locks import read_locks
from humandiffusion.smr.memory import StyleMemory, select
from humandiffusion.smr.sheet import report, sheet


@pytest.fixture
def look(encoder: Any, wardrobe: StyleMemory) -> Callable[..., PartFeatures]:
    def of(*prompts: PartPrompt, sentence: str = "", absent: tuple[int, ...] = (), **settings: Any) -> PartFeatures:
        return retrieve(encoder, wardrobe, PartPrompts(prompts, sentence=sentence, absent=absent), **settings)

    return of


def told(features: PartFeatures, part: int) -> Retrieved:
    return next(row for row in features.retrieved if row.part == part)


@pytest.mark.parametrize("colour", list(BASIC_COLOURS))
def test_a_phrase_finds_garments_of_its_colour_in_its_part(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory, colour: str
) -> None:
    row = told(look(PartPrompt(PANTS, f"{colour} chinos")), PANTS)
    assert row.how == "text" and row.captions[0] == f"{colour} thing" and row.scores == tuple(sorted(row.scores)[::-1])
    assert sum(row.weights) == pytest.approx(1, abs=1e-3)
    assert all(int(wardrobe.part[wardrobe.row_of(found)]) == PANTS for found in row.ids)


def test_a_text_and_a_picture_of_the_same_garment_find_the_same(look: Callable[..., PartFeatures]) -> None:
    picture = (torch.tensor(BASIC_COLOURS["purple"]) / 255).expand(20, 10, 3).clone()
    by_text = told(look(PartPrompt(TOP, "purple shirt"), k=2), TOP)
    by_picture = told(look(PartPrompt(TOP, "", image=picture), k=2), TOP)
    assert (by_text.how, by_picture.how) == ("text", "image") and by_text.ids == by_picture.ids


def test_a_reference_picture_is_looked_at_inside_its_mask(look: Callable[..., PartFeatures]) -> None:
    picture = torch.ones(20, 10, 3) * torch.tensor(BASIC_COLOURS["yellow"]) / 255
    picture[:10] = torch.tensor(BASIC_COLOURS["green"]) / 255
    mask = torch.zeros(20, 10)
    mask[1:9] = 1
    found = told(look(PartPrompt(TOP, "", image=picture, mask=mask)), TOP)
    assert found.captions[0] == "green thing"
    with pytest.raises(InputError, match="top: its mask is empty"):
        look(PartPrompt(TOP, "", image=picture, mask=mask * 0))


def test_a_reference_picture_is_cut_to_the_size_that_the_encoder_looks_at(wardrobe: StyleMemory, encoder: Any) -> None:
    seen = []

    class Looking(type(encoder)):
        def encode_image(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
            seen.append((images.shape, masks.shape))
            return super().encode_image(images, masks)

    prompts = PartPrompts((PartPrompt(TOP, "", image=torch.rand(20, 10, 3)),))
    retrieve(Looking(), wardrobe, prompts)
    assert seen == [((1, 3, 80, 80), (1, 1, 80, 80))]


def test_the_best_rows_thumbnail_comes_along_but_never_a_faces(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    features = look(PartPrompt(TOP, "red shirt"), PartPrompt(FACE, "pink cheeks"))
    top, face = told(features, TOP), told(features, FACE)
    assert top.thumbnail is not None and torch.equal(top.thumbnail, wardrobe.thumbnails[wardrobe.row_of(top.ids[0])])
    assert face.ids and face.thumbnail is None
    assert "thumbnail" not in repr(top) and replace(top, thumbnail=None) == top


def test_the_encoders_usual_length_of_image_vectors_comes_along(wardrobe: StyleMemory, encoder: Any) -> None:
    prompts = PartPrompts((PartPrompt(TOP, "red shirt"),))
    assert retrieve(encoder, wardrobe, prompts).norm == 1.0
    encoder.image_norm = 12.5
    assert retrieve(encoder, wardrobe, prompts).norm == 12.5


def test_a_blend_of_zero_gives_the_encoders_vector_untouched(look: Callable[..., PartFeatures], encoder: Any) -> None:
    features = look(PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "blue jeans"), blend=0.0)
    assert torch.equal(features.features[0, TOP], encoder.encode_text(["red shirt"])[0])
    assert torch.equal(features.features[0, PANTS], encoder.encode_text(["blue jeans"])[0])


def test_what_a_part_gets_does_not_depend_on_the_others(look: Callable[..., PartFeatures]) -> None:
    both = look(PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "blue jeans"), sentence="s")
    one = look(PartPrompt(PANTS, "blue jeans"), sentence="s")
    assert torch.equal(both.features[0, PANTS], one.features[0, PANTS]) and told(both, PANTS) == told(one, PANTS)


def test_the_same_prompts_give_the_same_features(look: Callable[..., PartFeatures]) -> None:
    first, second = (look(PartPrompt(TOP, "pink shirt"), sentence="in pink") for _ in range(2))
    assert torch.equal(first.features, second.features) and first.retrieved == second.retrieved


def test_of_parts_without_a_phrase_the_body_has_its_prior_and_the_scene_is_remembered(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    features = look(PartPrompt(TOP, "red shirt"), sentence="someone")
    assert features.present[0].nonzero()[:, 0].tolist() == [BACKGROUND, TOP, HAIR, FACE, SKIN]
    for part in (HAIR, FACE, SKIN):
        prior = wardrobe.prior(part)
        assert prior is not None and torch.equal(features.features[0, part], prior)
        assert told(features, part).how == "prior" and told(features, part).ids == ()
    scene = told(features, BACKGROUND)
    assert scene.how == "prior" and len(scene.ids) == 1
    assert not features.features[0][~features.present[0]].any()


def test_what_has_no_weight_and_what_is_denied_is_absent(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    lock = {TOP: [wardrobe.ids[wardrobe.rows_of(TOP).start]], PANTS: [wardrobe.ids[wardrobe.rows_of(PANTS).start]]}
    features = look(
        PartPrompt(TOP, "red", weight=0.0), PartPrompt(HAIR, "red", weight=0.0), absent=(PANTS,), locks=lock
    )
    assert features.present[0].nonzero()[:, 0].tolist() == [BACKGROUND, FACE, SKIN]


def test_a_lock_takes_the_place_of_the_search(look: Callable[..., PartFeatures], wardrobe: StyleMemory) -> None:
    ids = [wardrobe.ids[wardrobe.rows_of(TOP).start + 3]]
    row = wardrobe.row_of(ids[0])
    for prompts in ((PartPrompt(TOP, "red shirt"),), ()):
        features = look(*prompts, locks={TOP: ids})
        torch.testing.assert_close(features.features[0, TOP], wardrobe.vectors[row].float(), atol=1e-3, rtol=0)
        found = told(features, TOP)
        assert (found.how, found.ids, found.weights) == ("locked", tuple(ids), (1.0,))
    with pytest.raises(InputError, match="locks for top: .*'feed'"):
        look(locks={TOP: ["feed"]})
    with pytest.raises(InputError, match="part 24"):
        look(locks={24: ids})


def test_a_garment_that_the_memory_lacks_is_looked_for_among_other_garments(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    features = look(PartPrompt(TIE, "green tie"))
    row = told(features, TIE)
    assert row.elsewhere and row.captions[0] == "green thing" and bool(features.present[0, TIE])
    assert {int(wardrobe.part[wardrobe.row_of(found)]) for found in row.ids} <= {TOP, PANTS}
    assert "other parts searched" in report(features, wardrobe)


def test_a_part_of_the_body_that_the_memory_lacks_keeps_its_words(encoder: Any, wardrobe: StyleMemory) -> None:
    bald = select(wardrobe, (wardrobe.part != HAIR).nonzero()[:, 0])
    features = retrieve(encoder, bald, PartPrompts((PartPrompt(HAIR, "red hair"),)))
    assert torch.equal(features.features[0, HAIR], encoder.encode_text(["red hair"])[0])
    assert told(features, HAIR).ids == () and "the query itself" in report(features, bald)


def test_words_of_the_person_alone_say_nothing_of_looks(encoder: Any, wardrobe: StyleMemory) -> None:
    prompts = PartPrompts((PartPrompt(HAIR, "hair of an old man"), PartPrompt(SKIN, "brown skin of an old man")))
    features = retrieve(encoder, wardrobe, replace(prompts, person="old man"))
    assert told(features, HAIR).how == "prior" and told(features, SKIN).how == "text"


def test_a_memory_of_another_encoder_is_refused_and_both_are_named(encoder: Any, wardrobe: StyleMemory) -> None:
    with pytest.raises(InputError, match="'clip'.*'mean-colour'"):
        retrieve(encoder, replace(wardrobe, encoder_id="clip"), PartPrompts((PartPrompt(TOP, "red"),)))
    with pytest.raises(InputError, match="blend: got 1.5"):
        retrieve(encoder, wardrobe, PartPrompts(), blend=1.5)


def test_the_sheet_has_a_row_for_each_part_with_the_swatches_found(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    features = look(PartPrompt(TOP, "red shirt \u2603"), PartPrompt(GLOVES, "blue gloves"))
    picture = sheet(features, wardrobe)
    assert picture.ndim == 3 and picture.shape[2] == 3 and 0 <= float(picture.min()) <= float(picture.max()) <= 1
    bare = sheet(features, replace(wardrobe, thumbnails=None))
    assert picture.shape == bare.shape and not torch.equal(picture, bare)
    red = torch.tensor(BASIC_COLOURS["red"]) / 255
    assert int(((picture - red).abs().amax(2) < 0.01).sum()) > 40 * 40
    assert sheet(look(), wardrobe).shape[0] < picture.shape[0]
    nothing = PartFeatures(features.features, features.present, features.prompts, features.encoder_id)
    assert report(nothing, wardrobe) == "no part has a feature" and sheet(nothing, wardrobe).ndim == 3


def test_the_report_names_ids_captions_and_sources(look: Callable[..., PartFeatures], wardrobe: StyleMemory) -> None:
    features = look(PartPrompt(TOP, "red shirt"))
    words, row = report(features, wardrobe), told(features, TOP)
    assert 'top: "red shirt"' in words
    assert all(found in words and wardrobe.sources[wardrobe.row_of(found)] in words for found in row.ids)
    assert row.sources == tuple(wardrobe.sources[wardrobe.row_of(found)] for found in row.ids)
    said = next(line for line in words.splitlines() if line.startswith("locks: "))
    assert read_locks(said.removeprefix("locks: ")) == locks_of(features)


def test_a_ban_and_a_source_of_weight_0_hold_for_the_scene_and_for_negatives_too(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory
) -> None:
    seen = set()
    for _ in range(len(wardrobe)):
        bans = f'{{"background": {{"ban": {json.dumps(sorted(seen))}}}}}'
        features = look(PartPrompt(TOP, "red shirt"), sentence="in the street", locks=read_locks(bans))
        if BACKGROUND not in {row.part for row in features.retrieved}:
            break
        seen |= set(told(features, BACKGROUND).ids)
    span = wardrobe.rows_of(BACKGROUND)
    assert seen == set(wardrobe.ids[span]) and len(seen) == span.stop - span.start
    assert not features.present[0, BACKGROUND]

    prompt = PartPrompt(TOP, "red shirt", negative="blue shirt")
    first = look(prompt, k=1).negative
    assert first is not None
    banned = told(first, TOP).ids[0]
    again = look(prompt, k=1, locks=read_locks(json.dumps({"top": {"ban": [banned.upper()]}}))).negative
    assert again is not None and told(again, TOP).ids[0] != banned


def test_the_locks_of_a_retrieval_keep_a_parts_own_blend(look: Callable[..., PartFeatures]) -> None:
    prompt = PartPrompt(TOP, "red shirt")
    features = look(prompt, locks=read_locks('{"top": {"blend": 0.3}}'))
    again = look(prompt, locks=read_locks(locks_of(features).to_json()))
    assert torch.equal(again.features, features.features)
    assert not torch.equal(look(prompt).features, features.features)


def test_words_of_several_lines_are_shown_in_one(look: Callable[..., PartFeatures], wardrobe: StyleMemory) -> None:
    several = replace(wardrobe, captions=[f"{caption}\nof two lines" for caption in wardrobe.captions])
    features = look(PartPrompt(TOP, "red\nshirt"))
    assert torch.equal(sheet(features, several), sheet(look(PartPrompt(TOP, "red shirt")), _with(several, "\n", " ")))


def _with(memory: StyleMemory, old: str, new: str) -> StyleMemory:
    return replace(memory, captions=[caption.replace(old, new) for caption in memory.captions])


def test_no_face_is_shown(encoder: Any, wardrobe: StyleMemory) -> None:
    features = retrieve(encoder, wardrobe, PartPrompts((PartPrompt(FACE, "red face"),)))
    face = replace(features, retrieved=(told(features, FACE),))
    assert face.retrieved[0].ids and wardrobe.thumbnails is not None
    light, dark = (torch.full(tuple(wardrobe.thumbnails.shape), tone, dtype=torch.uint8) for tone in (250, 0))
    shown = [sheet(face, replace(wardrobe, thumbnails=tones)) for tones in (light, dark)]
    assert torch.equal(*shown)
