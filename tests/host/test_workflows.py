"""The example workflows for Stable Diffusion in a real server, on small random files called as those that they name."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from humandiffusion.evaluation.asking import flat_picture
from humandiffusion.parts import PANTS, TOP
from humandiffusion.pose.presets import load_preset

FIXTURES = Path(__file__).parent / "fixtures"
TWINS = {path.name.removesuffix(".api.json"): json.loads(path.read_text("utf-8")) for path in FIXTURES.glob("sd*.json")}
WIDTH, HEIGHT = 128, 192
SMALL = {"width": WIDTH, "height": HEIGHT, "steps": 2}
SCALE = 2  # of the upscaler that the workflows name


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


def test_clothes_of_a_picture_are_worn_and_scored_on_stable_diffusion(
    server: Any, artists_files: None, base: Path
) -> None:
    workflow = server.changed(TWINS["sd15_text_and_map"], **SMALL)
    (wearer,) = _nodes(workflow, "HumanDiffusionLoadPose")
    (picture,), (save,) = _nodes(workflow, "VAEDecode"), _nodes(workflow, "SaveImage")
    workflow["80"] = _node("LoadImage", image="clothes.png")
    workflow["81"] = _node("HumanDiffusionPoseFromImage", image=["80", 0], keypoints="none", soft_edges=True)
    workflow["82"] = _node(
        "HumanDiffusionPromptsFromPicture", image=["80", 0], pose=["81", 0], parts="", weight=1.0, words=True
    )
    (alignment,) = _nodes(workflow, "HumanDiffusionApplyMCA")
    workflow[alignment]["inputs"]["prompts"] = ["82", 0]
    workflow["83"] = _node(
        "HumanDiffusionScore", image=[picture, 0], pose=[wearer, 0], prompts=["82", 0], pass_mark=0.6
    )
    del workflow[_nodes(workflow, "HumanDiffusionAlignmentPreview")[0]]
    painted = []
    for colours in ({TOP: "red", PANTS: "blue"}, {TOP: "green", PANTS: "yellow"}):
        pixels = (flat_picture(load_preset("standing-trousers").labels[0], colours) * 255).byte().movedim(0, -1)
        Image.fromarray(pixels.contiguous().numpy()).save(base / "input" / "clothes.png")
        (worn,), (overlay,) = server.run(workflow, save, "83")
        assert worn.shape == (HEIGHT, WIDTH, 3) and overlay.float().std() > 1
        painted.append(worn)
    assert not torch.equal(*painted)


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _nodes(workflow: dict[str, Any], kind: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] == kind]
