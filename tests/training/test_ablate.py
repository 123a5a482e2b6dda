"""What each variant leaves out has no way into the picture, and what it keeps has."""

from dataclasses import replace

import pytest
import torch

from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.unet import HumanUNet
from humandiffusion.parts import NUM_PARTS, PANTS, TOP
from humandiffusion.training.ablate import ABLATIONS, WHOLE

TINY = DenoiserConfig(
    stem_channels=16, channels=(16, 32), encoder_blocks=1, decoder_blocks=1, time_width=32, feature_dim=8,
    token_width=16, token_heads=2, head_width=16, spade_hidden=8, coarse_above=1.0,
)  # fmt: skip


def change(name: str, altered: int) -> torch.Tensor:
    """How far the picture [3, 32, 24] moves if the feature of the part `altered` turns round."""
    ablation = ABLATIONS[name]
    torch.manual_seed(0)
    unet = HumanUNet(ablation.config(TINY)).eval()
    draw = torch.Generator().manual_seed(1)
    occupancy = torch.zeros(1, NUM_PARTS, 32, 24)
    occupancy[:, TOP, :16], occupancy[:, PANTS, 16:] = 1, 1
    x, sigma = torch.randn(1, 3, 32, 24, generator=draw), torch.tensor([0.4])
    features = torch.nn.functional.normalize(torch.randn(1, NUM_PARTS, 8, generator=draw), dim=-1)
    turned = features.clone()
    turned[:, altered] = -turned[:, altered]
    with torch.no_grad():
        told = [unet(x, sigma, occupancy, one, torch.ones(1, NUM_PARTS), ablation.mode) for one in (features, turned)]
    return (told[0] - told[1]).abs()[0]


def test_without_mca_the_features_do_not_reach_the_picture():
    assert float(change("mca-off", TOP).max()) == 0
    assert all(float(change(name, TOP).max()) > 0 for name in ABLATIONS if name != "mca-off")


def test_the_coarse_path_alone_has_no_attention_to_parts():
    names = set(HumanUNet(ABLATIONS["coarse-only"].config(TINY)).state_dict())
    whole = set(HumanUNet(TINY).state_dict())
    assert names < whole
    assert {name.split(".")[0] for name in whole - names} == {"saa", "maa"}


def test_without_a_memory_a_picture_is_trained_on_its_own_features_alone():
    both = torch.randn(5, 2, NUM_PARTS, 8)
    assert torch.equal(ABLATIONS[WHOLE].features(both), both)
    own = ABLATIONS["smr-off"].features(both)
    assert torch.equal(own[:, 0], both[:, 0]) and torch.equal(own[:, 1], both[:, 0])
    assert ABLATIONS["smr-off"].blend == 0 and ABLATIONS[WHOLE].blend == 1


@pytest.mark.parametrize("name", [name for name in ABLATIONS if name != "mca-off"])
def test_free_attention_is_the_only_variant_with_another_mode(name: str):
    assert ABLATIONS[name].mode == ("free" if name == "maa-free" else "region")


def test_the_whole_method_is_the_shipped_configuration():
    assert ABLATIONS[WHOLE].config(TINY) == TINY == replace(TINY)
