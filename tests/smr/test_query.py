"""Search: exact, whatever the precision, the blocks and the other queries; never the excluded."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, GARMENTS, GLOVES, PANTS, TOP
from humandiffusion.smr import exact as module
from humandiffusion.smr.memory import StyleMemory
from humandiffusion.smr.query import query


def memory_of(count: int, dim: int, dtype: torch.dtype, duplicates: bool = False) -> StyleMemory:
    """Random rows of a cone, as encoders give them, over all 24 parts; three rows to a group."""
    draw = torch.Generator().manual_seed(count + dim)
    vectors = F.normalize(torch.randn(count, dim, generator=draw) + 0.8, dim=1)
    if duplicates:
        vectors = vectors[torch.randint(0, 9, (count,), generator=draw)]
    vectors = vectors.to(dtype)
    names = tuple(f"{row:016x}" for row in range(count))
    sources = tuple(f"a set/{row // 3}" + (" recoloured red" if row % 3 else "") for row in range(count))
    return StyleMemory(
        ids=names, vectors=vectors, part=(torch.arange(count) * 24 // count).to(torch.uint8), captions=names,
        sources=sources, licences=names, thumbnails=None, mean_image=vectors.mean(0, dtype=torch.float32),
        mean_text=torch.full((dim,), 0.01), encoder_id="e",
    )  # fmt: skip


def queries(count: int, dim: int) -> Tensor:
    return F.normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(7)) + 0.8, dim=1)


def by_hand(memory: StyleMemory, q: Tensor, centre: Tensor) -> Tensor:
    """The formula of the design, in double precision: scores [M, N]."""
    m = F.normalize(memory.vectors.double() - memory.mean_image.double(), dim=1)
    return F.normalize(q - centre, dim=1).double() @ m.T


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("cells", [1, 2**20])
def test_the_best_rows_are_those_of_the_formula(
    dtype: torch.dtype, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    monkeypatch.setattr(module, "LEAST_ROWS", 457)
    memory, q = memory_of(3000, 32, dtype), queries(40, 32)
    hits = query(memory, q, [0] * 40, modality="image", k=9, scope="all")
    scores, rows = by_hand(memory, q, memory.mean_image).topk(9)
    assert torch.equal(hits.rows, rows)
    torch.testing.assert_close(hits.scores, scores.float(), atol=1e-6, rtol=0)
    torch.testing.assert_close(hits.weights, torch.softmax(scores.float() / 0.05, 1), atol=1e-4, rtol=0)


@pytest.mark.parametrize("spread", [0.02, 3.0])
def test_it_is_exact_where_rows_crowd_around_their_mean_or_lie_far_from_it(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CELLS", 1)
    monkeypatch.setattr(module, "LEAST_ROWS", 500)
    draw = torch.Generator().manual_seed(1)
    vectors = F.normalize(1 + spread * torch.randn(4000, 48, generator=draw), dim=1).half()
    memory = replace(memory_of(4000, 48, torch.float16), vectors=vectors, mean_image=vectors.float().mean(0))
    q = F.normalize(1 + spread * torch.randn(20, 48, generator=draw), dim=1)
    hits = query(memory, q, [0] * 20, modality="image", k=7, scope="all")
    assert torch.equal(hits.rows, by_hand(memory, q, memory.mean_image).topk(7).indices)


def test_a_text_query_is_centred_by_the_mean_of_texts() -> None:
    memory, q = memory_of(500, 16, torch.float16), queries(5, 16)
    hits = query(memory, q, [0] * 5, modality="text", k=3, scope="all")
    assert torch.equal(hits.rows, by_hand(memory, q, memory.mean_text).topk(3).indices)


def test_a_query_finds_the_same_alone_as_among_others() -> None:
    memory, q = memory_of(2400, 64, torch.float16), queries(24, 64)
    parts = list(range(24))
    together = query(memory, q, parts, modality="image", k=5)
    for i in range(24):
        alone = query(memory, q[i : i + 1], parts[i : i + 1], modality="image", k=5)
        assert torch.equal(alone.rows[0], together.rows[i]) and torch.equal(alone.scores[0], together.scores[i])
        assert bool((memory.part[alone.rows[0]] == i).all())


def test_of_equal_rows_the_lower_comes_first() -> None:
    memory = memory_of(700, 16, torch.float16, duplicates=True)
    hits = query(memory, memory.vectors[:4].float(), [0] * 4, modality="image", k=6, scope="all")
    for row in range(4):
        twins = (memory.vectors == memory.vectors[row]).all(1).nonzero()[:6, 0]
        assert torch.equal(hits.rows[row], twins)


def test_an_item_finds_neither_itself_nor_its_recoloured_copies() -> None:
    memory = memory_of(600, 32, torch.float16)
    groups = [f"a set/{row // 3}" for row in range(600)]
    hits = query(memory, memory.vectors.float(), memory.part, modality="image", k=4, exclude_groups=groups)
    assert bool((hits.rows // 3 != torch.arange(600)[:, None] // 3).all())
    free = query(memory, memory.vectors.float(), memory.part, modality="image", k=4, exclude_groups=[None] * 600)
    assert torch.equal(free.rows[:, 0], torch.arange(600))


def test_a_group_that_is_not_there_excludes_nothing() -> None:
    memory, q = memory_of(300, 16, torch.float16), queries(2, 16)
    one = query(memory, q, [3, 4], modality="image", exclude_groups=["another/1", None])
    assert torch.equal(one.rows, query(memory, q, [3, 4], modality="image").rows)


def test_where_there_are_fewer_rows_than_asked_the_rest_is_empty_and_weighs_nothing(wardrobe: StyleMemory) -> None:
    q = wardrobe.vectors[:2].float()
    hits = query(wardrobe, q, [BACKGROUND, GLOVES], modality="image", k=5)
    assert (hits.rows[0] >= 0).tolist() == [True] * 3 + [False] * 2
    assert float(hits.weights[0].sum()) == pytest.approx(1) and not hits.weights[0, 3:].any()
    assert bool((hits.rows[1] == -1).all()) and not hits.weights[1].any()


def test_the_scope_of_garments_leaves_out_body_and_scene(wardrobe: StyleMemory) -> None:
    hits = query(wardrobe, wardrobe.vectors[:1].float(), [GLOVES], modality="image", k=99, scope="garments")
    found = wardrobe.part[hits.rows[0][hits.rows[0] >= 0]].unique().tolist()
    assert found == [TOP, PANTS] and set(found) <= set(GARMENTS)


def test_a_memory_of_one_row_finds_it(wardrobe: StyleMemory) -> None:
    one = replace(memory_of(1, 8, torch.float16), part=torch.tensor([TOP], dtype=torch.uint8))
    hits = query(one, queries(3, 8), [TOP] * 3, modality="text", k=2)
    assert hits.rows.tolist() == [[0, -1]] * 3 and hits.weights[:, 0].tolist() == [1.0] * 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"k": 0}, "k = 0"),
        ({"tau": 0.0}, "tau = 0.0"),
        ({"scope": "most"}, "scope 'most'"),
        ({"modality": "sound"}, "modality 'sound'"),
    ],
)
def test_a_bad_setting_is_refused(wardrobe: StyleMemory, wrong: dict[str, object], says: str) -> None:
    settings: dict[str, object] = {"modality": "text", "k": 4, **wrong}
    with pytest.raises(InputError, match=says):
        query(wardrobe, wardrobe.vectors[:1].float(), [TOP], **settings)  # type: ignore[arg-type]


def test_a_query_of_another_width_is_refused(wardrobe: StyleMemory) -> None:
    with pytest.raises(InputError, match=r"\[1, 5\]"):
        query(wardrobe, torch.ones(1, 5), [TOP], modality="text")
