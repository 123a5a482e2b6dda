"""Laws of encoder folders inside ComfyUI: inside_encoders.py COMFYUI PACK FOLDER.

FOLDER holds the random CLIP and SigLIP of two_towers.py.
"""

from pathlib import Path
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.model_management
import folder_paths
import torch

FOLDER = Path(MORE[0])
NAMES = ("clip-tiny", "siglip-tiny")
folder_paths.add_model_folder_path("humandiffusion_encoders", str(FOLDER))
PHRASES = ["a red plaid shirt", "coat"]
CROPS, MASKS = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.ones(3, 1, 32, 32)


def load(name: str) -> Any:
    return NODES["LoadPartEncoder"].execute(name).result[0]


def law_a_folder_encodes_as_the_library_does() -> None:
    for name in NAMES:
        here, there = load(name), part("humandiffusion.encoders.load").load_encoder(FOLDER / name)
        assert here.encoder_id == there.encoder_id and here.encoder_id.startswith(name.split("-")[0])
        for got, wanted in (
            (here.encode_text(PHRASES), there.encode_text(PHRASES)),
            (here.encode_image(CROPS, MASKS), there.encode_image(CROPS, MASKS)),
        ):
            assert torch.allclose(got, wanted, atol=1e-5)
        assert abs(here.image_norm - there.image_norm) < 1e-4


def law_its_towers_are_moved_and_unloaded_by_comfyui() -> None:
    for name in NAMES:
        encoder = load(name)
        first = encoder.encode_text(PHRASES)
        assert any(model.model is encoder.patcher for model in comfy.model_management.current_loaded_models)
        comfy.model_management.unload_all_models()
        assert torch.equal(encoder.encode_text(PHRASES), first)


def law_folders_are_listed_by_their_name() -> None:
    (FOLDER / "old.bin").write_bytes(b"pickled")
    node = NODES["LoadPartEncoder"]
    options = node.define_schema().inputs[0].options
    assert options[0] == "builtin" and set(NAMES) <= set(options)
    assert not {"old.bin", "clip-tiny/model.safetensors"} & set(options)
    assert node.validate_inputs("clip-tiny") is True
    for name in ("old.bin", "../clip-tiny", "/etc"):
        assert "config.json" in node.validate_inputs(name)
    before = node.fingerprint_inputs("clip-tiny")
    (FOLDER / "clip-tiny" / "preprocessor_config.json").write_text('{"image_mean": [0.4, 0.4, 0.4]}')
    assert node.fingerprint_inputs("clip-tiny") != before


def law_a_memory_of_another_encoder_is_refused_by_both_names() -> None:
    memory = NODES["LoadMemory"].execute("builtin").result[0]
    prompts = NODES["DescribePerson"].execute("a man in a red shirt").result[0]
    refused(
        lambda: NODES["RetrieveStyle"].execute(load("clip-tiny"), memory, prompts, 4, 0.05, 1.0, "part"),
        "builtin-",
        "clip-12x24-",
    )


report(globals())
