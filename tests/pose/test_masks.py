"""Masks make a map by the stated rule, and a map's masks make the map again, soft edges included."""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, BELT, NUM_PARTS, PANTS, SKIN, TOP
from humandiffusion.pose.distances import distance, nearest_labels
from humandiffusion.pose.masks import masks_of, named_masks, pose_from_masks
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose


def box(rows: slice, columns: slice, value: float = 1.0) -> torch.Tensor:
    mask = torch.zeros(12, 10)
    mask[rows, columns] = value
    return mask


@pytest.mark.parametrize("preset", ["standing-trousers", "standing-coat"])
def test_masks_of_a_map_make_the_map(preset: str) -> None:
    pose = SemanticPose.stack([load_preset(preset, (96, 64)), load_preset("long-dress", (96, 64))])
    masks, names = masks_of(pose)
    assert len(masks) == len(names) and names[0] == "background 1"
    again = pose_from_masks(named_masks(masks, ", ".join(names)))
    assert torch.equal(again.labels, pose.labels) and again.soft is None


def test_soft_masks_of_a_map_make_its_shares_again() -> None:
    shares = torch.rand(2, NUM_PARTS, 6, 5, generator=torch.Generator().manual_seed(3)) ** 8
    shares /= shares.sum(1, keepdim=True)
    pose = SemanticPose(shares.argmax(1).to(torch.uint8), shares)
    masks, names = masks_of(pose)
    again = pose_from_masks(named_masks(masks, ", ".join(names)))
    assert again.soft is not None
    assert torch.equal(again.labels, pose.labels) and torch.allclose(again.soft, shares, atol=2e-3)


def test_all_24_masks_come_in_the_parts_order_on_demand() -> None:
    masks, names = masks_of(load_preset("standing-trousers", (48, 32)), absent=True)
    assert len(masks) == NUM_PARTS and names[TOP] == "top" and torch.equal(masks.sum(0), torch.ones(48, 32))


def test_of_overlapping_masks_the_smaller_lies_on_top_whatever_the_order() -> None:
    trousers, belt = (PANTS, box(slice(4, 12), slice(2, 8))), (BELT, box(slice(4, 6), slice(2, 8)))
    for masks in ([trousers, belt], [belt, trousers]):
        labels = pose_from_masks(masks).labels[0]
        assert (labels[4:6, 2:8] == BELT).all() and (labels[6:, 2:8] == PANTS).all()


def test_the_stronger_mask_wins_and_what_is_left_is_background() -> None:
    masks = [(TOP, box(slice(0, 6), slice(0, 10), 0.6)), (SKIN, box(slice(3, 9), slice(0, 10), 0.8))]
    pose = pose_from_masks(masks)
    assert (pose.labels[0, :3] == TOP).all() and (pose.labels[0, 3:9] == SKIN).all()
    assert (pose.labels[0, 9:] == BACKGROUND).all()
    assert pose.soft is not None and torch.allclose(pose.soft.sum(1), torch.ones(1, 12, 10))
    assert torch.equal(pose.soft.argmax(1).to(torch.uint8), pose.labels)
    faint = pose_from_masks([(TOP, box(slice(0, 6), slice(0, 10), 0.4))])
    assert not faint.labels.any() and faint.soft is not None and float(faint.soft[0, TOP].max()) == pytest.approx(0.4)
    split = pose_from_masks([(part, box(slice(0, 6), slice(0, 10), 0.4)) for part in (TOP, SKIN)])
    assert (split.labels[0, :6] != BACKGROUND).all(), "two parts that share a pixel leave no hole in it"
    assert pose_from_masks(masks, soft=False).soft is None


def test_holes_are_filled_from_around_and_open_ground_is_not() -> None:
    mask = box(slice(1, 11), slice(1, 9))
    mask[3:5, 3:5] = 0
    mask[8:, 4] = 0
    plain, filled = (pose_from_masks([(TOP, mask)], fill_holes=fill).labels[0] for fill in (False, True))
    assert not plain[3:5, 3:5].any() and (filled[3:5, 3:5] == TOP).all()
    assert not filled[8:, 4].any() and not filled[0].any()


def test_sizes_are_brought_to_the_largest_and_single_masks_count_for_all_frames() -> None:
    small, large = torch.ones(1, 4, 5), torch.zeros(3, 12, 10)
    large[1, :6] = 1
    pose = pose_from_masks([(SKIN, small), (TOP, large)])
    assert pose.labels.shape == (3, 12, 10)
    assert (pose.labels[0] == SKIN).all() and (pose.labels[1, :6] == TOP).all()


def test_one_name_takes_all_masks_as_frames() -> None:
    pose = pose_from_masks(named_masks(torch.ones(3, 4, 4), "shirt"))
    assert pose.batch == 3 and (pose.labels == TOP).all()


@pytest.mark.parametrize(
    ("masks", "names", "words"),
    [
        (torch.ones(2, 4, 4), "top, pants, hair", "3 for 2"),
        (torch.ones(2, 4, 4), "top, wing", "wing"),
        (torch.ones(2, 4, 4), "", "0 for 2"),
        (torch.ones(2, 4, 4), "top 1, top 3", "top 3"),
        (torch.ones(3, 4, 4), "top 1, top 2, pants", "pants"),
        (torch.full((1, 4, 4), float("nan")), "top", "no numbers"),
        (torch.ones(1, 4, 0), "top", "at least one pixel"),
        (torch.ones(5, 4, 4), "top 1, top 2, top 3, pants 1, pants 2", "3 frames"),
    ],
)
def test_what_does_not_fit_is_refused(masks: torch.Tensor, names: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pose_from_masks(named_masks(masks, names))


def test_distances_are_those_of_every_pair_of_pixels() -> None:
    shape = torch.rand(23, 17, generator=torch.Generator().manual_seed(5)) > 0.95
    places = torch.stack(torch.meshgrid(torch.arange(23.0), torch.arange(17.0), indexing="ij"), -1)
    every = torch.cdist(places.view(-1, 2), places[shape])
    assert torch.allclose(distance(shape), every.amin(1).view(23, 17))
    labels = torch.arange(23 * 17).view(23, 17)
    found = nearest_labels(labels, shape).flatten()
    assert torch.allclose((places.view(-1, 2) - places.view(-1, 2)[found]).norm(dim=1), every.amin(1))
    assert torch.equal(nearest_labels(labels, torch.zeros_like(shape)), labels)


@pytest.mark.parametrize("fill_holes", [False, True])
def test_without_soft_edges_a_film_takes_no_more_than_its_masks(fill_holes: bool) -> None:
    film = torch.rand(30, 24, 16, generator=torch.Generator().manual_seed(2))
    with Largest() as largest:
        hard = pose_from_masks([(TOP, film), (SKIN, film.flip(0))], soft=False, fill_holes=fill_holes)
    assert hard.soft is None and largest.bytes <= film.numel() * 4
    soft = pose_from_masks([(TOP, film), (SKIN, film.flip(0))], fill_holes=fill_holes)
    assert soft.soft is not None and torch.equal(soft.labels, hard.labels)
    alone = pose_from_masks([(TOP, film[3]), (SKIN, film.flip(0)[3])], fill_holes=fill_holes)
    assert torch.equal(alone.labels[0], soft.labels[3]) and torch.equal(alone.soft[0], soft.soft[3])  # type: ignore[index]


class Largest(TorchDispatchMode):
    """How many bytes the largest tensor has that is made within."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(one, torch.Tensor):
                self.bytes = max(self.bytes, one.untyped_storage().nbytes())
        return made
