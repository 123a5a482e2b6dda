"""Laws of adapters and of the part encoder from CLIP, inside ComfyUI: inside_adapters.py COMFYUI PACK FOLDER.

The towers have the true widths of ViT-H, few layers, and random weights from files in FOLDER, which may be empty.
"""

import json
from pathlib import Path
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.clip_vision
import comfy.model_management
import comfy.ops
import comfy.sd
import comfy.utils
import folder_paths
import torch
from safetensors.torch import save_file

FOLDER = Path(MORE[0])
CLOSE = 1e-5
layouts, towers = part("humandiffusion.adapters.layouts"), part("humandiffusion.adapters.towers")
adapters, clip_encoder = part("nodes.bridge.adapters"), part("nodes.bridge.clip_encoder")
prompts, smr = part("humandiffusion.prompts"), part("humandiffusion.smr.features")
memory = part("humandiffusion.smr.memory")
FACE, PANTS, TOP = (part("humandiffusion.parts").part_index(name) for name in ("face", "pants", "top"))


def randomised(module: torch.nn.Module, seed: int) -> dict[str, torch.Tensor]:
    """The module's state with random weights that keep activations near 1, in half precision as files are."""
    generator = torch.Generator().manual_seed(seed)

    def values(name: str, shape: torch.Size) -> torch.Tensor:
        if "norm" in name or "layrnorm" in name:
            return torch.full(shape, float(name.endswith("weight")))
        scale = 0.3 if name.endswith("embedding.weight") and len(shape) == 2 else shape[1:].numel() ** -0.5
        if "token_embedding" in name:  # of 49408 words, which may share vectors, for the sake of speed
            return (torch.randn(16, shape[-1], generator=generator) * scale).repeat(shape[0] // 16, 1)
        return torch.randn(shape, generator=generator) * scale

    return {name: values(name, tensor.shape).half() for name, tensor in module.state_dict().items()}


def vision(seed: int = 0, **sizes: int) -> Any:
    """A CLIP_VISION of ViT-H's widths, loaded from a file as ComfyUI does it; `sizes` makes it another."""
    config = {
        **{"hidden_size": 1280, "projection_dim": 1024, "num_hidden_layers": 3, "num_attention_heads": 4},
        **{"intermediate_size": 64, "patch_size": 112, "image_size": 224, "num_channels": 3, "hidden_act": "gelu"},
        **{"model_type": "clip_vision_model", **sizes},
    }
    path = FOLDER / "vision.json"
    path.write_text(json.dumps(config))
    clip_vision = comfy.clip_vision.ClipVisionModel(str(path))
    missing, unexpected = clip_vision.load_sd(randomised(clip_vision.model, seed))
    assert not missing and not unexpected
    return clip_vision


def text(seed: int = 0, **changed: torch.Tensor) -> Any:
    """A CLIP as Load CLIP makes it of a file of OpenCLIP's ViT-H, but three layers deep."""
    small = {"num_hidden_layers": 3, "intermediate_size": 64, "num_attention_heads": 4}
    module = comfy.clip_model.CLIPTextModel(
        {**small, "hidden_size": 1024, "hidden_act": "gelu", "max_position_embeddings": 77, "eos_token_id": 49407},
        torch.float16, torch.device("cpu"), comfy.ops.disable_weight_init,
    )  # fmt: skip
    tensors = {**randomised(module, seed), **changed}
    tensors["text_model.encoder.layers.22.mlp.fc1.weight"] = torch.zeros(1)  # by this it is told from others
    return comfy.sd.load_text_encoder_state_dicts([tensors], model_options={"clip_h_model_config": small})


VISION, TEXT = vision(), text()
(ENCODER,) = NODES["PartEncoderFromCLIP"].execute(TEXT, VISION).result


def adapter_file(kind: str, name: str = "", **other: Any) -> Path:
    """A small adapter for ViT-H in half precision."""
    sizes = {
        "base": {"tokens": 4},
        "plus": {"tokens": 16, "width": 128, "depth": 4, "heads": 2},
        "full": {"tokens": 257},
    }[kind]
    layout = layouts.AdapterLayout(
        **{"family": "sd15", "kind": kind, "tower": towers.VIT_H, "context_width": 768, "site_widths": (8, 4), **sizes},
        **other,
    )
    path = FOLDER / (name or f"{kind}.safetensors")
    module = part("humandiffusion.adapters.part_adapter").PartAdapter(layout, device=torch.device("meta"))
    save_file(randomised(module, 3), path)
    return path


def load(kind: str) -> Any:
    return adapters.load_adapter(str(adapter_file(kind)))


def said(*parts: int, image: Any = None, mask: Any = None) -> Any:
    return prompts.PartPrompts(tuple(prompts.PartPrompt(one, "red", image=image, mask=mask) for one in parts))


def found(*parts: int, encoder_id: str | None = None, dim: int = 1024, thumbnails: bool = True) -> Any:
    """Features of these parts, as Retrieve Style gives them."""
    generator = torch.Generator().manual_seed(5)
    vectors, present = torch.zeros(1, 24, dim), torch.zeros(1, 24, dtype=torch.bool)
    told = []
    for one in parts:
        vectors[0, one] = torch.nn.functional.normalize(torch.randn(dim, generator=generator), dim=0)
        present[0, one] = True
        swatch = torch.randint(0, 255, (16, 16, 3), dtype=torch.uint8, generator=generator)
        kept = swatch if thumbnails and one != FACE else None
        told.append(smr.Retrieved(one, "text", ("a" * 16,), (0.5,), (1.0,), ("red",), thumbnail=kept))
    made_by = encoder_id or ENCODER.encoder_id
    return smr.PartFeatures(vectors, present, said(*parts), made_by, tuple(told), norm=7.0)


PICTURE = torch.rand(40, 20, 3, generator=torch.Generator().manual_seed(6))


def law_the_encoder_gives_unit_vectors_of_one_space() -> None:
    assert isinstance(ENCODER, part("humandiffusion.encoders.base").PartEncoder)
    assert ENCODER.encoder_id.startswith("clip-ViT-H-") and [
        len(word) for word in ENCODER.encoder_id.split("-")[3:]
    ] == [12, 6]
    words = ENCODER.encode_text(["a red shirt", "blue (jeans:1.2)", ""])
    crops = ENCODER.encode_image(torch.rand(2, 3, 224, 224), torch.ones(2, 1, 224, 224))
    assert words.shape == (3, 1024) and crops.shape == (2, 1024) and words.dtype == crops.dtype == torch.float32
    for vectors in (words, crops):
        assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=CLOSE)
    assert (words[0] - words[1]).norm() > 0.01 and (crops[0] - crops[1]).norm() > 0.001
    assert torch.equal(words[:1], ENCODER.encode_text(["a red shirt"]))
    assert ENCODER.encode_text([]).shape == (0, 1024)
    assert ENCODER.encode_image(torch.zeros(0, 3, 9, 9), torch.zeros(0, 1, 9, 9)).shape == (0, 1024)


