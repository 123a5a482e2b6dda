import math

import pytest
import torch
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.mca.coverage import exclusive, region_coverage, soften
from humandiffusion.mca.mass import attention_mass, mass_sheet
from humandiffusion.mca.region_attention import RegionRows, alignment_bias, attend, image_bias
from humandiffusion.mca.regions import Region, RegionPart, region_rows
from humandiffusion.mca.sites import COARSE, FINE, MIDDLE, SD15, SDXL, Site
from humandiffusion.parts import part_index
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose

TOP, PANTS, HAIR, BAG, BELT = (part_index(name) for name in ("top", "pants", "hair", "bag", "belt"))
WIDTH, PROMPT = 16, 77
SIZES = ((48, 32), (24, 16), (12, 8), (6, 4), (25, 17), (13, 9), (7, 5), (3, 2))


def always(start: float, end: float) -> bool:
    return True


def part(index: int, tokens: int = 5, seed: int = 0, **values: object) -> RegionPart:
    generator = torch.Generator().manual_seed(100 * seed + index)
    return RegionPart(index, torch.randn(tokens, WIDTH, generator=generator), torch.ones(tokens), **values)


def region(*parts: RegionPart, pose: SemanticPose | None = None, **values: object) -> Region:
    return Region(pose or load_preset("standing-trousers"), (parts or (part(TOP), part(PANTS), part(HAIR)),), **values)


def rows(*regions: Region, size: tuple[int, int] = (48, 32), length: int = PROMPT) -> RegionRows:
    made = region_rows(regions or (region(),), size, always, length)
    assert made is not None
    return made.text


