"""Building: every kind of garment in every colour, no face, nothing held out, the same by the same seed."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from humandiffusion.colour import BASIC_COLOURS, CLOTHES_COLOURS, bytes_to_lab
from humandiffusion.parts import BACKGROUND, FACE, GARMENTS, HAIR, PANTS, SKIN, TOP
from humandiffusion.smr.build import Recipe, build_from_folder
from humandiffusion.smr.captions import pattern_word
from humandiffusion.smr.io import load_memory
from humandiffusion.smr.memory import RECOLOURED, StyleMemory, group_of
from humandiffusion.smr.plan import plan_cuts
from humandiffusion.training.photos import PhotoSet, is_held_out


@pytest.fixture(scope="module")
def photos(photo_folder: Path) -> PhotoSet:
    return PhotoSet(photo_folder)


RECIPE = Recipe(most=6, recoloured=3)


@pytest.fixture
def memory(photo_folder: Path, encoder: Any, tmp_path: Path) -> StyleMemory:
    return built(photo_folder, tmp_path / "memory.safetensors", encoder)


def built(folder: Path, out: Path, encoder: Any, recipe: Recipe = RECIPE, **options: Any) -> StyleMemory:
    build_from_folder(folder, out, encoder, licence="drawn", recipe=recipe, **options)
    return load_memory(out)


def test_every_kind_of_garment_has_every_basic_colour_more_than_once(photos: PhotoSet) -> None:
    cuts = [cut for cut in plan_cuts(photos, most=6, recoloured=3, seed=0) if cut.part in GARMENTS and cut.colours]
    dealt = Counter((cut.part, cut.label, cut.colours[0]) for cut in cuts)
    kinds = ((TOP, "shirt"), (TOP, "t-shirt"), (PANTS, "jeans"))
    assert all(dealt[(*kind, colour)] >= 2 for kind in kinds for colour in BASIC_COLOURS)
    assert {(part, colour) for part, _, colour in dealt} == {(p, c) for p in (TOP, PANTS) for c in CLOTHES_COLOURS}
    assert any(cut.pattern for cut in cuts) and all(len(cut.colours) == 2 for cut in cuts if cut.pattern)


def test_real_crops_are_dealt_over_kinds_and_are_no_more_than_asked(photos: PhotoSet) -> None:
    real = [cut for cut in plan_cuts(photos, most=6, recoloured=0, seed=0) if not cut.colours]
    counts = Counter(cut.part for cut in real)
    assert counts == {BACKGROUND: 6, TOP: 6, PANTS: 6, HAIR: 3, FACE: 6, SKIN: 3}
    assert Counter(cut.label for cut in real if cut.part == TOP) == {"shirt": 3, "t-shirt": 3}


def test_the_rows_are_what_they_say(memory: StyleMemory, encoder: Any) -> None:
    natural = [row for row in range(len(memory)) if RECOLOURED not in memory.sources[row]]
    said = {memory.captions[row] for row in natural if int(memory.part[row]) in (TOP, PANTS, HAIR)}
    assert said == {"grey shirt", "grey t-shirt", "black jeans", "black hair"}
    for row in set(range(len(memory))) - set(natural):
        colour = memory.sources[row].split(RECOLOURED)[1].split()[0]
        assert memory.captions[row].startswith(colour)
        if " and " not in memory.captions[row] and colour in BASIC_COLOURS:
            wanted = encoder.encode_text([colour])[0]
            assert float(memory.vectors[row].float() @ wanted) > 0.97
    assert memory.encoder_id == encoder.encoder_id and set(memory.licences) == {"drawn"}


def test_of_faces_only_the_mean_is_kept_and_no_thumbnail_shows_a_person(
    memory: StyleMemory, photo_folder: Path, encoder: Any, tmp_path: Path
) -> None:
    assert not memory.holds(FACE)  # six are too few
    memory = built(photo_folder, tmp_path / "more.safetensors", encoder, Recipe(most=8))
    face = memory.rows_of(FACE)
    assert face.stop - face.start == 1 and memory.sources[face.start].endswith("mean of 8 faces")
    assert memory.thumbnails is not None
    for row in range(len(memory)):
        if int(memory.part[row]) not in GARMENTS:
            assert len(memory.thumbnails[row].flatten(0, 1).unique(dim=0)) == 1


def test_nothing_held_out_is_in_it_and_copies_are_of_their_photos_group(memory: StyleMemory, photos: PhotoSet) -> None:
    groups = {group_of(source) for source in memory.sources if "mean of" not in source}
    assert groups <= {photos.source(photo_id) for photo_id in photos.ids}
    assert not any(is_held_out(group.rsplit("/", 1)[1]) for group in groups)


def test_the_same_seed_builds_the_same_and_another_another(
    memory: StyleMemory, photo_folder: Path, encoder: Any, tmp_path: Path
) -> None:
    again = built(photo_folder, tmp_path / "again.safetensors", encoder, workers=5)
    assert again.ids == memory.ids and torch.equal(again.vectors, memory.vectors)
    assert built(photo_folder, tmp_path / "other.safetensors", encoder, Recipe(6, 3, seed=1)).ids != memory.ids


def test_patterns_are_named_where_they_are_plain_to_see() -> None:
    mask = torch.zeros(96, 64, dtype=torch.bool)
    mask[8:88, 8:56] = True
    stripes = ((torch.arange(96) // 5) % 2).float()[:, None].expand(96, 64)
    pictures = {
        "striped": stripes,
        "vertical striped": stripes.T.repeat(2, 1)[:96, :64],
        "patterned": (stripes + ((torch.arange(64) // 5) % 2).float()) % 2,
        None: 0.5 + 0.1 * torch.linspace(0, 1, 64).expand(96, 64),
    }
    for word, picture in pictures.items():
        assert pattern_word(lab(picture), mask) == word
    assert pattern_word(lab(stripes), mask & (torch.arange(96) < 20)[:, None]) is None


def lab(picture: torch.Tensor) -> torch.Tensor:
    return bytes_to_lab((picture.expand(3, 96, 64) * 255).round().to(torch.uint8))
