import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.evaluation.frechet import frechet_distance
from humandiffusion.evaluation.kernel_distance import kernel_distance
from humandiffusion.evaluation.ruler import distances


def by_the_book(x: torch.Tensor, y: torch.Tensor) -> float:
    """With the covariances as matrices: tr sqrt(C C') is the sum of the roots of C C' eigenvalues."""
    x, y = x.double(), y.double()
    one, other = torch.cov(x.T), torch.cov(y.T)
    roots = torch.linalg.eigvals(one @ other).real.clamp_min(0).sqrt().sum()
    return float((x.mean(0) - y.mean(0)).square().sum() + one.trace() + other.trace() - 2 * roots)


def sets() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=draw) @ torch.randn(5, 5, generator=draw)
    return x, 0.5 * torch.randn(40, 5, generator=draw) + 1


def test_it_is_that_of_the_covariances_without_making_them() -> None:
    x, y = sets()
    assert frechet_distance(x, y) == pytest.approx(by_the_book(x, y), rel=1e-6)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-9)


def test_a_set_is_at_no_distance_from_itself_and_a_shifted_one_at_the_square_of_the_shift() -> None:
    x, _ = sets()
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(x, x + torch.tensor([3.0, 0, 0, 0, 4.0])) == pytest.approx(25, rel=1e-6)


def test_fewer_pictures_than_features_give_a_figure_and_one_picture_is_refused() -> None:
    x, y = torch.randn(4, 50), torch.randn(6, 50)
    assert frechet_distance(x, y) > 0
    with pytest.raises(InputError, match="at least 2"):
        frechet_distance(x[:1], y)


def test_the_interval_of_a_distance_holds_its_value_and_is_wider_for_fewer_pictures() -> None:
    draw = torch.Generator().manual_seed(1)
    x, y = torch.randn(200, 8, generator=draw), torch.randn(100, 8, generator=draw) + 0.5
    many, few = distances(x, y), distances(x[:20], y)
    for name in ("kernel_distance", "frechet_distance"):
        wide, narrow = few[name].figure(), many[name].figure()
        assert narrow.low < narrow.value < narrow.high
        assert wide.high - wide.low > narrow.high - narrow.low
    assert distances(x[:4], y)["kernel_distance"].figure().low is None


def test_a_ratio_of_distances_is_of_the_same_halves_of_both() -> None:
    draw = torch.Generator().manual_seed(1)
    x, y = torch.randn(60, 8, generator=draw) + 0.3, torch.randn(100, 8, generator=draw)
    for name in ("kernel_distance", "frechet_distance"):
        same = distances(x, y)[name].over(distances(x.clone(), y)[name])
        assert (same.value, same.low, same.high) == (1, 1, 1)  # as unsure as both are, their ratio is not
    assert distances(x[:4], y)["kernel_distance"].over(distances(x[4:8] + 1, y)["kernel_distance"]).low is None
    assert distances(x, y)["kernel_distance"].over(distances(y, y)["kernel_distance"]) is None  # not above 0


def test_the_interval_of_a_ratio_of_distances_holds_the_truth_as_often_as_it_says() -> None:
    draw = torch.Generator().manual_seed(2)

    def pictures(count: int, shift: float) -> torch.Tensor:
        return torch.randn(count, 4, generator=draw) + shift

    photos = pictures(60, 0.0)
    truth = kernel_distance(pictures(4000, 0.7), photos) / kernel_distance(pictures(4000, 1.0), photos)
    held = naive = 0
    for _ in range(30):
        one, other = (distances(pictures(40, shift), photos)["kernel_distance"] for shift in (0.7, 1.0))
        ratio, alone = one.over(other), one.figure()
        held += ratio.low <= truth <= ratio.high
        naive += alone.low / other.value <= truth <= alone.high / other.value
    assert held >= 26 and held > naive  # with the other's value for the truth, fewer hold it