def attention(of: RegionRows, size: tuple[int, int], scale: int = FINE, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(1, math.prod(size), 32, generator=generator).expand(len(of), -1, -1)
    to_k, to_v = torch.randn(2, WIDTH, 32, generator=generator)
    prompt = torch.randn(1, PROMPT, WIDTH, generator=generator).expand(len(of), -1, -1)
    context = torch.cat((prompt, of.tokens), 1)
    return attend(q, context @ to_k, context @ to_v, 4, alignment_bias(of, size, scale, PROMPT))


def test_the_tables_hold_every_cross_attention_once():
    assert (len(SD15.sites), len(SDXL.sites)) == (16, 70)
    for architecture in (SD15, SDXL):
        assert len(set(architecture.sites)) == len(architecture.sites)
        assert {architecture.scale(site.section, site.smaller) for site in architecture.sites} == {COARSE, MIDDLE, FINE}
    assert SD15.sites[0] == Site("input", 1, 0, 1) and SDXL.sites[-1] == Site("middle", 0, 9, 4)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_every_cell_has_an_open_token_and_every_part_is_present_at_every_scale(size: tuple[int, int], hard: bool):
    told = [part(index) for index in range(24)]
    of = rows(region(*told, exclusive=hard, remain=0.0), size=(50, 34))
    bias = alignment_bias(of, size, COARSE, PROMPT)
    assert not bias.isnan().any() and bool((bias.amax(-1) > -math.inf).all()) and bias.max() <= 0
    present = load_preset("standing-trousers").present()[0]
    open_tokens = bias[0, 0, :, PROMPT:].amax(0) > -math.inf
    assert torch.equal(open_tokens, present.repeat_interleave(5))


def test_cells_that_no_part_covers_see_the_prompt_alone():
    of = rows(region(part(BAG)))
    out = attention(of, (48, 32))
    bias = alignment_bias(of, (48, 32), FINE, PROMPT)
    outside = (bias[0, 0, :, PROMPT:] == -math.inf).all(-1)
    assert outside.any() and bool((bias[0, 0, outside, :PROMPT] == 0).all())
    gone = attention(rows(region(part(BAG, seed=1))), (48, 32))
    assert torch.equal(out[0, outside], gone[0, outside])


@pytest.mark.parametrize("hard", [False, True])
def test_the_phrase_of_one_part_changes_nothing_outside_its_region(hard: bool):
    others = (part(PANTS), part(HAIR))
    before, after = (rows(region(part(TOP, seed=seed), *others, exclusive=hard)) for seed in (0, 7))
    for size, scale in (((48, 32), FINE), ((24, 16), MIDDLE), ((12, 8), COARSE)):
        inside = alignment_bias(before, size, scale, PROMPT)[0, 0, :, PROMPT : PROMPT + 5].amax(-1) > -math.inf
        a, b = attention(before, size, scale), attention(after, size, scale)
        assert torch.equal(a[0, ~inside], b[0, ~inside]) and not torch.allclose(a[0, inside], b[0, inside], atol=1e-2)


def test_exclusive_cells_belong_to_one_part():
    def most(**values: bool) -> int:
        bias = alignment_bias(rows(region(feather=24.0, **values)), (24, 16), FINE, PROMPT)
        return int((bias[0, 0, :, PROMPT::5] > -math.inf).sum(-1).max())

    assert most(exclusive=True) == 1 and most(exclusive=False) > 1


def test_a_part_that_wins_no_cell_keeps_its_best():
    shares = torch.tensor([[[0.6, 0.9, 0.0], [0.4, 0.1, 0.0], [0.0, 0.0, 1.0]]])
    hard = exclusive(shares)
    assert torch.equal(hard, torch.tensor([[[0.5, 1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 1.0]]]))


def test_a_gain_of_nothing_is_the_prompt_alone():
    for values in ({"strength": 0.0}, {"scales": (0.0, 0.0, 0.0)}):
        assert region_rows([region(**values)], (48, 32), always, PROMPT) is None
    fine_only = rows(region(scales=(0.0, 0.0, 1.0)))
    coarse = alignment_bias(fine_only, (12, 8), COARSE, PROMPT)
    assert bool((coarse[..., :PROMPT] == 0).all()) and bool((coarse[..., PROMPT:] == -math.inf).all())


def test_a_weight_is_added_as_its_logarithm():
    once, thrice = (rows(region(part(TOP, weight=weight), remain=1.0)) for weight in (0.25, 0.75))
    a, b = (alignment_bias(of, (48, 32), FINE, PROMPT)[0, 0, :, PROMPT] for of in (once, thrice))
    covered = a > -math.inf
    assert torch.allclose((b - a)[covered], torch.tensor(3.0).log(), atol=1e-5)


def test_a_part_leaves_of_the_prompt_what_was_asked():
    of = rows(region(part(TOP), remain=0.25))
    bias = alignment_bias(of, (48, 32), FINE, PROMPT)[0, 0]
    wholly = bias[:, PROMPT] == 0
    assert wholly.any() and torch.allclose(bias[wholly, 1:PROMPT], torch.tensor(0.25).log())
    assert bool((bias[:, 0] == 0).all())


def test_a_token_that_stands_for_many_counts_as_many():
    many = RegionPart(TOP, torch.randn(1, WIDTH), torch.tensor([3.0]))
    apart = RegionPart(TOP, many.tokens.expand(3, -1), torch.ones(3))
    a, b = (attention(rows(region(told)), (24, 16)) for told in (many, apart))
    assert torch.allclose(a, b, atol=1e-5)


def test_a_repeated_prompt_counts_once():
    of = rows(length=PROMPT)
    context, q = torch.randn(1, PROMPT, WIDTH), torch.randn(1, 24 * 16, WIDTH)

    def run(times: int) -> Tensor:
        keys = torch.cat((context.repeat(1, times, 1), of.tokens), 1)
        return attend(q, keys, keys, 2, alignment_bias(of, (24, 16), FINE, PROMPT * times))

    assert torch.allclose(run(1), run(3), atol=1e-5)


def test_tokens_of_others_between_prompt_and_parts_stay_open():
    bias = alignment_bias(rows(), (24, 16), FINE, PROMPT, foreign=4)
    assert bias.shape[-1] == PROMPT + 4 + 15 and bias[..., PROMPT : PROMPT + 4].isfinite().all()


def test_rows_of_unequal_length_are_padded_and_masked():
    pose = SemanticPose.stack([load_preset("standing-trousers")] * 2)
    texts = ((part(TOP, 3), part(PANTS, 2)), (part(TOP, 6),))
    both = rows(Region(pose, texts))
    assert both.tokens.shape == (2, 6, WIDTH)
    for row, text in enumerate(texts):
        alone = attention(rows(Region(pose.select(row), (text,))), (24, 16))
        assert torch.allclose(attention(both, (24, 16))[row], alone[0], atol=1e-5)


def test_two_regions_share_what_both_claim():
    left, right = load_preset("standing-trousers"), load_preset("standing-dress")
    coverage = rows(region(pose=left), region(pose=right)).coverage
    assert coverage.shape[1] == 1 + 2 * 3 and torch.allclose(coverage.sum(1), torch.ones(()), atol=1e-5)
    alone = rows(region(pose=left)).coverage
    assert torch.all(coverage[:, 1:4] <= alone[:, 1:4] + 1e-6)


def test_maps_and_descriptions_of_unequal_number_are_refused():
    pose = SemanticPose.stack([load_preset("standing-trousers")] * 3)
    with pytest.raises(InputError, match="2, 3"):
        rows(Region(pose, ((part(TOP),), (part(TOP),))))


@pytest.mark.parametrize(
    "wrong", [{"strength": -1.0}, {"start": 0.8, "end": 0.2}, {"remain": 1.5}, {"scales": (1.0, math.nan, 1.0)}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]):
    with pytest.raises(InputError, match="wanted"):
        region(**wrong)


def test_a_part_counts_within_its_span_only():
    told = region(part(TOP, start=0.0, end=0.5), part(PANTS), end=0.8)

    def now(percent: float) -> int:
        made = region_rows([told], (48, 32), lambda start, end: start <= percent <= end, PROMPT)
        return 0 if made is None else int((made.text.gain[0, :, 0] > 0).sum())

    assert [now(percent) for percent in (0.2, 0.6, 0.9)] == [2, 1, 0]


def test_feathering_keeps_the_sum_and_softens_borders():
    pose = load_preset("standing-trousers")
    hard, soft = (region_coverage(pose, (TOP, PANTS), (48, 32), feather) for feather in (0.0, 16.0))
    assert torch.allclose(soft.sum(1), torch.ones(()), atol=1e-5)
    assert ((soft > 0.05) & (soft < 0.95)).sum() > 1.5 * ((hard > 0.05) & (hard < 0.95)).sum()
    assert torch.equal(soften(hard, 0.0), hard)


def test_image_tokens_weigh_nothing_where_nothing_covers():
    look = part(TOP, image=torch.randn(4, WIDTH))
    made = region_rows([region(look, part(PANTS), adapter="adapter", image_strength=0.5)], (48, 32), always, PROMPT)
    assert made is not None
    bias, weight = image_bias(made.images["adapter"], (24, 16), FINE)
    assert bias.shape == (1, 1, 24 * 16, 4) and bias.isfinite().all()
    share = made.text.coverage[:, 1]
    assert torch.allclose(weight[0, :, 0], torch.nn.functional.avg_pool2d(share, 2).flatten() * 0.5, atol=1e-3)


def test_half_precision_has_no_nan():
    bias = alignment_bias(rows(region(remain=0.0)), (24, 16), FINE, PROMPT, dtype=torch.float16)
    assert bias.dtype == torch.float16 and not bias.isnan().any()
    assert bias.stride(2) % 8 == 0


def test_a_belt_of_a_pixel_is_still_seen_at_an_eighth():
    labels = torch.zeros(1, 384, 256, dtype=torch.uint8)
    labels[:, 100:300, 60:200] = TOP
    labels[:, 200:202, 60:200] = BELT
    of = rows(region(part(TOP), part(BELT), pose=SemanticPose(labels)))
    bias = alignment_bias(of, (6, 4), COARSE, PROMPT)[0, 0, :, PROMPT + 5]
    assert bias.max() > math.log(0.05)


def test_attention_mass_is_all_of_the_attention():
    of, size = rows(), (12, 8)
    bias = alignment_bias(of, size, FINE, PROMPT)
    q, k = torch.randn(1, 96, 32), torch.randn(1, PROMPT + 15, 32)
    mass = attention_mass(q, k, 4, bias, of)
    assert torch.allclose(mass.sum(1), torch.ones(()), atol=1e-5)
    # With values that say whose token it is, the attention's result is the mass.
    whose = torch.nn.functional.one_hot(torch.cat((torch.zeros(1, PROMPT).long(), of.owner), 1), 4).float()
    out = attend(q, k, torch.cat([whose.repeat(1, 1, 2)] * 4, 2), 4, bias)
    assert torch.allclose(out.view(1, 96, 4, 2, 4)[..., 0, :].mean(2).mT, mass, atol=1e-5)


def test_a_mass_sheet_has_a_field_for_each_part_and_scale():
    masses = {COARSE: torch.rand(3, 12, 8), FINE: torch.zeros(3, 12, 8)}
    sheet = mass_sheet(masses, ["prompt", "top", "pants"])
    assert (
        sheet.ndim == 3 and sheet.shape[0] > 2 * 160 and sheet.isfinite().all() and 0 <= sheet.min() <= sheet.max() <= 1
    )
