"""Whatever a folder of photos looks like, what is good of it is learnt from and the rest is named before training."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.errors import InputError
from humandiffusion.parsing.base import SharesParser
from humandiffusion.parts import BODY, DRESS, NUM_PARTS, PANTS, SKIRT, TOP
from humandiffusion.training.data.crew import Crew
from humandiffusion.training.data.deepfashion import KEYPOINTS
from humandiffusion.training.data.photo_data import open_data
from humandiffusion.training.data.pieces import fill
from humandiffusion.training.data.window import show, window_of
from humandiffusion.training.photos import is_held_out
from humandiffusion.training.tagged_maps import DOUBTFUL_AT_MOST, tagged_maps

ITEMS = [f"WOMEN-Dresses-id_{number:08d}-01" for number in range(12)]


def drawn(height: int = 96, width: int = 64) -> np.ndarray:
    labels = np.zeros((height, width), np.uint8)
    labels[height // 8 : height // 2, width // 3 : 2 * width // 3] = TOP
    labels[height // 2 : -height // 8, width // 3 : 2 * width // 3] = PANTS
    return labels


def write_photo(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((labels * 40)[..., None].repeat(3, 2)).save(path, quality=95)


@pytest.fixture(scope="module")
def deepfashion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two views of twelve items in the data set's own layout and sizes; one has neither map nor any annotation."""
    root = tmp_path_factory.mktemp("deepfashion")
    labels, captions, places, shapes, fabrics, patterns = drawn(1101, 750), {}, [], [], [], []
    for item in ITEMS:
        for view in ("1_front", "2_side"):
            name = f"{item}_{view}"
            write_photo(root / "image" / f"{name}.jpg", labels)
            if name == f"{ITEMS[0]}_2_side":
                continue
            (root / "parsing").mkdir(exist_ok=True)
            Image.fromarray(labels).save(root / "parsing" / f"{name}_segm.png")
            captions[f"{name}.jpg"] = "The lady wears a long-sleeve shirt with pure color patterns."
            points = [-1, -1, *[375, 550] * (KEYPOINTS - 1)]
            places.append(f"{name}.jpg " + " ".join(map(str, points)))
            shapes.append(f"{name}.jpg 3 3 0 0 4 0 0 0 1 2 2 1")
            fabrics.append(f"{name}.jpg 1 0 7")
            patterns.append(f"{name}.jpg 3 2 7")
    (root / "captions.json").write_text(json.dumps(captions))
    for name, lines in (
        ("keypoints/keypoints_loc.txt", places),
        ("labels/shape/shape_anno_all.txt", shapes),
        ("labels/texture/fabric_ann.txt", fabrics),
        ("labels/texture/pattern_ann.txt", patterns),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n")
    return root


def test_deepfashion_comes_with_maps_words_and_points_and_items_are_held_out_whole(deepfashion: Path, tmp_path: Path):
    found = open_data([deepfashion], tmp_path / "cache", multiple=64)
    assert any("no map as the others have: 1 (--unmapped parse)" in line for line in found.lines)
    assert len(found.train) + len(found.held_out) == 2 * len(ITEMS) - 1 and found.train.size == (384, 256)
    items = [{name.split("_1_")[0].split("_2_")[0] for name in one.ids} for one in (found.train, found.held_out)]
    assert not items[0] & items[1]
    assert items[1] == {item for item in ITEMS if is_held_out(item.rsplit("-", 1)[0])}

    first = found.train.ids[0]
    image, labels = found.train.photo(first)
    assert image.shape == (3, 384, 256) and set(labels.unique().tolist()) == {0, TOP, PANTS}
    shown = (image.float().mean(0) / 40).round()
    assert float((shown == labels).float().mean()) > 0.97
    assert found.train.caption(first).startswith("The lady")
    facts = found.train.facts(first)
    assert facts["sleeves"] == "long" and facts["waist"] == "belt" and facts["lower pattern"] == "striped"
    assert "outer fabric" not in facts and "glasses" not in facts  # not visible
    points = found.train.keypoints(first)
    assert points is not None and points[0].tolist() == [-1, -1, 2]
    assert torch.allclose(points[1], torch.tensor([128.0, 192.0, 0.0]), atol=2)
    assert found.train.source(first) == f"{deepfashion.name}/image/{first}"


def test_a_bad_line_of_deepfashion_costs_that_line_alone(deepfashion: Path, tmp_path: Path):
    root = tmp_path / deepfashion.name
    shutil.copytree(deepfashion, root)
    shapes = next((root / "labels").rglob("*shape*.txt"))
    good = len(shapes.read_text().splitlines())
    with shapes.open("ab") as file:
        file.write(b"MEN-\xff.jpg 1 2 3\nWOMEN-x.jpg inf\n")
    found = open_data([root], tmp_path / "cache", multiple=64)
    told = f"2 lines of {shapes.name} (the first is line {good + 1}"
    assert any(told in line for line in found.lines)
    assert found.train.ids == open_data([deepfashion], tmp_path / "other", multiple=64).train.ids


def test_every_annotation_of_deepfashion_may_be_absent(deepfashion: Path, tmp_path: Path):
    bare = tmp_path / "bare"
    for name in ("image", "parsing"):
        (bare / name).mkdir(parents=True)
        for path in (deepfashion / name).iterdir():
            (bare / name / path.name).symlink_to(path)
    found = open_data([bare], tmp_path / "cache")
    assert len(found.train) > 10 and found.train.caption(found.train.ids[0]) == ""
    assert any("captions.json, keypoints, labels of shape, labels of fabric" in line for line in found.lines)
    (bare / "captions.json").write_text("[1, 2")
    with pytest.raises(InputError, match="captions.json cannot be read"):
        open_data([bare], tmp_path / "cache")


def test_three_bad_files_among_a_thousand_are_named_and_the_rest_is_learnt_from(tmp_path: Path):
    root, labels = tmp_path / "many", drawn(48, 32)
    for number in range(1000):
        write_photo(root / f"{number:04d}.jpg", labels)
        Image.fromarray(labels).save(root / f"{number:04d}.map.png")
    (root / "0007.jpg").write_bytes((root / "0007.jpg").read_bytes()[:200])
    Image.fromarray(drawn(48, 48)).save(root / "0123.map.png")
    Image.fromarray(np.full((48, 32), 99, np.uint8)).save(root / "0456.map.png")
    found = open_data([root], tmp_path / "cache")
    assert len(found.train) + len(found.held_out) == 997
    named = [line for line in found.lines if "left out: " in line]
    assert len(named) == 3 and all(any(name in line for line in named) for name in ("0007", "0123", "0456"))
    again = open_data([root], tmp_path / "cache")
    assert again.lines == found.lines


def test_nothing_good_is_one_error_that_says_why(tmp_path: Path):
    for number in range(3):
        (tmp_path / "bad").mkdir(exist_ok=True)
        (tmp_path / "bad" / f"{number}.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no photo can be learnt from.*bad/0.*bad/2"):
        open_data([tmp_path / "bad"], tmp_path / "cache")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no photos"):
        open_data([tmp_path / "empty"], tmp_path / "cache")
    with pytest.raises(InputError, match="there is no folder"):
        open_data([tmp_path / "nowhere"], tmp_path / "cache")


class Blocks(SharesParser):
    """A parser that is `sure` of a top above and a skirt below."""

    parser_id, area = "blocks", 0

    def __init__(self, sure: float) -> None:
        self.sure = sure

    def shares(self, images: torch.Tensor) -> torch.Tensor:
        shares = torch.full((len(images), NUM_PARTS, 8, 8), (1 - self.sure) / (NUM_PARTS - 1))
        shares[:, TOP, :4], shares[:, SKIRT, 4:] = self.sure, self.sure
        return shares


def test_maps_keep_to_the_tags_and_photos_that_contradict_them_are_doubted():
    images, allowed = torch.rand(2, 3, 16, 16), torch.zeros(2, NUM_PARTS, dtype=torch.bool)
    allowed[:, [0, *BODY]] = True
    allowed[0, [TOP, SKIRT]], allowed[1, DRESS] = True, True
    labels, doubt = tagged_maps(Blocks(0.9), images, allowed)
    assert set(labels[0].unique().tolist()) == {TOP, SKIRT} and float(doubt[0]) == 0
    assert not set(labels[1].unique().tolist()) & {TOP, SKIRT}
    assert float(tagged_maps(Blocks(0.4), images, allowed)[1][0]) > DOUBTFUL_AT_MOST


def test_a_photo_of_another_shape_shows_the_person_and_nothing_beyond_it_if_that_can_be():
    labels = torch.zeros(400, 900, dtype=torch.uint8)
    labels[50:350, 700:800] = TOP
    window = window_of(labels, (96, 64))
    seen = show(labels[None], window, (96, 64), nearest=True)[0]
    whole = float((seen == TOP).float().sum()) * window[2] * window[3] / (96 * 64)
    assert abs(whole / (300 * 100) - 1) < 0.05
    assert window[0] >= 0 and window[1] + window[3] <= 900
    assert window_of(torch.zeros(384, 256), (384, 256)) == (0, 0, 384, 256)


def test_two_folders_are_one_set_and_photos_of_one_name_are_told_apart(tmp_path: Path):
    for folder in ("one", "two"):
        for number in range(12):
            write_photo(tmp_path / folder / f"{number}.jpg", drawn())
            Image.fromarray(drawn()).save(tmp_path / folder / f"{number}.map.png")
    found = open_data([tmp_path / "one", tmp_path / "two"], tmp_path / "cache")
    every = [*found.train.ids, *found.held_out.ids]
    assert len(every) == len(set(every)) == 24 and "two/3" in every
    with pytest.raises(InputError, match="given twice"):
        open_data([tmp_path / "one", tmp_path / "one"], tmp_path / "cache")


def test_what_is_made_of_photos_is_made_once_and_shared_by_processes(tmp_path: Path):
    pieces, made = [tmp_path / f"{number}.safetensors" for number in range(7)], []

    def make(rows):
        for row in rows:
            made.append(row)
            yield {"x": torch.tensor([row])}, {}

    for index in range(2):
        fill(pieces, make, Crew(index, 2))
    assert sorted(made) == list(range(7)) and made[:4] == [0, 2, 4, 6]
    pieces[3].unlink()
    fill(pieces, make, Crew())
    assert made[7:] == [3]


def test_photos_without_a_map_are_parsed_where_that_is_asked_and_kept_by_content(deepfashion: Path, tmp_path: Path):
    bare = f"{ITEMS[0]}_2_side"
    found = open_data([deepfashion], tmp_path / "cache", unmapped=True)
    every = [*found.train.ids, *found.held_out.ids]
    made = list((tmp_path / "cache" / "maps").iterdir())
    assert len(made) == 1 and any("as the others have one: 1, parsed" in line for line in found.lines)
    doubted = any("the parser is not sure of them: 1" in line for line in found.lines)
    assert (bare in every) != doubted and len(every) == 2 * len(ITEMS) - doubted
    before = made[0].stat().st_mtime_ns
    assert open_data([deepfashion], tmp_path / "cache", unmapped=True).lines == found.lines
    assert made[0].stat().st_mtime_ns == before

    unparsed = open_data([deepfashion], tmp_path / "cache", unmapped=True, parser=None)
    assert bare in (*unparsed.train.ids, *unparsed.held_out.ids) and unparsed.train.records[bare].map is None


def test_a_map_that_an_index_names_and_that_is_not_there_is_parsed_where_that_is_asked(tmp_path: Path):
    root = tmp_path / "indexed"
    for number in range(3):
        write_photo(root / "images" / f"{number}.jpg", drawn())
    (root / "parsing").mkdir()
    for number in range(2):
        Image.fromarray(drawn()).save(root / "parsing" / f"{number}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": str(number)} for number in range(3)]}))
    assert any("/2: it has no map" in line for line in open_data([root], tmp_path / "cache").lines)
    assert any("others have one: 1" in line for line in open_data([root], tmp_path / "cache", unmapped=True).lines)
