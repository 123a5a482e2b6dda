import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from humandiffusion.adapters.layouts import AdapterLayout
from humandiffusion.adapters.part_adapter import PartAdapter
from humandiffusion.adapters.towers import TOWERS
from humandiffusion.errors import InputError
from humandiffusion.mca.diffusers_attention import align, cross_attentions, phrase_tokens
from humandiffusion.mca.regions import AlignedRows, Region, RegionPart, region_rows
from humandiffusion.mca.sites import SD15
from humandiffusion.parts import part_index
from humandiffusion.pose.presets import load_preset

TOP, PANTS, HAIR = (part_index(name) for name in ("top", "pants", "hair"))
WIDTH, LENGTH, SIZE = 16, 77, (24, 16)
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        **{"sample_size": 16, "layers_per_block": 1, "block_out_channels": (16, 32), "cross_attention_dim": WIDTH},
        **{"norm_num_groups": 8, "attention_head_dim": 4},
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()


def part(index: int, seed: int = 0, **values: object) -> RegionPart:
    return RegionPart(index, 3 * normal(5, WIDTH, seed=100 * seed + index), torch.ones(5), **values)


PARTS = (part(TOP), part(PANTS), part(HAIR))


def rows(*texts: tuple[RegionPart, ...], size: tuple[int, int] = SIZE, preset: str = "standing-trousers", **values):
    made = region_rows(
        [Region(load_preset(preset), texts or (PARTS,), **values)], size, lambda start, end: True, LENGTH
    )
    assert made is not None
    return made


def denoise(unet: UNet2DConditionModel, *chunks: AlignedRows | None, batch: int = 2, size=SIZE, dtype=torch.float32):
    x = normal(1, 4, *size, seed=1).expand(batch, -1, -1, -1).to(dtype)
    prompt = normal(batch, LENGTH, WIDTH, seed=2).to(dtype)
    with torch.no_grad():
        if not chunks:
            return unet(x, 500, prompt).sample
        with align(unet, *chunks, architecture=SD15):
            return unet(x, 500, prompt).sample


def site_outputs(unet: UNet2DConditionModel, *chunks: AlignedRows | None) -> Tensor:
    """What the first cross-attention gives, the only one whose query does not depend on another."""
    seen = []
    first = cross_attentions(unet)[0][1]
    hook = first.register_forward_hook(lambda module, given, out: seen.append(out))
    try:
        denoise(unet, *chunks)
    finally:
        hook.remove()
    return seen[0].unflatten(1, SIZE)


def adapter(unet: UNet2DConditionModel) -> PartAdapter:
    torch.manual_seed(3)
    widths = tuple(site.to_q.out_features for _, site in cross_attentions(unet))
    return PartAdapter(AdapterLayout("sd15", "base", next(iter(TOWERS)), 4, WIDTH, widths)).eval()


def test_parts_make_a_difference_and_nothing_stays_behind(unet: UNet2DConditionModel):
    before, processors = denoise(unet), dict(unet.attn_processors)
    assert not torch.allclose(denoise(unet, None, rows()), before, **CLOSE)
    with pytest.raises(InputError):
        denoise(unet, None, rows(), batch=3)
    assert unet.attn_processors == processors
    assert torch.equal(denoise(unet), before)


def test_without_rows_it_is_the_base_model(unet: UNet2DConditionModel):
    assert torch.equal(denoise(unet, None, None), denoise(unet))


def test_only_the_chunk_with_rows_changes(unet: UNet2DConditionModel):
    plain, mixed = denoise(unet), denoise(unet, None, rows())
    assert torch.allclose(mixed[0], plain[0], **CLOSE)
    assert not torch.allclose(mixed[1], plain[1], **CLOSE)


def test_every_cross_attention_is_aligned_in_published_order(unet: UNet2DConditionModel):
    names = [name for name, _ in cross_attentions(unet)]
    assert names == sorted(names, key=lambda name: ("d", "u", "m").index(name[0]))
    whole = denoise(unet, None, rows())
    for _, site in cross_attentions(unet):
        kept = site.to_v.weight.data.clone()
        site.to_v.weight.data.zero_()
        changed = denoise(unet, None, rows())
        site.to_v.weight.data.copy_(kept)
        assert not torch.allclose(changed[1], whole[1], **CLOSE)


def test_a_phrase_is_felt_in_its_region_only(unet: UNet2DConditionModel):
    one, other = (
        site_outputs(unet, None, rows((part(TOP, seed), *PARTS[1:]), exclusive=True, feather=0)) for seed in (0, 9)
    )
    changed = (one - other)[1].abs().amax(-1) > 1e-6
    region = rows(exclusive=True).text.coverage[0, 1] > 0
    assert changed.any() and not bool((changed & ~region).any())


