import pytest
import torch

from humandiffusion.colour import BASIC_COLOURS, median_lab, nearest_names, srgb_to_lab
from humandiffusion.training.recolour import PATTERNS, Cloth, dress, pattern_field, recolour


def shirt() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    image = (0.2 + 0.1 * torch.randn(3, 60, 50, generator=draw)).clamp(0, 1)
    mask = torch.zeros(60, 50, dtype=torch.bool)
    mask[10:50, 8:40] = True
    return image, mask


@pytest.mark.parametrize("name", BASIC_COLOURS)
def test_the_part_takes_the_colour_and_nothing_else_changes(name: str):
    image, mask = shirt()
    wanted = tuple(value / 255 for value in BASIC_COLOURS[name])
    out = recolour(image, mask, wanted)
    assert torch.equal(out[:, ~mask], image[:, ~mask])
    assert nearest_names(median_lab(out, mask)[None], BASIC_COLOURS)[0][0] == name
    assert float((median_lab(out, mask) - srgb_to_lab(torch.tensor(wanted))).norm()) < 4


def test_folds_stay_visible():
    image, mask = shirt()
    out = recolour(image, mask, (0.7, 0.1, 0.1))
    before = srgb_to_lab(image[:, mask].T)[:, 0]
    after = srgb_to_lab(out[:, mask].T)[:, 0]
    assert float(torch.corrcoef(torch.stack((before, after)))[0, 1]) > 0.9
    assert float(after.std()) > 2


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_pattern_shows_both_colours(kind: str):
    image, mask = shirt()
    cloth = Cloth((0.1, 0.1, 0.5), kind, (0.9, 0.9, 0.8))
    out = dress(image, mask, cloth, torch.Generator().manual_seed(3))
    lightness = srgb_to_lab(out[:, mask].T)[:, 0]
    assert float(lightness.quantile(0.95) - lightness.quantile(0.05)) > 25


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_pattern_is_a_share_and_the_same_for_the_same_seed(kind: str):
    _, mask = shirt()
    fields = [pattern_field(kind, mask, torch.Generator().manual_seed(5)) for _ in range(2)]
    assert torch.equal(*fields)
    assert float(fields[0].min()) >= 0 and float(fields[0].max()) <= 1
