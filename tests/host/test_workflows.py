"""The example workflows for Stable Diffusion in a real server, on small random files called as those that they name."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

FIXTURES = Path(__file__).parent / "fixtures"
TWINS = {path.name.removesuffix(".api.json"): json.loads(path.read_text("utf-8")) for path in FIXTURES.glob("sd*.json")}
WIDTH, HEIGHT = 128, 256
SMALL = {"width": WIDTH, "height": HEIGHT, "steps": 2}
# What names a file in a workflow: the folder where ComfyUI looks for it, and the random file that stands for it.
FILES = {
    "ckpt_name": ("models/checkpoints", lambda name: "sdxl" if "xl" in name else "sd15"),
    "lora_name": ("models/loras", lambda name: "lora"),
    "control_net_name": ("models/controlnet", lambda name: "control"),
}
UPSCALER, SCALE = "RealESRGAN_x2plus.pth", 2


@pytest.fixture(scope="session")
def artists_files(base: Path, random_sd: Path) -> None:
    """Every file that the workflows name, in the server's folders."""
    inputs = {item for twin in TWINS.values() for node in twin.values() for item in _texts(node["inputs"])}
    for kind, name in sorted(inputs):
        if kind in FILES:
            folder, stand_in = FILES[kind]
            _within(base / folder).joinpath(name).symlink_to(random_sd / f"{stand_in(name)}.safetensors")
    torch.save(_upscaler(), _within(base / "models" / "upscale_models") / UPSCALER)
    picture = Image.effect_noise((WIDTH, HEIGHT), 90).convert("RGBA")
    picture.paste((0, 0, 0, 0), (32, 64, 96, 128))  # as the mask editor leaves it: what is masked is a hole
    picture.save(base / "input" / "person.png")


@pytest.mark.parametrize("name", sorted(TWINS))
def test_an_example_workflow_aligns_an_artists_checkpoint(server: Any, artists_files: None, name: str) -> None:
    workflow = server.changed(TWINS[name], **SMALL)
    (save,), previews = _nodes(workflow, "SaveImage"), _nodes(workflow, "HumanDiffusionAlignmentPreview")
    (aligned,), *sheets = server.run(workflow, save, *previews)
    size = SCALE if _nodes(workflow, "ImageUpscaleWithModel") else 1
    assert aligned.shape == (size * HEIGHT, size * WIDTH, 3)
    assert all(picture.float().std() > 1 for picture in (aligned, *(sheet for (sheet,) in sheets)))

    # Without a preview, which would have nothing to show.
    plain = copy.deepcopy({key: node for key, node in workflow.items() if key not in previews})
    (alignment,) = _nodes(plain, "HumanDiffusionApplyMCA")
    plain[alignment]["inputs"]["strength"] = 0.0
    assert not torch.equal(server.run(plain, save)[0][0], aligned)


def _nodes(workflow: dict[str, Any], kind: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] == kind]


def _texts(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in inputs.items() if isinstance(value, str)]


def _within(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _upscaler(width: int = 8) -> dict[str, torch.Tensor]:
    """A small random network of Real-ESRGAN's compact layout."""
    random = torch.Generator().manual_seed(5)
    shapes = {"0": (width, 3, 3, 3), "1": (width,), "2": (3 * SCALE**2, width, 3, 3)}
    tensors = {f"body.{layer}.weight": torch.randn(shape, generator=random) / 8 for layer, shape in shapes.items()}
    return {**tensors, "body.0.bias": torch.zeros(width), "body.2.bias": torch.zeros(3 * SCALE**2)}
