import pytest
import torch

from humandiffusion.evaluation.tallies import Figure, Tallies, difference, flat, quotient


def tallies(rights: list[int], asked: int = 4) -> Tallies:
    found = Tallies(len(rights))
    for index, right in enumerate(rights):
        found.add("colour", index, right, asked)
    return found


def test_a_figure_is_the_share_of_all_and_its_interval_holds_it() -> None:
    figure = tallies([4, 3, 2, 4, 1, 4, 3, 0]).figure("colour")
    assert figure.value == pytest.approx(21 / 32) and figure.count == 32
    assert figure.low < figure.value < figure.high


def test_what_makes_a_map_hard_for_both_does_not_widen_their_difference() -> None:
    one, other = tallies([4, 1, 4, 1, 4, 1, 4, 1]), tallies([3, 0, 3, 0, 3, 0, 3, 0])
    apart = difference(one, other, "colour")
    assert (apart.value, apart.low, apart.high) == pytest.approx((0.25, 0.25, 0.25))
    assert one.figure("colour").high - one.figure("colour").low > 0.2
    assert difference(one, tallies([1, 2]), "colour") is None
    assert difference(one, other, "leak") is None


def test_a_ratio_over_the_same_maps_is_as_sure_as_they_make_it() -> None:
    one, other = tallies([2, 1, 2, 0, 2, 1, 1, 2]), tallies([4, 2, 4, 0, 4, 2, 2, 4])
    half = quotient(one, other, "colour")
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.5, 0.5))
    assert quotient(one, tallies([0] * 8), "colour") is None and quotient(one, other, "leak") is None


def test_the_interval_of_a_ratio_holds_the_truth_as_often_as_it_says() -> None:
    draw, held, naive = torch.Generator().manual_seed(0), 0, 0
    for _ in range(200):
        one, other = (tallies((torch.rand(60, generator=draw) < share).int().tolist(), 1) for share in (0.8, 0.5))
        ratio, alone = quotient(one, other, "colour"), one.figure("colour")
        held += ratio.low <= 0.8 / 0.5 <= ratio.high
        base = other.figure("colour").value
        naive += alone.low / base <= 0.8 / 0.5 <= alone.high / base
    assert 182 <= held < 200
    assert naive < 160  # as if nobody doubted what stands below the line


def test_the_mean_over_parts_counts_each_part_once_however_large() -> None:
    found = Tallies(2)
    for index in range(2):
        found.add("part_iou_top", index, 90, 100)
        found.add("part_iou_ring", index, 1, 10)
    figure = found.mean_of_ratios("part_iou_")
    assert figure.value == pytest.approx((0.9 + 0.1) / 2) and figure.count == 2
    assert found.mean_of_ratios("other_") is None


def test_figures_become_one_flat_object() -> None:
    plain = flat({"a": Figure(0.5, 0.4, 0.6, 3), "b": Figure(1.0)})
    assert plain == {"a": 0.5, "a_low": 0.4, "a_high": 0.6, "b": 1.0}