def law_its_words_are_the_projected_pooled_output_of_clip() -> None:
    pooled = TEXT.encode_from_tokens(TEXT.tokenize("a red shirt"), return_pooled=True)[1]
    unprojected = TEXT.encode_from_tokens(TEXT.tokenize("a red shirt"), return_pooled="unprojected")[1]
    ours = ENCODER.encode_text(["a red shirt"])
    assert torch.allclose(ours * pooled.norm(), pooled, atol=1e-3)
    assert not torch.allclose(ours * unprojected.norm(), unprojected, atol=1e-2)


def law_image_norm_is_the_length_of_raw_vectors() -> None:
    raw = VISION.encode_image(PICTURE[None])["image_embeds"].norm()
    assert abs(ENCODER.image_norm / raw - 1) < 0.2, (ENCODER.image_norm, raw)


def law_the_id_tells_weights_apart_and_nothing_else() -> None:
    def name(clip: Any, clip_vision: Any) -> str:
        return clip_encoder.ClipPartEncoder(clip, clip_vision).encoder_id

    ours = ENCODER.encoder_id
    assert name(text(), vision()) == ours
    assert len({ours, name(text(seed=1), VISION), name(TEXT, vision(seed=1))}) == 3
    patched = TEXT.clone()
    key = "clip_h.transformer.text_model.encoder.layers.0.mlp.fc1.weight"
    assert patched.add_patches({key: ("diff", (torch.ones(64, 1024),))}, 0.5)
    assert name(patched, VISION) != ours
    patched.encode_from_tokens(patched.tokenize("weights are patched where they lie"))
    assert name(TEXT, VISION) == ours


