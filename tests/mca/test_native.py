import torch

from humandiffusion.mca.maa import MAA, region_bias
from humandiffusion.mca.saa import SAA

PARTS = 4


def saa() -> SAA:
    torch.manual_seed(0)
    return SAA(parts=PARTS, feature_dim=8, width=16, heads=2).eval()


def test_a_part_that_is_not_in_the_map_is_seen_by_no_other():
    module, features = saa(), torch.randn(1, PARTS, 8)
    in_map = torch.tensor([[True, True, False, True]])
    before = module(features, torch.ones(1, PARTS), in_map)
    features[:, 2] += 5
    after = module(features, torch.ones(1, PARTS), in_map)
    others = [0, 1, 3, 4]
    assert torch.equal(before[:, others], after[:, others])
    assert not torch.equal(before[:, 2], after[:, 2])


def test_a_feature_that_is_not_present_does_not_matter():
    module, features = saa(), torch.randn(1, PARTS, 8)
    present = torch.tensor([[1.0, 0.0, 1.0, 1.0]])
    in_map = torch.ones(1, PARTS, dtype=torch.bool)
    before = module(features, present, in_map)
    features[:, 1] = 7.0
    assert torch.equal(before, module(features, present, in_map))


def test_a_cell_attends_to_its_own_parts_and_the_null_token_alone():
    torch.manual_seed(0)
    maa = MAA(channels=32, token_width=16, head_width=16)
    h, tokens = torch.randn(1, 32, 4, 4), torch.randn(1, PARTS + 1, 16)
    occupancy = torch.zeros(1, PARTS, 4, 4)
    occupancy[:, 0, :, :2] = 1
    occupancy[:, 1, :, 2:] = 1
    bias = region_bias(occupancy)
    before = maa(h, maa.keys_values(tokens), bias)
    tokens[:, 1] += 3
    after = maa(h, maa.keys_values(tokens), bias)
    assert torch.equal(before[..., :2], after[..., :2])
    assert not torch.allclose(before[..., 2:], after[..., 2:])


def test_no_cell_is_ever_without_an_open_token():
    torch.manual_seed(0)
    maa = MAA(channels=32, token_width=16, head_width=16)
    out = maa(
        torch.randn(1, 32, 4, 4),
        maa.keys_values(torch.randn(1, PARTS + 1, 16)),
        region_bias(torch.zeros(1, PARTS, 4, 4)),
    )
    assert torch.isfinite(out).all()


def test_the_bias_is_the_log_of_the_share():
    occupancy = torch.tensor([0.25, 0.75, 0.0, 0.0]).reshape(1, 4, 1, 1)
    bias = region_bias(occupancy)
    torch.testing.assert_close(bias[0, 0, 0, :2].exp(), torch.tensor([0.25, 0.75]))
    assert torch.isneginf(bias[0, 0, 0, 2:4]).all() and bias[0, 0, 0, 4] == 0
