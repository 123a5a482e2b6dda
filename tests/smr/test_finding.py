"""What is found where something is banned, weighed, asked twice or wanted different."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from humandiffusion.colour import BASIC_COLOURS
from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.smr.asking import reference_crop
from humandiffusion.smr.diversity import diverse
from humandiffusion.smr.exact import ExactSearch
from humandiffusion.smr.features import PartFeatures, Retrieved, locks_of, retrieve
from humandiffusion.smr.locks import Locks, PartLock, read_locks
from humandiffusion.smr.memory import MemoryItem, StyleMemory, update
from humandiffusion.smr.query import centre, query


@pytest.fixture
def look(encoder: Any, wardrobe: StyleMemory) -> Callable[..., PartFeatures]:
    def of(*prompts: PartPrompt, sentence: str = "", **settings: Any) -> PartFeatures:
        return retrieve(encoder, wardrobe, PartPrompts(prompts, sentence=sentence), **settings)

    return of


def told(features: PartFeatures, part: int) -> Retrieved:
    return next(row for row in features.retrieved if row.part == part)


def picture_of(colour: str) -> torch.Tensor:
    return (torch.tensor(BASIC_COLOURS[colour]) / 255).expand(20, 10, 3).clone()


def test_what_is_banned_is_not_found_and_the_next_takes_its_place(look: Callable[..., PartFeatures]) -> None:
    free = told(look(PartPrompt(TOP, "red shirt"), k=4), TOP)
    bound = told(look(PartPrompt(TOP, "red shirt"), k=3, locks=Locks({TOP: PartLock(ban=free.ids[:1])})), TOP)
    assert bound.ids == free.ids[1:]
    elsewhere = look(PartPrompt(TOP, "red shirt"), k=4, locks=Locks({PANTS: PartLock(ban=free.ids)}))
    assert told(elsewhere, TOP) == free


def test_where_all_is_banned_nothing_is_found_and_the_words_stay(
    look: Callable[..., PartFeatures], wardrobe: StyleMemory, encoder: Any
) -> None:
    every = tuple(wardrobe.ids[row] for row in range(*wardrobe.rows_of(TOP).indices(len(wardrobe))))
    features = look(PartPrompt(TOP, "red shirt"), locks=Locks({TOP: PartLock(ban=every)}))
    assert told(features, TOP).ids == ()
    assert torch.equal(features.features[0, TOP], encoder.encode_text(["red shirt"])[0])


def test_a_part_may_have_a_blend_of_its_own(look: Callable[..., PartFeatures], encoder: Any) -> None:
    prompts = (PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "blue jeans"))
    plain, own = look(*prompts), look(*prompts, locks=read_locks('{"top": {"blend": 0}}'))
    assert torch.equal(own.features[0, TOP], encoder.encode_text(["red shirt"])[0])
    assert torch.equal(own.features[0, PANTS], plain.features[0, PANTS])


def test_locked_items_count_by_their_weights(look: Callable[..., PartFeatures], wardrobe: StyleMemory) -> None:
    first = wardrobe.rows_of(TOP).start
    ids = [wardrobe.ids[first], wardrobe.ids[first + 5]]
    features = look(locks=Locks({TOP: PartLock({ids[0]: 0.9, ids[1]: 0.1})}))
    wanted = F.normalize(0.9 * wardrobe.vectors[first].float() + 0.1 * wardrobe.vectors[first + 5].float(), dim=0)
    torch.testing.assert_close(features.features[0, TOP], wanted, atol=1e-6, rtol=0)
    assert told(features, TOP).weights == pytest.approx((0.9, 0.1))


def test_a_result_comes_back_from_its_ids(look: Callable[..., PartFeatures]) -> None:
    prompts = (PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "", image=picture_of("green")))
    for blend in (1.0, 0.3):
        found = look(*prompts, sentence="someone", k=5, diversity=0.5, blend=blend)
        again = look(*prompts, sentence="someone", blend=blend, locks=read_locks(locks_of(found).to_json()))
        assert torch.equal(found.features, again.features) and torch.equal(found.present, again.present)
        assert [row.ids for row in again.retrieved] == [row.ids for row in found.retrieved]


def test_a_source_of_weight_two_counts_as_if_its_rows_were_there_twice(
    encoder: Any, wardrobe: StyleMemory, item: Callable[..., MemoryItem]
) -> None:
    tops = [item(TOP, "red", 100 + i, f"shop/{i}") for i in range(2)]
    memory = update(wardrobe, tops)
    twice = update(memory, [replace(one, id=f"{900 + i:016x}") for i, one in enumerate(tops)])
    twice = replace(twice, mean_image=memory.mean_image)
    prompts = PartPrompts((PartPrompt(TOP, "red shirt"),))
    every = len(range(*memory.rows_of(TOP).indices(len(memory))))
    weighed = retrieve(encoder, memory, prompts, k=every, locks=Locks(sources={"shop": 2.0}))
    plain = retrieve(encoder, twice, prompts, k=every + 2)
    torch.testing.assert_close(weighed.features[0, TOP], plain.features[0, TOP], atol=1e-5, rtol=0)
    assert [round(score, 4) for score in told(weighed, TOP).scores] == list(told(weighed, TOP).scores)


def test_a_source_of_weight_zero_is_never_found_and_the_longest_name_counts(
    encoder: Any, wardrobe: StyleMemory, item: Callable[..., MemoryItem]
) -> None:
    memory = update(wardrobe, [item(TOP, "red", 100 + i, f"shop/{i}") for i in range(9)])
    prompts = PartPrompts((PartPrompt(TOP, "red shirt"),))
    none = told(retrieve(encoder, memory, prompts, k=40, locks=Locks(sources={"shop": 0.0})), TOP)
    assert len(none.ids) == 22 and not any(source.startswith("shop/") for source in none.sources)
    one = told(retrieve(encoder, memory, prompts, k=40, locks=Locks(sources={"shop": 0.0, "shop/3": 1.0})), TOP)
    assert [source for source in one.sources if source.startswith("shop/")] == ["shop/3"]


def test_a_source_that_the_memory_lacks_is_refused_and_those_it_has_are_named(
    look: Callable[..., PartFeatures],
) -> None:
    with pytest.raises(InputError, match="locks, sources: got 'sho'.* as set"):
        look(PartPrompt(TOP, "red shirt"), locks=Locks(sources={"sho": 1.0}))


def test_phrase_and_picture_of_one_part_are_mixed_as_scores(encoder: Any, wardrobe: StyleMemory) -> None:
    prompt = PartPrompt(TOP, "red shirt", image=picture_of("blue"))
    crop, share_inside = reference_crop(prompt, encoder.crop_size) or (torch.empty(0), torch.empty(0))
    text, image = encoder.encode_text(["red shirt"]), encoder.encode_image(crop[None], share_inside[None])
    q = torch.cat((centre(wardrobe, text, "text"), centre(wardrobe, image, "image")))
    every = torch.arange(*wardrobe.rows_of(TOP).indices(len(wardrobe)))
    search = ExactSearch(wardrobe)
    by_text, by_image = (search.scores(one.expand(len(every), -1), every) for one in q)
    for share in (0.25, 0.5):
        found = told(retrieve(encoder, wardrobe, PartPrompts((prompt,)), reference=share), TOP)
        mixed, order = (share * by_image + (1 - share) * by_text).sort(descending=True, stable=True)
        assert found.how == "both" and found.ids == tuple(wardrobe.ids[row] for row in every[order][:4].tolist())
        assert found.scores == pytest.approx(mixed[:4].tolist(), abs=1e-4)


def test_the_reference_alone_or_the_phrase_alone_asks_as_if_the_other_were_not_there(
    look: Callable[..., PartFeatures],
) -> None:
    both = PartPrompt(TOP, "red shirt", image=picture_of("blue"))
    assert told(look(both), TOP) == told(look(PartPrompt(TOP, "", image=picture_of("blue"))), TOP)
    assert told(look(both, reference=0.0), TOP) == told(look(PartPrompt(TOP, "red shirt")), TOP)
    only = PartPrompt(TOP, "", image=picture_of("blue"))
    assert told(look(only, reference=0.0), TOP) == told(look(only), TOP)
    with pytest.raises(InputError, match="reference: got 2"):
        look(both, reference=2.0)


def test_diversity_spreads_the_hits_and_keeps_the_best(look: Callable[..., PartFeatures]) -> None:
    near = told(look(PartPrompt(TOP, "red shirt"), k=4), TOP)
    spread = told(look(PartPrompt(TOP, "red shirt"), k=4, diversity=0.7), TOP)
    assert spread.ids[0] == near.ids[0]
    assert len(set(spread.captions)) > len(set(near.captions))
    with pytest.raises(InputError, match="diversity: got -0.1"):
        look(PartPrompt(TOP, "red shirt"), diversity=-0.1)


def test_marginal_relevance_by_hand() -> None:
    scores = torch.tensor([0.9, 0.89, 0.5, -0.1])
    vectors = F.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0], [-1.0, 0.0]]), dim=1)
    assert diverse(scores, vectors, 3, 0.0).tolist() == [0, 1, 2]
    assert diverse(scores, vectors, 3, 0.5).tolist() == [0, 3, 2]
    assert diverse(scores, vectors, 3, 0.3).tolist() == [0, 2, 1]
    assert diverse(scores, vectors, 9, 1.0).tolist()[0] == 0 and len(diverse(scores, vectors, 9, 1.0)) == 4


def test_without_the_correction_scores_are_plain_cosines(encoder: Any, wardrobe: StyleMemory) -> None:
    q = encoder.encode_text(["red shirt"])
    hits = query(wardrobe, q, [TOP], modality="text", k=3, centred=False)
    every = F.normalize(wardrobe.vectors[wardrobe.rows_of(TOP)].double(), dim=1) @ q[0].double()
    torch.testing.assert_close(hits.scores[0], every.topk(3).values.float(), atol=1e-6, rtol=0)
    found = retrieve(encoder, wardrobe, PartPrompts((PartPrompt(TOP, "red shirt"),)), k=3, centred=False)
    assert told(found, TOP).ids == tuple(wardrobe.ids[row] for row in hits.rows[0].tolist())


def test_an_engine_is_asked_in_place_of_the_exact_search_unless_sources_weigh(
    encoder: Any, wardrobe: StyleMemory
) -> None:
    asked: list[int] = []

    class Backwards(ExactSearch):
        def search(self, q: torch.Tensor, parts: torch.Tensor, k: int, *more: Any) -> tuple[torch.Tensor, torch.Tensor]:
            asked.append(len(q))
            return super().search(-q, parts, k, *more)

    prompts, engine = PartPrompts((PartPrompt(TOP, "red shirt"),)), Backwards(wardrobe)
    assert told(retrieve(encoder, wardrobe, prompts, engine=engine), TOP).captions[0] != "red thing"
    assert asked == [1]
    weighed = retrieve(encoder, wardrobe, prompts, engine=engine, locks=Locks(sources={"set": 1.0}))
    assert told(weighed, TOP).captions[0] == "red thing" and asked == [1]
