"""Training of the parser: its views of photos, its losses, what tags say, and a run that another one goes on from."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.parsing.load import load_builtin
from humandiffusion.parts import BODY, DRESS, LEGGINGS, NECKLACE, NUM_PARTS, PANTS, RING, SOCKS, TOP
from humandiffusion.training.data.photo_data import UNKNOWN, open_data
from humandiffusion.training.metrics import read_metrics
from humandiffusion.training.parser_data import (
    Lessons,
    Views,
    halved,
    load_lessons,
    look_closer,
    on_backdrop,
    tint,
)
from humandiffusion.training.tags import parts_of_tags

HEIGHT, WIDTH = 96, 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty photos with maps; the colour of a pixel says its part."""
    return _photos(tmp_path_factory.mktemp("mapped"), mapped=True)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty photos with tags alone."""
    return _photos(tmp_path_factory.mktemp("tagged"), mapped=False)


def _photos(root: Path, mapped: bool) -> Path:
    for name in ("images", "parsing"):
        (root / name).mkdir()
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[10:50, 12:36], labels[50:90, 16:32] = TOP, PANTS
    ids = [f"{root.name}{number:04d}" for number in range(30)]
    for photo_id in ids:
        Image.fromarray((labels * 40)[..., None].repeat(3, 2)).save(root / "images" / f"{photo_id}.jpg", quality=95)
        if mapped:
            Image.fromarray(labels).save(root / "parsing" / f"{photo_id}.png")
    records = [{"id": photo_id, "tags": ["shirt", "jeans", "hair"]} for photo_id in ids]
    (root / "index.json").write_text(json.dumps({"records": records}))
    return root


def lessons_of(cache: Path, *folders: Path) -> Lessons:
    return load_lessons(open_data(folders, cache / "cache", parser=None, workers=1).train)


def test_tags_rule_out_other_garments_but_never_the_body() -> None:
    allowed = parts_of_tags(["dress", "tights", "accessories"])
    assert bool(allowed[[0, DRESS, LEGGINGS, SOCKS, RING, NECKLACE, *BODY]].all())
    assert not bool(allowed[[TOP, PANTS]].any())


def test_a_view_shows_map_and_photo_the_same_way_round(folder: Path, tmp_path: Path) -> None:
    lessons = lessons_of(tmp_path, folder)
    image, labels = lessons.photos.images[0].float() / 255, lessons.photos.labels[0]
    rng = random.Random(3)
    for _ in range(20):
        seen, told = look_closer(image, labels, (96, 64), rng)
        known = told != UNKNOWN
        assert seen.shape == (3, 96, 64) and bool(known.any())
        shown = (seen.mean(0) * 255 / 40).round().to(torch.uint8)
        assert float((shown == told)[known].float().mean()) > 0.9


def test_views_are_repeatable_and_unlike_one_another(folder: Path, tagged: Path, tmp_path: Path) -> None:
    lessons = lessons_of(tmp_path, folder, tagged)
    first, second = ([next(views) for _ in range(6)] for views in (iter(Views(lessons, (48, 32), 5)) for _ in range(2)))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one["image"], other["image"]) and torch.equal(one["labels"], other["labels"])
        assert 0 <= float(one["image"].min()) and float(one["image"].max()) <= 1
    assert not torch.equal(first[0]["image"], first[1]["image"])


def test_light_and_backdrop_leave_the_person_where_it_is(folder: Path, tmp_path: Path) -> None:
    lessons = lessons_of(tmp_path, folder)
    image, labels = lessons.photos.images[0].float() / 255, lessons.photos.labels[0]
    generator = torch.Generator().manual_seed(0)
    moved = on_backdrop(image, labels, random.Random(0), generator)
    assert torch.allclose(moved[:, 20:40, 16:30], image[:, 20:40, 16:30], atol=1e-5)
    assert tint(image, random.Random(0), generator).shape == image.shape
    small = halved(lessons)
    assert small.photos.images.shape[2:] == small.photos.labels.shape[1:] == (HEIGHT // 2, WIDTH // 2)


def test_losses_know_what_is_right_and_what_is_ruled_out() -> None:
    pytest.importorskip("accelerate")
    from humandiffusion.training.parser import one_of_four, parser_losses, part_weights

    labels = torch.zeros(2, 8, 8, dtype=torch.uint8)
    labels[:, 2:6, 2:6] = TOP
    right = torch.nn.functional.one_hot(labels.long(), NUM_PARTS).movedim(-1, 1) * 20.0
    wrong = right.roll(PANTS - TOP, 1)
    allowed, weights = torch.ones(2, NUM_PARTS, dtype=torch.bool), torch.ones(NUM_PARTS)
    good, bad = (parser_losses(logits, labels, allowed, weights) for logits in (right, wrong))
    assert all(float(good[name]) < 0.01 for name in good)
    assert float(bad["map"]) > 5 and float(bad["dice"]) > 0.5 and float(bad["tags"]) < 0.01
    allowed[:, PANTS] = False
    assert float(parser_losses(wrong, labels, allowed, weights)["tags"]) > 0.5
    nobody = torch.full_like(labels, UNKNOWN)
    unknown = parser_losses(right, nobody, allowed, weights)
    assert float(unknown["map"]) == 0 and bool(torch.isfinite(unknown["dice"]))
    assert set(one_of_four(labels).unique().tolist()) == {0, TOP} and one_of_four(labels).shape == (2, 4, 4)
    weighted = part_weights(labels)
    assert float(weighted[TOP]) > float(weighted[0]) and bool(weighted.isfinite().all())


def test_a_run_can_be_resumed_and_teaches_the_next_one(folder: Path, tagged: Path, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    from humandiffusion.cli import main
    from humandiffusion.training.parser_teacher import taught

    first, second = tmp_path / "first", tmp_path / "second"
    common = ["train", "parser", "--data", str(folder), "--workers", "0", "--batch", "2", "--width", "64"]
    assert main([*common, "--out", str(first), "--steps", "2"]) == 0
    assert main([*common, "--out", str(first), "--steps", "3", "--resume"]) == 0
    parser = load_builtin(first / "parser.safetensors")
    assert parser.area == 64 * 96 and (first / "samples" / "000003.png").is_file()
    more = ["--more", str(tagged), "--teacher", str(first / "parser.safetensors"), "--start-from", str(first)]
    assert main([*common, *more, "--out", str(second), "--steps", "1"]) == 0
    last = read_metrics(second)[-1]
    assert 0 <= float(last["person_iou"]) <= 1 and 0 <= float(last["miou"]) <= 1

    lessons = lessons_of(tmp_path, folder, tagged)
    told = taught(lessons, parser)
    there = told.photos.labels[lessons.photos.labels[:, 0, 0] == UNKNOWN]
    assert set(there.unique().tolist()) <= {UNKNOWN, *lessons.allowed[-1].nonzero().flatten().tolist()}
    assert isinstance(told, Lessons)
