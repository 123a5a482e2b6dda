"""Bootstrap: as wide as chance makes a mean, and no wider for a difference that is always the same."""

import pytest
import torch

from humandiffusion.evaluation.intervals import interval


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    draw = torch.Generator().manual_seed(3)
    covered = 0
    for seed in range(200):
        hits = torch.bernoulli(torch.full((80,), 0.7), generator=draw)
        found = interval(hits, torch.ones(80), draws=500, seed=seed)
        covered += found.low <= 0.7 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_the_mean_is_over_what_was_counted_and_not_over_pictures() -> None:
    found = interval(torch.tensor([3.0, 0.0, 1.0]), torch.tensor([4.0, 0.0, 1.0]))
    assert found.mean == pytest.approx(0.8) and found.low <= 0.8 <= found.high


def test_a_difference_that_every_picture_shares_is_certain() -> None:
    found = interval(torch.full((30,), 0.25), torch.ones(30))
    assert found.low == found.mean == found.high == pytest.approx(0.25)


def test_the_same_pictures_give_the_same_interval() -> None:
    hits = torch.arange(20.0) % 3
    assert interval(hits, torch.ones(20)) == interval(hits, torch.ones(20))
