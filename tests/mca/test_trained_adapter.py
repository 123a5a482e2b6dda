"""A trained adapter on a U-Net of diffusers: what it adds, where, and that it adds nothing where it should not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from humandiffusion.adapters.mca_adapter import McaAdapter, begin_at_zero
from humandiffusion.adapters.mca_io import is_mca_adapter, load_mca_adapter, save_mca_adapter
from humandiffusion.adapters.mca_layout import McaLayout
from humandiffusion.errors import InputError
from humandiffusion.mca.diffusers_attention import align, cross_attentions, level_ends
from humandiffusion.mca.feature_rows import RegionFeatures, feature_bias, map_occupancy
from humandiffusion.mca.regions import AlignedRows, Region, RegionPart, region_rows
from humandiffusion.mca.sites import SD15
from humandiffusion.parts import NUM_PARTS, part_index
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.safetensors_io import write_model

TOP, PANTS = part_index("top"), part_index("pants")
WIDTH, LENGTH, SIZE, DIM = 16, 77, (24, 16), 12
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
STANDING = load_preset("standing-trousers", (8 * SIZE[0], 8 * SIZE[1]))


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        **{"sample_size": 16, "layers_per_block": 1, "block_out_channels": (16, 32), "cross_attention_dim": WIDTH},
        **{"norm_num_groups": 8, "attention_head_dim": 4},
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()


@pytest.fixture(scope="module")
def adapter(unet: UNet2DConditionModel) -> McaAdapter:
    torch.manual_seed(1)
    widths = tuple(site.to_q.out_features for _, site in cross_attentions(unet))
    return McaAdapter(McaLayout("sd15", WIDTH, widths, (16, 32), DIM, "drawn-1", width=32, heads=4)).eval()


def features(*parts: int, seed: int = 0, batch: int = 1) -> RegionFeatures:
    vectors, counts = torch.zeros(batch, NUM_PARTS, DIM), torch.zeros(batch, NUM_PARTS)
    for part in parts:
        vectors[:, part] = torch.nn.functional.normalize(normal(batch, DIM, seed=seed + part), dim=-1)
        counts[:, part] = 1
    return RegionFeatures(vectors, counts, WIDTH)


def rows(adapter: McaAdapter, told: RegionFeatures, *, pose: SemanticPose = STANDING, now=lambda a, b: True, **values):
    size = values.pop("size", SIZE)
    return region_rows([Region(pose, adapter=adapter, features=told, **values)], size, now, LENGTH)


def denoise(
    unet: UNet2DConditionModel, *chunks: AlignedRows | None, batch: int = 2, size=SIZE, dtype=torch.float32
) -> Tensor:
    x = normal(1, 4, *size, seed=1).expand(batch, -1, -1, -1).to(dtype)
    prompt = normal(batch, LENGTH, WIDTH, seed=2).to(dtype)
    with torch.no_grad():
        if not chunks:
            return unet(x, 500, prompt).sample
        with align(unet, *chunks, architecture=SD15):
            return unet(x, 500, prompt).sample


def test_a_fresh_adapter_adds_nothing_and_features_make_a_difference(unet: UNet2DConditionModel, adapter: McaAdapter):
    plain = denoise(unet)
    fresh = McaAdapter(adapter.layout)
    begin_at_zero(fresh)
    silent = replace(rows(fresh, features(TOP)), text=None)
    assert torch.equal(denoise(unet, None, silent), plain)
    one, other = (denoise(unet, None, rows(adapter, features(TOP, PANTS, seed=seed))) for seed in (0, 100))
    assert torch.allclose(one[0], plain[0], **CLOSE) and not torch.allclose(one[1], plain[1], **CLOSE)
    assert not torch.allclose(one[1], other[1], **CLOSE)
    assert torch.equal(denoise(unet), plain)


def test_the_map_alone_makes_a_difference(unet: UNet2DConditionModel, adapter: McaAdapter):
    other = load_preset("standing-dress", (192, 128))
    none = features()
    assert not torch.allclose(denoise(unet, rows(adapter, none)), denoise(unet), **CLOSE)
    assert not torch.allclose(
        denoise(unet, rows(adapter, none)), denoise(unet, rows(adapter, none, pose=other)), **CLOSE
    )


@pytest.mark.parametrize(
    "off",
    [
        {"strength": 0.0},
        {"image_strength": 0.0},
        {"scales": (0.0, 0.0, 0.0)},
        {"start": 0.5, "now": lambda start, end: start <= 0.2},
    ],
)
def test_no_strength_or_outside_the_schedule_is_the_base_model(adapter: McaAdapter, off: dict[str, object]):
    assert rows(adapter, features(TOP), **off) is None


def test_words_and_features_hold_together(unet: UNet2DConditionModel, adapter: McaAdapter):
    said = (RegionPart(TOP, 3 * normal(5, WIDTH), torch.ones(5)),)
    both = denoise(unet, None, rows(adapter, features(TOP), texts=(said,)))
    for alone in (rows(adapter, features(TOP)), rows(adapter, features(TOP), texts=(said,), image_strength=0.0)):
        assert not torch.allclose(both[1], denoise(unet, None, alone)[1], **CLOSE)


def test_rows_without_words_leave_the_prompt_as_it_was(unet: UNet2DConditionModel, adapter: McaAdapter):
    """ComfyUI's rows always have a text part, of no tokens where nothing is said; training leaves it out."""
    told = rows(adapter, features(TOP))
    assert told.text.tokens.shape[1] == 0
    assert torch.allclose(denoise(unet, None, told), denoise(unet, None, replace(told, text=None)), **CLOSE)


