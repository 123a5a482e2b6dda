"""Tiles cover the picture, carry their maps, and come together again without a seam."""

from typing import Any

import pytest
import torch

from humandiffusion.editing.tiles import join_tiles, tile_crops, tile_pictures, tile_poses, tile_weights
from humandiffusion.errors import InputError
from humandiffusion.models.io import load_denoiser
from humandiffusion.parts import FOOTWEAR, HAIR
from humandiffusion.pose.occupancy import occupancy
from humandiffusion.pose.presets import load_preset

SIZES = [(384, 256), (400, 300), (1536, 1024), (100, 700), (64, 64)]


@pytest.mark.parametrize("picture", SIZES)
@pytest.mark.parametrize("overlap", [0, 32, 100])
def test_tiles_cover_the_picture_and_their_weights_sum_to_one(picture: tuple[int, int], overlap: int) -> None:
    crops = tile_crops(picture, (192, 128), min(overlap, 96), 32)
    total = torch.zeros(picture)
    for crop, weight in zip(crops, tile_weights(crops), strict=True):
        top, left, bottom, right = crop.inside
        total[top:bottom, left:right] += weight[
            top - crop.top : bottom - crop.top, left - crop.left : right - crop.left
        ]
        assert crop.top % 32 == 0 == crop.left % 32
    assert torch.allclose(total, torch.ones(picture), atol=1e-5)


def test_neighbours_overlap_by_as_much_as_asked() -> None:
    crops = tile_crops((1536, 1024), (512, 512), 64, 32)
    rows, columns = (sorted({getattr(crop, side) for crop in crops}) for side in ("top", "left"))
    for starts, whole in ((rows, 1536), (columns, 1024)):
        assert starts[0] == 0 and starts[-1] + 512 == whole
        assert all(later - earlier <= 512 - 64 for earlier, later in zip(starts, starts[1:], strict=False))


@pytest.mark.parametrize("picture", SIZES)
@pytest.mark.parametrize("factor", [1, 2])
def test_tiles_put_together_are_the_picture(picture: tuple[int, int], factor: int) -> None:
    image = torch.rand(2, *picture, 3)
    crops = tile_crops(picture, (128, 96), 32, 32)
    tiles = tile_pictures(image, crops).repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    whole = image.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    assert torch.allclose(join_tiles(tiles, crops), whole, atol=1e-5)


def test_each_tile_has_its_piece_of_the_map_and_no_other_parts() -> None:
    pose = load_preset("standing-trousers", (768, 512))
    crops = tile_crops((768, 512), (256, 256), 64, 32)
    pieces = tile_poses(pose, crops)
    whole = occupancy(pose, (768 // 8, 512 // 8), minimum=0)
    for i, crop in enumerate(crops):
        cells = whole[:, :, crop.top // 8 : crop.top // 8 + 32, crop.left // 8 : crop.left // 8 + 32]
        assert torch.equal(occupancy(pieces.select(i), (32, 32), minimum=0), cells)
    present = pieces.present()
    assert present[0, HAIR] or present[1, HAIR]
    assert not present[0, FOOTWEAR] and not present[-1, HAIR]


def test_what_a_tile_does_not_show_changes_nothing_in_it(tiny_files: Any) -> None:
    """The feature of a part counts in the tiles that have a pixel of it, and in no other."""
    crops = tile_crops((384, 256), (128, 128), 64, 64)
    maps = tile_poses(load_preset("walking-skirt"), crops)
    net = load_denoiser(tiny_files.model).unet
    width = net.config.feature_dim
    features, x = torch.ones(1, 24, width), torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    changed = features.clone()
    changed[:, FOOTWEAR] = torch.linspace(-3, 3, width)
    counted = set()
    with torch.no_grad():
        for i in range(maps.batch):
            tile = maps.select(i)
            shares = occupancy(tile, (64, 64))
            one, other = (
                net.denoise(x, torch.tensor([0.2]), net.prepare(shares, given, torch.ones(1, 24), size=(64, 64)))
                for given in (features, changed)
            )
            counted.add((bool((tile.labels == FOOTWEAR).any()), not torch.equal(one, other)))
    assert counted == {(False, False), (True, True)}


def test_the_map_of_a_larger_picture_and_several_frames() -> None:
    pose = load_preset("standing-trousers")
    both = type(pose).stack([pose, load_preset("standing-dress")])
    crops = tile_crops((768, 512), (384, 256), 64, 32)
    assert tile_poses(both, crops).batch == 2 * len(crops)


def test_wrong_tiles_are_refused() -> None:
    crops = tile_crops((384, 256), (128, 128), 32, 32)
    with pytest.raises(InputError, match="tiles: got 3 of"):
        join_tiles(torch.zeros(3, 128, 128, 3), crops)
    with pytest.raises(InputError, match="whole number"):
        join_tiles(torch.zeros(len(crops), 200, 128, 3), crops)
    with pytest.raises(InputError, match="overlap"):
        tile_crops((384, 256), (128, 128), 128)
    with pytest.raises(InputError, match="shape"):
        tile_poses(load_preset("standing-trousers"), tile_crops((512, 512), (128, 128), 32))
