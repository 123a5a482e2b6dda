"""The figure as the page draws it: web/tests/figure reads the same fixtures (renewed by their write.py)."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from humandiffusion.pose.editor_value import decode_runs
from humandiffusion.pose.figure import Stance, draw_figure
from humandiffusion.pose.garments import garment_of
from humandiffusion.pose.presets import load_preset, preset_names
from humandiffusion.pose.semantic_pose import Keypoints

FIXTURES = Path(__file__).parents[1] / "fixtures" / "figures"
CASES = sorted((FIXTURES / "cases").glob("*.json"))
PRESETS = json.loads((FIXTURES / "presets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_figure_is_drawn_to_the_last_pixel_as_the_page_draws_it(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    size = (case["height"], case["width"])
    pose = draw_figure(
        Keypoints(torch.tensor(case["keypoints"])),
        [garment_of(item) for item in case["garments"]],
        size,
        stance=Stance(**{key: tuple(value) for key, value in case["stance"].items()}),
        build=case["build"],
    )
    expected = torch.from_numpy(decode_runs(case["labels"], size, 24, path.stem))
    assert torch.equal(pose.labels[0], expected)


def test_every_preset_is_drawn_as_the_page_draws_it_at_every_size() -> None:
    assert list(PRESETS) == preset_names()
    for name, digests in PRESETS.items():
        for size, digest in digests.items():
            width, height = (int(side) for side in size.split("x"))
            labels = load_preset(name, (height, width)).labels
            assert hashlib.sha256(labels.numpy().tobytes()).hexdigest() == digest, (name, size)


def test_there_is_a_case_of_every_preset() -> None:
    assert {f"preset-{name}" for name in preset_names()} <= {path.stem for path in CASES}