def law_towers_that_do_not_belong_together_are_refused_by_name() -> None:
    make = NODES["PartEncoderFromCLIP"].execute
    pair = ("ViT-H", "CLIP-ViT-H-14-laion2B")
    of_sd15 = comfy.sd.load_text_encoder_state_dicts(
        [{"text_model.encoder.layers.0.mlp.fc1.weight": torch.zeros(3072, 768)}]
    )
    refused(lambda: make(of_sd15, VISION), "clip:", "768", "1024", *pair)
    refused(lambda: make(of_sd15, vision(hidden_size=1024, projection_dim=768)), "clip:", "SD 1.5", "ViT-L")
    for weight in (torch.zeros(1024, 1024), torch.eye(1024), torch.full((1024, 1024), float("nan"))):
        changed = {"text_projection.weight": weight.half()}
        refused(lambda: make(text(**changed), VISION), "clip:", "SD 1.5", *pair)  # noqa: B023
    other = vision(hidden_size=64, projection_dim=96)
    refused(lambda: make(TEXT, other), "clip_vision", "96", "ViT-bigG")
    large = vision(hidden_size=1024, projection_dim=768)
    refused(lambda: make(TEXT, large), "clip:", "1024", "ViT-L", "768")
    bare = comfy.clip_vision.ClipVisionModel(str(FOLDER / "vision.json"))
    bare.model.visual_projection = torch.nn.Identity()
    refused(lambda: make(TEXT, bare), "clip_vision", "projection")