def test_a_batch_is_its_singles(unet: UNet2DConditionModel, adapter: McaAdapter):
    several = features(TOP, PANTS, batch=3)
    poses = [STANDING, load_preset("standing-dress", (192, 128)), STANDING]
    both = denoise(unet, rows(adapter, several, pose=SemanticPose.stack(poses)), batch=3)
    for i, pose in enumerate(poses):
        own = RegionFeatures(several.features[i : i + 1], several.counts[i : i + 1], WIDTH)
        single = denoise(unet, rows(adapter, own, pose=pose), batch=3)  # their prompts tell the pictures apart
        assert torch.allclose(both[i], single[i], **CLOSE)


def test_every_site_and_every_level_has_its_share(unet: UNet2DConditionModel, adapter: McaAdapter):
    whole = denoise(unet, rows(adapter, features(TOP)))
    layers = [site.zero_v for site in adapter.sites] + list(adapter.map_encoder.zero_projs)
    assert len(adapter.sites) == len(cross_attentions(unet)) and len(level_ends(unet)) == 2
    for layer in layers:
        kept = layer.weight.data.clone()
        layer.weight.data.zero_()
        changed = denoise(unet, rows(adapter, features(TOP)))
        layer.weight.data.copy_(kept)
        assert not torch.allclose(changed, whole, **CLOSE)


def test_a_part_counts_within_its_own_span(unet: UNet2DConditionModel, adapter: McaAdapter):
    spans = tuple((0.5, 1.0) if part == TOP else (0.0, 1.0) for part in range(NUM_PARTS))
    timed = replace(features(TOP, PANTS), spans=spans)

    def early(start: float, end: float) -> bool:
        return start <= 0.2 <= end

    begun = rows(adapter, timed, now=early)
    assert begun.features[0].present[0, PANTS] == 1 and begun.features[0].present[0, TOP] == 0
    assert torch.allclose(
        denoise(unet, begun), denoise(unet, rows(adapter, replace(timed, counts=features(PANTS).counts))), **CLOSE
    )


def test_two_maps_are_two_people_each_in_its_territory(unet: UNet2DConditionModel, adapter: McaAdapter):
    def standing(left: int, seed: int = 0) -> Region:
        labels = torch.zeros(1, 192, 128, dtype=torch.uint8)
        labels[:, 32:160, left : left + 48] = TOP
        return Region(SemanticPose(labels), adapter=adapter, features=features(TOP, seed=seed))

    def together(*people: Region) -> AlignedRows:
        return region_rows(people, SIZE, lambda a, b: True, LENGTH)

    both = together(standing(8), standing(72))
    left, right = (told.territory[0, 0] for told in both.features)
    assert (
        torch.allclose(left + right, torch.ones(SIZE)) and float(left[10, 3]) > 0.999 and float(right[10, 11]) > 0.999
    )
    assert float(left[0, 0]) == 0.5  # nobody's
    changed = site_outputs(unet, both) - site_outputs(unet, together(standing(8), standing(72, seed=9)))
    changed = changed[0].abs().amax(-1)
    assert float(changed[10, 11]) > 1e-3 and float(changed[left > 0.999].max()) < 1e-4 * float(changed.max())
    one = denoise(unet, together(standing(8)))
    assert torch.allclose(denoise(unet, together(standing(8), standing(8))), one, **CLOSE)


