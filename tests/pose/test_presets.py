"""The maps that ship."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BAG, DRESS, EYEGLASS, FACE, FOOTWEAR, HAIR, HEADWEAR, OUTER, PANTS, SKIN, SKIRT
from humandiffusion.pose.occupancy import occupancy
from humandiffusion.pose.presets import load_preset, preset_names


@pytest.fixture(scope="module")
def presets():
    return {name: load_preset(name) for name in preset_names()}


def test_there_are_enough_and_of_every_kind(presets) -> None:
    assert len(presets) >= 10
    worn = torch.cat([pose.present() for pose in presets.values()]).any(0)
    assert all(worn[part] for part in (PANTS, SKIRT, DRESS, OUTER, HEADWEAR, EYEGLASS, BAG))
    kinds = ("standing", "walking", "arms-raised", "hands-on-hips", "back-view", "sitting")
    assert all(any(kind in name for name in presets) for kind in kinds)


def test_each_is_a_person_in_the_default_size(presets) -> None:
    for name, pose in presets.items():
        assert pose.labels.shape == (1, 384, 256), name
        present = pose.present()[0]
        assert present[HAIR] and present[SKIN] and present[FOOTWEAR], name
        assert bool(present[FACE]) == ("back-view" not in name), name
        share = float((pose.labels > 0).float().mean())
        assert 0.12 < share < 0.4, (name, share)


def test_each_fills_the_height_and_leaves_a_margin(presets) -> None:
    for name, pose in presets.items():
        rows = (pose.labels[0] > 0).any(1).nonzero()[:, 0]
        columns = (pose.labels[0] > 0).any(0).nonzero()[:, 0]
        assert (rows.max() - rows.min() + 1) / 384 > 0.85, name
        assert rows.min() > 0 and rows.max() < 383 and columns.min() > 0 and columns.max() < 255, name


def test_all_differ(presets) -> None:
    maps = [pose.labels for pose in presets.values()]
    assert all(not torch.equal(a, b) for i, a in enumerate(maps) for b in maps[:i])


@pytest.mark.parametrize("size", [(512, 256), (384, 384), (96, 64)])
def test_another_size_is_drawn_not_stretched(size) -> None:
    pose = load_preset("standing-dress", size)
    assert (pose.height, pose.width) == size
    rows, columns = (pose.labels[0] > 0).nonzero().T
    aspect = (rows.max() - rows.min()) / (columns.max() - columns.min())
    assert 3 < aspect < 4.5


def test_thin_parts_live_at_the_coarsest_scale(presets) -> None:
    for name, pose in presets.items():
        coarse = occupancy(pose, (12, 8)).amax((2, 3)) > 0.05
        assert torch.equal(coarse, pose.present()), name


def test_an_unknown_name_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="standing-trousers"):
        load_preset("flying")