def test_a_batch_of_maps_and_phrases_is_its_singles(unet: UNet2DConditionModel):
    texts = (PARTS, (part(TOP, 5), part(HAIR, 6)), (part(PANTS, 7),))
    several = denoise(unet, rows(*texts), batch=3)
    for i, text in enumerate(texts):
        single = denoise(unet, rows(text), batch=3)  # one row for all pictures; theirs are told apart by their prompts
        assert torch.allclose(several[i], single[i], **CLOSE)


@pytest.mark.parametrize("size", [(25, 17), (7, 9), (24, 16)])
def test_any_latent_size(unet: UNet2DConditionModel, size: tuple[int, int]):
    assert denoise(unet, None, rows(size=size), size=size).isfinite().all()


def test_half_precision_stays_close(unet: UNet2DConditionModel):
    wanted = denoise(unet, None, rows())
    try:
        half = denoise(unet.to(torch.bfloat16), None, rows(), dtype=torch.bfloat16)
    finally:
        unet.to(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = denoise(unet, None, rows())
    for result in (half, mixed):
        assert torch.allclose(result.float(), wanted, rtol=0.1, atol=0.1)


def test_image_tokens_are_felt_where_their_part_is(unet: UNet2DConditionModel):
    loaded = adapter(unet)
    told = replace(PARTS[0], image=normal(4, WIDTH, seed=8))
    looks = {"adapter": loaded, "exclusive": True, "feather": 0}
    plain = rows(PARTS, exclusive=True, feather=0)
    seen, off = rows((told, *PARTS[1:]), **looks), rows((told, *PARTS[1:]), **looks, image_strength=0.0)
    changed = (site_outputs(unet, None, seen) - site_outputs(unet, None, plain))[1].abs().amax(-1) > 1e-6
    assert changed.any() and not bool((changed & ~(seen.text.coverage[0, 1] > 0)).any())
    assert torch.allclose(denoise(unet, None, off), denoise(unet, None, plain), **CLOSE)
    few = PartAdapter(replace(loaded.layout, site_widths=loaded.layout.site_widths[:-1]))
    with pytest.raises(InputError, match="cross-attentions"):
        denoise(unet, None, rows((told,), adapter=few))


def test_rows_can_change_between_two_steps(unet: UNet2DConditionModel):
    x, prompt = normal(2, 4, *SIZE), normal(2, LENGTH, WIDTH)
    with torch.no_grad(), align(unet, None, rows(), architecture=SD15) as alignment:
        aligned = unet(x, 500, encoder_hidden_states=prompt).sample
        alignment.chunks = (None, None)
        plain = unet(sample=x, timestep=500, encoder_hidden_states=prompt).sample
    assert torch.equal(plain, unet(x, 500, prompt).sample) and not torch.allclose(plain, aligned, **CLOSE)


def test_what_does_not_fit_is_refused_in_one_line(unet: UNet2DConditionModel):
    for call, words in (
        (lambda: denoise(unet, None, rows(), size=(16, 24)), "latent"),
        (lambda: denoise(unet, None, rows(PARTS, PARTS), batch=6), "2 pictures"),
        (lambda: align(unet, rows()).__enter__(), "architecture"),
        (lambda: _nested(unet), "already works"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)


def _nested(unet: UNet2DConditionModel) -> None:
    with align(unet, rows(), architecture=SD15), align(unet, rows(), architecture=SD15):
        pass


def test_a_whole_pipeline_of_diffusers_runs(tmp_path: Path, unet: UNet2DConditionModel):
    pytest.importorskip("transformers")
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (tmp_path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"), model_max_length=LENGTH)
    sizes = {"hidden_size": WIDTH, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = CLIPTextModel(CLIPTextConfig(vocab_size=len(words), **sizes, bos_token_id=188, eos_token_id=189))
    parts = {
        "vae": AutoencoderKL(norm_num_groups=1, block_out_channels=(4,)),
        "unet": unet,
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
    }
    pipeline = StableDiffusionPipeline(
        **parts, tokenizer=tokenizer, text_encoder=text.eval(), safety_checker=None, feature_extractor=None
    )
    pipeline.set_progress_bar_config(disable=True)
    tokens, repeats = phrase_tokens(pipeline, "red shirt")
    assert tokens.shape == (9, WIDTH) and repeats.sum() == LENGTH - 1  # eight letters and the end
    given = {"height": 16, "width": 8, "num_inference_steps": 2, "output_type": "latent"}

    def run() -> Tensor:
        return pipeline("a man", generator=torch.Generator().manual_seed(0), **given).images

    before = run()
    with align(unet, None, rows((RegionPart(TOP, tokens, repeats),), size=before.shape[-2:]), architecture=SD15):
        aligned = run()
    assert not torch.allclose(aligned, before, **CLOSE) and torch.equal(run(), before)
