"""The memory: initialise and update, what it knows of its rows, priors, refresh."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, GLOVES, HAIR, PANTS, TOP
from humandiffusion.smr.memory import MemoryItem, StyleMemory, group_of, initialise, item_id, update
from humandiffusion.smr.query import Hits, query
from humandiffusion.smr.refresh import refresh

Make = Callable[..., MemoryItem]


def test_rows_of_a_part_lie_together_and_keep_their_order(wardrobe: StyleMemory) -> None:
    assert wardrobe.part.tolist() == sorted(wardrobe.part.tolist())
    rows = wardrobe.rows_of(TOP)
    assert wardrobe.part[rows].tolist() == [TOP] * 22 and not wardrobe.holds(GLOVES)
    assert list(wardrobe.ids[rows]) == sorted(wardrobe.ids[rows])


def test_updating_gives_the_memory_that_initialising_would(wardrobe: StyleMemory, item: Make) -> None:
    more = [item(GLOVES, "red", 1), item(TOP, "blue", 90)]
    grown = update(wardrobe, more)
    assert len(grown) == len(wardrobe) + 2 and grown.holds(GLOVES) and not wardrobe.holds(GLOVES)
    row = grown.row_of(more[1].id)
    assert (grown.captions[row], grown.sources[row], int(grown.part[row])) == ("blue thing", "set/90", TOP)
    torch.testing.assert_close(grown.mean_image, grown.vectors.float().mean(0), atol=1e-6, rtol=0)
    assert grown.thumbnails is not None and torch.equal(grown.thumbnails[row], more[1].thumbnail)


def test_what_is_there_already_stays_as_it_is(wardrobe: StyleMemory, item: Make) -> None:
    assert update(wardrobe, [item(TOP, "green", 0)]) is wardrobe


def test_a_row_without_a_thumbnail_gets_a_grey_one_and_others_keep_theirs(wardrobe: StyleMemory, item: Make) -> None:
    plain, large = item(GLOVES, "red", 1), item(GLOVES, "red", 2)
    object.__setattr__(plain, "thumbnail", None)
    object.__setattr__(large, "thumbnail", torch.full((9, 9, 3), 7, dtype=torch.uint8))
    grown = update(wardrobe, [plain, large])
    assert grown.thumbnails is not None and wardrobe.thumbnails is not None
    assert bool((grown.thumbnails[grown.row_of(plain.id)] == 128).all())
    assert bool((grown.thumbnails[grown.row_of(large.id)] == 7).all())
    assert torch.equal(grown.thumbnails[grown.row_of(wardrobe.ids[0])], wardrobe.thumbnails[0])


def test_a_vector_of_another_width_and_a_part_that_is_none_are_refused(wardrobe: StyleMemory, item: Make) -> None:
    wide = item(TOP, "red", 77)
    object.__setattr__(wide, "vector", torch.ones(9))
    with pytest.raises(InputError, match=r"shape \(9,\)"):
        update(wardrobe, [wide])
    with pytest.raises(InputError, match="part 24"):
        update(wardrobe, [item(24, "red", 78)])


def test_the_prior_of_hair_is_natural(wardrobe: StyleMemory) -> None:
    natural = wardrobe.vectors[[wardrobe.row_of(f"{HAIR:08x}{number:08x}") for number in (0, 1)]]
    prior = wardrobe.prior(HAIR)
    assert prior is not None
    torch.testing.assert_close(prior, F.normalize(natural.float().mean(0), dim=0))
    assert wardrobe.prior(GLOVES) is None


def test_a_recoloured_copy_is_of_its_photos_group() -> None:
    assert group_of("my photos/12 recoloured red and white striped") == group_of("my photos/12") == "my photos/12"
    assert group_of("my photos/13") != group_of("my photos/12")


def test_an_id_is_of_crop_and_mask() -> None:
    crop, mask = torch.zeros(3, 4, 4, dtype=torch.uint8), torch.ones(1, 4, 4, dtype=torch.uint8)
    same, other = item_id(crop.clone(), mask), item_id(crop, mask * 2)
    assert item_id(crop, mask) == same != other and len(same) == 16 and int(same, 16) >= 0


def test_an_unknown_id_is_named(wardrobe: StyleMemory) -> None:
    with pytest.raises(InputError, match="no item 'feed'"):
        wardrobe.row_of("feed")


def test_a_memory_of_nothing_finds_nothing() -> None:
    empty = initialise([], encoder_id="e", mean_text=torch.zeros(4))
    hits = query(empty, torch.eye(4)[:2], [TOP, PANTS], modality="text")
    assert bool((hits.rows == -1).all()) and empty.prior(BACKGROUND) is None
    assert torch.equal(refresh(empty, torch.eye(4)[:2], hits), torch.eye(4)[:2])


def test_refreshing_follows_the_formula(wardrobe: StyleMemory) -> None:
    q = F.normalize(torch.tensor([[0.4, 0.1, 0.2, 0.6, 0.5, 0.3]]), dim=1)
    hits = query(wardrobe, q, [TOP], modality="image", k=3)
    r = F.normalize((hits.weights[0, :, None] * wardrobe.vectors[hits.rows[0]].float()).sum(0), dim=0)
    torch.testing.assert_close(refresh(wardrobe, q, hits)[0], r)
    torch.testing.assert_close(refresh(wardrobe, q, hits, 0.3)[0], F.normalize(0.3 * r + 0.7 * q[0], dim=0))


def test_a_blend_of_zero_gives_the_query_itself(wardrobe: StyleMemory) -> None:
    q = torch.tensor([[3.0, 0.0, 0.0, 0.0, 0.0, 0.1]] * 2)
    hits = query(wardrobe, q, [TOP, TOP], modality="image")
    assert refresh(wardrobe, q, hits, 0.0) is q
    mixed = refresh(wardrobe, q, hits, torch.tensor([0.0, 1.0]))
    assert torch.equal(mixed[0], q[0]) and not torch.equal(mixed[1], q[1])


def test_a_query_that_found_nothing_stays_as_it_is(wardrobe: StyleMemory) -> None:
    q, none = torch.tensor([[3.0, 0, 0, 0, 0, 0.1]]), torch.full((1, 4), -1)
    assert torch.equal(refresh(wardrobe, q, Hits(none, none.float(), torch.zeros(1, 4))), q)
