"""The example workflows for Stable Diffusion in a real server, on small random files called as those that they name."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch

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


def _nodes(workflow: dict[str, Any], kind: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] == kind]
