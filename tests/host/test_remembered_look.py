"""A wardrobe of one's own in a real server, from a folder or picture by picture; looks from one workflow to another."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from humandiffusion.pose.io import save_pose
from humandiffusion.pose.presets import load_preset

TWIN = json.loads((Path(__file__).parent / "fixtures" / "remembered_look.api.json").read_text("utf-8"))
TINY = dict.fromkeys(("model_name", "encoder_name", "memory_name"), "tiny.safetensors")


@pytest.fixture
def workflow(server: Any) -> dict[str, Any]:
    """The example workflow, on the tiny models and with few steps."""
    return server.changed(TWIN, **TINY, steps=2)


def test_a_look_is_remembered_worn_again_and_kept(server: Any, workflow: dict[str, Any], base: Path) -> None:
    outputs = server.wait(server.queue(workflow))["outputs"]
    models = base / "models" / "humandiffusion"
    assert (models / "memories" / "my looks.safetensors").is_file() and len(outputs["10"]["text"]) == 3
    (top,) = [part for part in outputs["14"]["humandiffusion_hits"][0]["parts"] if part["part"] == "top"]
    assert top["hits"][0]["source"].startswith("my looks/"), "the source's weight counts above all"
    first = server.picture(outputs["17"]["images"][0])
    assert (models / "looks" / "my look.safetensors").is_file() and outputs["18"]["text"] == ["my look.safetensors"]

    again = {key: workflow[key] for key in ("1", "12", "15", "16", "17")}
    again["14"] = {"class_type": "HumanDiffusionLoadLook", "inputs": {"look_name": "my look.safetensors"}}
    assert torch.equal(server.run(again, "17")[0][0], first), "without memory, encoder and words"


def test_a_folder_of_photos_becomes_a_memory_to_be_loaded(server: Any, workflow: dict[str, Any], base: Path) -> None:
    folder = base / "input" / "wardrobe"
    folder.mkdir()
    pose = load_preset("standing-trousers", (192, 128))
    for number in range(3):
        colours = torch.randint(0, 256, (24, 3), generator=torch.Generator().manual_seed(number), dtype=torch.uint8)
        Image.fromarray(colours[pose.labels[0].long()].numpy()).save(folder / f"{number}.png")
        save_pose(pose, folder / f"{number}.map.png")
    options = {"thumbnails": "picture", "faces": "none", "replace": False}
    build = {"2": workflow["2"], "30": {"class_type": "HumanDiffusionBuildMemory"}}
    build["30"]["inputs"] = {
        "folder": "wardrobe",
        "name": "from photos",
        "licence": "CC0",
        "encoder": ["2", 0],
        **options,
    }
    (told,) = server.wait(server.queue(build))["outputs"]["30"]["text"]
    assert told.startswith("from photos.safetensors: ") and "of 3 photos" in told

    use = {key: workflow[key] for key in ("2", "5")}
    use["3"] = {"class_type": "HumanDiffusionLoadMemory", "inputs": {"memory_name": "from photos.safetensors"}}
    use["6"] = {**workflow["6"], "inputs": {**workflow["6"]["inputs"], "k": 2}}
    use["9"] = {"class_type": "PreviewImage", "inputs": {"images": ["6", 1]}}
    (board,) = server.wait(server.queue(use))["outputs"]["6"]["humandiffusion_hits"]
    (top,) = [part for part in board["parts"] if part["part"] == "top"]
    assert {re.sub(r"\d", "", hit["source"]) for hit in top["hits"]} == {"wardrobe/"}
    locked = top["hits"][1]["id"]
    (board,) = server.wait(server.queue(server.changed(use, locks=json.dumps({"top": [locked]}))))["outputs"]["6"][
        "humandiffusion_hits"
    ]
    (top,) = [part for part in board["parts"] if part["part"] == "top"]
    assert [hit["id"] for hit in top["hits"]] == [locked] and top["how"] == "locked"


@pytest.mark.parametrize(
    ("node", "change", "words"),
    [
        ("10", {"name": "../out"}, "wanted letters"),
        ("10", {"parts": "wing"}, "wing"),
        ("14", {"locks": "{"}, "not JSON"),
        ("18", {"name": ""}, "wanted letters"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(
    server: Any, workflow: dict[str, Any], node: str, change: dict[str, str], words: str
) -> None:
    workflow[node]["inputs"].update(change)
    with pytest.raises(ValueError, match=words):
        server.queue(workflow)