def site_outputs(unet: UNet2DConditionModel, *chunks: AlignedRows | None) -> Tensor:
    """What the first cross-attention gives, the only one whose query does not depend on another's output."""
    seen = []
    first = cross_attentions(unet)[0][1]
    hook = first.register_forward_hook(lambda module, given, out: seen.append(out))
    try:
        denoise(unet, *chunks)
    finally:
        hook.remove()
    return seen[0].unflatten(1, SIZE)


def test_a_token_is_open_in_every_cell_and_closed_where_its_part_is_not():
    shares = map_occupancy(STANDING, SIZE)
    bias = feature_bias(shares, (6, 4))
    assert bias.shape == (1, 1, 24, NUM_PARTS + 1) and not bias.isnan().any() and float(bias.max()) <= 0
    assert torch.equal(bias[..., -1], torch.zeros(1, 1, 24))
    present = shares.amax((2, 3))[0] > 0
    assert torch.equal(bias[0, 0].amax(0).isfinite()[:-1], present)


@pytest.mark.parametrize("size", [(25, 17), (7, 9)])
def test_any_latent_size(unet: UNet2DConditionModel, adapter: McaAdapter, size: tuple[int, int]):
    assert denoise(unet, rows(adapter, features(TOP), size=size), size=size).isfinite().all()


def test_what_is_saved_is_loaded_and_torn_files_are_refused(adapter: McaAdapter, tmp_path: Path):
    path = tmp_path / "mine.safetensors"
    save_mca_adapter(path, adapter, base="drawn")
    loaded, about = load_mca_adapter(path)
    assert is_mca_adapter(path) and loaded.layout == adapter.layout and about["base"] == "drawn"
    for name, tensor in adapter.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())

    header = {**adapter.layout.about()}
    tensors = dict(adapter.state_dict())
    broken = {
        "short": ({**tensors, "norm.weight": tensors["norm.weight"][:-1].clone()}, header),
        "lacks": ({name: tensor for name, tensor in tensors.items() if name != "norm.bias"}, header),
        "family": (tensors, {**header, "family": "sd3"}),
        "sizeless": (tensors, {name: value for name, value in header.items() if name != "site_widths"}),
        "empty": (tensors, {**header, "level_widths": []}),
    }
    for name, (some, about) in broken.items():
        write_model(tmp_path / f"{name}.safetensors", "mca-adapter", some, about)
        with pytest.raises(InputError, match=name) as caught:
            load_mca_adapter(tmp_path / f"{name}.safetensors")
        assert "\n" not in str(caught.value)
    (tmp_path / "cut.safetensors").write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="cut"):
        load_mca_adapter(tmp_path / "cut.safetensors")
    assert not is_mca_adapter(tmp_path / "cut.safetensors") and not is_mca_adapter(tmp_path / "gone.safetensors")


def test_what_does_not_fit_is_refused_in_one_line(unet: UNet2DConditionModel, adapter: McaAdapter):
    few = McaAdapter(replace(adapter.layout, site_widths=adapter.layout.site_widths[:-1]))
    narrow = RegionFeatures(torch.zeros(1, NUM_PARTS, 5), torch.zeros(1, NUM_PARTS), WIDTH)
    for call, words in (
        (lambda: denoise(unet, rows(few, features(TOP))), "cross-attentions"),
        (lambda: denoise(unet, rows(adapter, narrow)), "features"),
        (lambda: denoise(unet, rows(adapter, features(TOP), size=(16, 24))), "latent"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_half_precision_stays_close(unet: UNet2DConditionModel, adapter: McaAdapter):
    wanted = denoise(unet, None, rows(adapter, features(TOP)))
    try:
        half = denoise(unet.to(torch.bfloat16), None, rows(adapter, features(TOP)), dtype=torch.bfloat16)
    finally:
        unet.to(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = denoise(unet, None, rows(adapter, features(TOP)))
    for result in (half, mixed):
        assert torch.allclose(result.float(), wanted, rtol=0.1, atol=0.1)