def law_a_memory_of_this_encoder_is_searched_and_its_norm_comes_along() -> None:
    crops = torch.rand(6, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    vectors = ENCODER.encode_image(crops, torch.ones(6, 1, 224, 224))
    items = [
        memory.MemoryItem(f"{i:016x}", vector, TOP, f"top {i}", f"set/{i}", "none", torch.zeros(8, 8, 3).byte())
        for i, vector in enumerate(vectors)
    ]
    bank = memory.initialise(items, encoder_id=ENCODER.encoder_id, mean_text=ENCODER.encode_text(["top"])[0] * 0)
    options = {"k": 1, "tau": 0.05, "blend": 1.0, "scope": "part"}
    asked = prompts.PartPrompts((prompts.PartPrompt(TOP, "", image=crops[3].movedim(0, -1)),))
    features, _, _ = NODES["RetrieveStyle"].execute(ENCODER, bank, asked, **options).result
    assert features.norm == ENCODER.image_norm and features.encoder_id == ENCODER.encoder_id
    assert features.retrieved[0].thumbnail is not None
    other = clip_encoder.ClipPartEncoder(text(seed=1), VISION)
    refused(lambda: NODES["RetrieveStyle"].execute(other, bank, asked, **options), other.encoder_id)


def law_files_of_both_folders_are_listed_and_loaded() -> None:
    ours, shared = FOLDER / "ours", FOLDER / "ipadapter"
    for folder in (ours, shared):
        folder.mkdir(exist_ok=True)
    folder_paths.add_model_folder_path("humandiffusion_adapters", str(ours))
    folder_paths.add_model_folder_path("ipadapter", str(shared))
    adapter_file("base", "ours/mine.safetensors")
    adapter_file("plus", "ipadapter/theirs.safetensors")
    (shared / "old.bin").write_bytes(b"pickled")
    node = NODES["LoadAdapter"]
    options = node.define_schema().inputs[0].options
    assert {"mine.safetensors", "theirs.safetensors"} <= set(options) and "old.bin" not in options
    kinds = [node.execute(name).result[0].layout.kind for name in ("mine.safetensors", "theirs.safetensors")]
    assert kinds == ["base", "plus"] and node.validate_inputs("mine.safetensors") is True
    assert ".safetensors" in node.validate_inputs("old.bin") and "ipadapter" in node.validate_inputs("gone.safetensors")
    refused(lambda: adapters.load_adapter(str(shared / "old.bin")), "old.bin", ".safetensors")
    (shared / "torn.safetensors").write_bytes((ours / "mine.safetensors").read_bytes()[:5000])
    refused(lambda: adapters.load_adapter(str(shared / "torn.safetensors")), "torn.safetensors")
    before = node.fingerprint_inputs("mine.safetensors")
    adapter_file("full", "ours/mine.safetensors")
    assert node.fingerprint_inputs("mine.safetensors") != before


def law_what_other_packs_list_in_ipadapter_stays() -> None:
    before = folder_paths.folder_names_and_paths["ipadapter"]
    try:
        folder_paths.folder_names_and_paths["ipadapter"] = ([str(FOLDER)], {".bin", ".safetensors"})
        part("nodes.bridge.folders").register_folders()
        paths, extensions = folder_paths.folder_names_and_paths["ipadapter"]
        assert paths[0] == str(FOLDER) and len(paths) == 2 and extensions == {".bin", ".safetensors"}
    finally:
        folder_paths.folder_names_and_paths["ipadapter"] = before


def law_an_adapter_is_a_patchers_and_casts_as_comfyui_does() -> None:
    for kind in ("base", "plus", "full"):
        loaded = load(kind)
        module, saved = loaded.patcher.model, comfy.utils.load_torch_file(str(FOLDER / f"{kind}.safetensors"))
        assert all(torch.equal(saved[name], tensor) for name, tensor in module.state_dict().items())
        assert {tensor.dtype for tensor in module.parameters()} == {torch.float16}
        plain = [m for m in module.modules() if isinstance(m, torch.nn.Linear | torch.nn.LayerNorm)]
        assert plain and all(isinstance(m, comfy.ops.CastWeightBiasOp) for m in plain)
        k, v = module.keys_values(1, torch.rand(2, 5, 768))
        assert k.shape == v.shape == (2, 5, 4) and k.dtype == torch.float32
        assert loaded.id == load(kind).id and loaded.name == f"{kind}.safetensors"
        make, given = loaded.patcher.cached_patcher_init
        again = make(*given, disable_dynamic=True).model
        assert again is not module and torch.equal(again.keys_values(0, torch.ones(1, 1, 768))[0],
                                                   module.keys_values(0, torch.ones(1, 1, 768))[0])  # fmt: skip
    assert load("base").id != load("plus").id


def law_a_base_adapter_reads_the_refreshed_feature_at_its_usual_length() -> None:
    adapter, features = load("base"), found(TOP, PANTS)
    tokens, nothing = adapters.image_tokens(adapter, said(TOP, PANTS), features, None, [TOP, PANTS])
    expected = adapter.patcher.model.tokens(features.features[:, PANTS] * 7.0)[0]
    assert set(tokens) == {TOP, PANTS} and torch.equal(tokens[PANTS], expected) and tokens[TOP].shape == (4, 768)
    assert torch.equal(nothing, adapter.patcher.model.tokens(torch.zeros(1, 1024))[0])
    alone, _ = adapters.image_tokens(adapter, said(PANTS), features, VISION, [PANTS])
    assert torch.equal(alone[PANTS], tokens[PANTS])


def law_a_base_adapter_reads_pictures_where_features_are_anothers() -> None:
    adapter, builtin = load("base"), found(TOP, encoder_id="builtin-0123456789ab", dim=128)
    tokens, _ = adapters.image_tokens(adapter, said(TOP), builtin, VISION, [TOP])
    swatch = builtin.retrieved[0].thumbnail[None] / 255
    expected = adapter.patcher.model.tokens(VISION.encode_image(swatch)["image_embeds"].float())[0]
    assert torch.allclose(tokens[TOP], expected, atol=CLOSE)
    by_picture, _ = adapters.image_tokens(adapter, said(TOP, image=PICTURE), None, VISION, [TOP])
    assert not torch.allclose(by_picture[TOP], expected, atol=1e-2)
    words = ("builtin-0123456789ab", "ViT-H", "CLIP-ViT-H-14-laion2B", "clip_vision")
    refused(lambda: adapters.image_tokens(adapter, said(TOP), builtin, None, [TOP]), "features", *words)
    other = found(TOP, encoder_id="clip-ViT-bigG-0123456789ab", dim=1280)
    refused(lambda: adapters.image_tokens(adapter, said(TOP), other, None, [TOP]), "clip-ViT-bigG", "ViT-H")
    refused(lambda: adapters.image_tokens(adapter, said(TOP, image=PICTURE), None, None, [TOP]), "clip_vision", "top")


def law_plus_and_full_read_the_reference_picture_inside_its_mask() -> None:
    mask = torch.zeros(40, 20)
    mask[5:30, 3:15] = 1
    for kind in ("plus", "full"):
        adapter = load(kind)
        tokens, nothing = adapters.image_tokens(adapter, said(TOP, image=PICTURE, mask=mask), None, VISION, [TOP])
        crop, _ = part("humandiffusion.encoders.crops").cut_mask(PICTURE.movedim(-1, 0), mask > 0.5, 224)
        patches = VISION.encode_image(crop.movedim(0, -1)[None])["penultimate_hidden_states"].float()
        assert torch.allclose(tokens[TOP], adapter.patcher.model.tokens(patches)[0], atol=CLOSE)
        assert nothing.shape == tokens[TOP].shape == (16 if kind == "plus" else 5, 768)
        unmasked, _ = adapters.image_tokens(adapter, said(TOP, image=PICTURE), None, VISION, [TOP])
        assert not torch.allclose(unmasked[TOP], tokens[TOP], atol=1e-3)
        feature = found(TOP)
        with_features, _ = adapters.image_tokens(adapter, said(TOP, image=PICTURE, mask=mask), feature, VISION, [TOP])
        assert torch.equal(with_features[TOP], tokens[TOP])


def law_no_picture_is_one_of_zeros_after_normalisation() -> None:
    adapter = load("plus")
    _, nothing = adapters.image_tokens(adapter, said(TOP, image=PICTURE), None, VISION, [TOP])
    average = torch.tensor(VISION.image_mean).expand(1, 224, 224, 3)
    patches = VISION.encode_image(average)["penultimate_hidden_states"].float()
    nearly = adapter.patcher.model.tokens(patches)[0]  # ComfyUI rounds pictures to 8 bits
    assert torch.allclose(nothing, nearly, atol=0.05) and not torch.equal(nothing, nearly)


def law_plus_reads_the_thumbnail_of_the_best_hit_else_it_is_refused() -> None:
    adapter, features = load("plus"), found(TOP, FACE)
    tokens, _ = adapters.image_tokens(adapter, said(TOP, FACE), features, VISION, [TOP, FACE, PANTS])
    assert set(tokens) == {TOP}  # of a face no memory keeps a picture, of pants nothing was found
    swatch = features.retrieved[0].thumbnail[None] / 255
    patches = VISION.encode_image(swatch)["penultimate_hidden_states"].float()
    assert torch.allclose(tokens[TOP], adapter.patcher.model.tokens(patches)[0], atol=CLOSE)
    bare = found(TOP, thumbnails=False)
    refused(lambda: adapters.image_tokens(adapter, said(TOP), bare, VISION, [TOP]), "plus", "top", "Part Prompt")
    refused(lambda: adapters.image_tokens(adapter, said(TOP), features, None, [TOP]), "plus", "top", "clip_vision")


def law_the_wrong_vision_tower_is_refused_by_name() -> None:
    large = vision(hidden_size=1024, projection_dim=768)
    for kind in ("base", "plus"):
        words = ("clip_vision", "ViT-L", "ViT-H", "CLIP-ViT-H-14-laion2B")
        refused(lambda: adapters.image_tokens(load(kind), said(TOP), found(TOP), large, [TOP]), *words)  # noqa: B023


def law_where_nothing_has_a_look_there_are_no_tokens() -> None:
    for kind, count in (("base", 4), ("plus", 16)):
        tokens, nothing = adapters.image_tokens(load(kind), said(TOP), None, None, [TOP])
        assert tokens == {} and nothing.shape == (count, 768)


if __name__ == "__main__":
    report(globals())
