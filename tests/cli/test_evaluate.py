"""`humandiffusion evaluate` on drawn photos and tiny models: whole runs, as somebody would start them."""

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from PIL import Image

pytest.importorskip("diffusers")
pytest.importorskip("matplotlib")
pytest.importorskip("accelerate")

FEW = ("--steps", "2", "--features", "encoder", "--batch", "2")


@pytest.fixture(scope="module")
def drawn_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photos that are held out and three that are not."""
    import numpy as np

    from humandiffusion.parts import HAIR, PANTS, TOP
    from humandiffusion.training.photos import is_held_out

    root = tmp_path_factory.mktemp("photos")
    names = [f"photo{i}" for i in range(1000)]
    ids = [name for name in names if is_held_out(name)][:4] + [name for name in names if not is_held_out(name)][:3]
    for folder in ("images", "parsing"):
        (root / folder).mkdir()
    draw = np.random.default_rng(0)
    for name in ids:
        labels = np.zeros((128, 64), np.uint8)
        labels[8:24, 24:40], labels[24:64, 16:48], labels[64:120, 18:46] = HAIR, TOP, PANTS
        photo = draw.integers(0, 256, (24, 3))[labels].astype(np.uint8)
        Image.fromarray(photo).save(root / "images" / f"{name}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{name}.png")
    captions = [{"id": name, "caption": "A woman in a navy top and red trousers"} for name in ids]
    (root / "index.json").write_text(json.dumps({"records": captions}))
    return root


def figures(out: Path) -> dict:
    content = json.loads((out / "figures.json").read_text())
    for sets in content["models"].values():
        for found in sets.values():
            found.pop("seconds", None)
    return content


@pytest.fixture(scope="module")
def evaluated(drawn_photos: Path, tiny_files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from humandiffusion.cli import main

    out = tmp_path_factory.mktemp("evaluated") / "out"
    sets = ("--ask", "colours", "names", "seen", "patterns", "captions")
    words = ["evaluate", "--data", str(drawn_photos), "--out", str(out), *FEW, *sets, *tiny_files.options]
    assert main(words) == 0
    return out


def test_one_table_has_every_figure_with_its_interval(evaluated: Path) -> None:
    found = figures(evaluated)
    (model,) = found["models"].values()
    assert set(model) == {"colours", "names", "seen", "patterns", "captions"}
    common = {"parser_person_iou", "parts_miou", "colour_accuracy", "leak_rate", "text_fit", "understood"}
    common |= {"kernel_distance", "frechet_distance", "nearest_features_p5", "nearest_pixels_p5"}
    assert all(common <= set(one) for one in model.values())
    assert {"pattern_accuracy", "pattern_ratio"} <= set(model["patterns"])
    assert {"diversity_features", "diversity_pixels", "kernel_ratio"} <= set(model["colours"])
    assert model["names"]["colour_accuracy"]["low"] <= model["names"]["colour_accuracy"]["value"]
    assert model["colours"]["colour_accuracy"]["count"] == 16  # two garments of four maps, two seeds
    assert "pattern_accuracy" in found["beside"]["photos"]["patterns"]
    assert "kernel_distance" in found["beside"]["flat"]["colours"]
    with (evaluated / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} == {*found["models"], "photos", "flat"}
    assert all(math.isfinite(float(row["value"])) for row in rows)


def test_what_cannot_be_judged_is_told_with_its_reason_and_a_substitute_is_not_called_fid(evaluated: Path) -> None:
    table = (evaluated / "table.md").read_text()
    try:
        import mediapipe  # noqa: F401
    except ImportError:
        assert re.search(r"person_iou is missing: .*mediapipe|person_iou is missing: .*ai-edge-litert", table)
    assert "these distances are not FID or KID" in table and "part encoder" in table
    assert "humandiffusion-parser" in table


def test_the_page_shows_every_picture_from_its_own_folder_and_no_photo(evaluated: Path, drawn_photos: Path) -> None:
    page = (evaluated / "index.html").read_text()
    sources = re.findall(r'<img src="([^"]+)"', page)
    assert len(sources) == 5 * 4 + 6 * 4  # maps of five sets; pictures of five sets and a second seed of the first
    for source in sources:
        assert not source.startswith(("/", "http", "..")) and (evaluated / source).is_file()
    assert not re.search(r"(href|src)=\"(https?:)?//", page)
    photos = {path.read_bytes() for path in (drawn_photos / "images").iterdir()}
    assert not any(path.read_bytes() in photos for path in evaluated.rglob("*") if path.is_file())


def test_the_same_again_gives_the_same_figures_and_paints_only_what_is_missing(
    evaluated: Path, drawn_photos: Path, tiny_files, tmp_path: Path, humandiffusion: Callable
) -> None:
    out = tmp_path / "again"
    copytree(evaluated, out)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (out / "pictures").rglob("*.png")}
    gone = sorted(before)[0]
    gone.unlink()  # as if it had been killed before
    sets = ("--ask", "colours", "names", "seen", "patterns", "captions")
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", out, *FEW, *sets, *tiny_files.options)
    assert ended.code == 0
    assert figures(out) == figures(evaluated)
    assert gone.read_bytes() == before[gone][0]
    same = [path for path in before if path.stat().st_mtime_ns == before[path][1]]
    assert len(same) == len(before) - 2  # a batch of two is made together
    assert "colour_accuracy" in ended.out


def test_pictures_made_otherwise_are_not_taken_for_these(
    evaluated: Path, drawn_photos: Path, tiny_files, humandiffusion: Callable
) -> None:
    few = ("--steps", "3", *FEW[2:])
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", evaluated, *few, *tiny_files.options)
    assert ended.code == 2
    assert "another steps" in ended.error and "--out" in ended.error


def test_models_stand_side_by_side_and_each_blend_is_one(
    drawn_photos: Path, tiny_files, tmp_path: Path, humandiffusion: Callable
) -> None:
    options = (*FEW, "--blend", "0", "1", "--ask", "colours", "--limit", "2", "--seeds", "1", *tiny_files.options)
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", tmp_path / "out", *options)
    assert ended.code == 0
    found = figures(tmp_path / "out")
    assert list(found["models"]) == ["model blend 0", "model blend 1"]
    assert "give --seeds 2" in found["absent"]["diversity_features"]
    pictures = [sorted((tmp_path / "out" / "pictures" / name).rglob("*.png")) for name in found["models"]]
    assert [p.name for p in pictures[0]] == [p.name for p in pictures[1]]
    assert any(a.read_bytes() != b.read_bytes() for a, b in zip(*pictures, strict=True))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--data", "nowhere"), "nowhere"),
        (("--model", "nowhere.safetensors"), "nowhere.safetensors"),
        (("--judge", "nowhere.whl"), "--judge|ai-edge-litert"),
        (("--ask", "colours", "colours"), "each once"),
        (("--encoder", "a", "b"), "--encoder"),
        (("--minutes", "1"), "--ablations"),
        (("--ablations", "--blend", "0"), "--ablations"),
        (("--ablations",), "--train-steps"),
    ],
)
def test_what_is_wrong_is_one_line_and_2(
    options: tuple[str, ...], told: str, drawn_photos: Path, tmp_path: Path, humandiffusion: Callable
) -> None:
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", tmp_path / "out", *FEW, *options)
    assert ended.code == 2
    assert re.search(told, ended.error)


def test_photos_that_were_trained_on_never_stand_in_for_held_out_ones(
    drawn_photos: Path, tiny_files, tmp_path: Path, humandiffusion: Callable
) -> None:
    from humandiffusion.training.photos import is_held_out

    learnt = tmp_path / "learnt"
    copytree(drawn_photos, learnt)
    for path in learnt.rglob("photo*"):
        if is_held_out(path.stem):
            path.unlink()
    index = json.loads((learnt / "index.json").read_text())
    index["records"] = [record for record in index["records"] if not is_held_out(record["id"])]
    (learnt / "index.json").write_text(json.dumps(index))
    ended = humandiffusion("evaluate", "--data", learnt, "--out", tmp_path / "out", *FEW, *tiny_files.options)
    assert ended.code == 2 and "no photo that is kept for measuring" in ended.error


def test_another_map_is_painted_anew(
    evaluated: Path, drawn_photos: Path, tiny_files, tmp_path: Path, humandiffusion: Callable
) -> None:
    out, photos = tmp_path / "out", tmp_path / drawn_photos.name
    copytree(drawn_photos, photos)
    words = ("--out", out, "--ask", "captions", *FEW, *tiny_files.options)
    assert humandiffusion("evaluate", "--data", photos, *words).code == 0
    before = {path: path.read_bytes() for path in (out / "pictures").rglob("*.png")}
    held = sorted(path for path in (photos / "parsing").iterdir() if path.stem in {p.stem[:-2] for p in before})
    for path in held:
        with Image.open(path) as picture:
            picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)
    assert humandiffusion("evaluate", "--data", photos, *words).code == 0
    assert held and any(path.read_bytes() != content for path, content in before.items())


def test_variants_are_trained_for_the_same_steps_and_compared_with_the_whole(
    drawn_photos: Path, tmp_path: Path, humandiffusion: Callable
) -> None:
    out = tmp_path / "out"
    train = "--batch 1 --variants 1 --workers 0 --size 64x128"
    options = ("--ablations", "mca-off", "--train-steps", "2", "--train", train, "--limit", "2", *FEW)
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", out, *options)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    rows = {line.split("|")[1].strip() for line in lines if line.startswith("|")}
    assert {"whole", "mca-off", "blend 0", "blend 0.5"} <= rows
    assert "unseen names" in lines[0] and "2 steps each" in ended.out
    assert (out / "ablations.md").read_text() == ended.out
    trained = [(out / "runs" / name / "unet.safetensors").stat().st_mtime_ns for name in ("none", "mca-off")]
    assert humandiffusion("evaluate", "--data", drawn_photos, "--out", out, *options).code == 0
    again = [(out / "runs" / name / "unet.safetensors").stat().st_mtime_ns for name in ("none", "mca-off")]
    assert again == trained
    other = [word if word != "2" else "3" for word in options]
    ended = humandiffusion("evaluate", "--data", drawn_photos, "--out", out, *other)
    assert ended.code == 2 and "was trained with 2 steps" in ended.error
