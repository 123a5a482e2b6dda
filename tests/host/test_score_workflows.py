"""The example workflows for scoring, transfer and films in a real server, on tiny models."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from humandiffusion.evaluation.asking import flat_picture
from humandiffusion.parts import FOOTWEAR, PANTS, TOP
from humandiffusion.pose.presets import load_preset

FIXTURES = Path(__file__).parent / "fixtures"
KINDS = ("score", "transfer", "animation")
TWINS = {
    path.name.removesuffix(".api.json"): json.loads(path.read_text("utf-8"))
    for kind in KINDS
    for path in FIXTURES.glob(f"{kind}_*.api.json")
}
TINY = {name: "tiny.safetensors" for name in ("model_name", "encoder_name", "memory_name")}


@pytest.fixture(scope="session")
def drawn(base: Path) -> dict[str, str]:
    """Two people in flat colours, in the server's input folder: the name that stands for each of the artist's."""
    colours = {"person.png": ("red", "blue"), "outfit.png": ("yellow", "green")}
    for name, (top, pants) in colours.items():
        labels = load_preset("standing-trousers").labels[0]
        picture = flat_picture(labels, {TOP: top, PANTS: pants, FOOTWEAR: "black"})
        pixels = (picture * 255).byte().movedim(0, -1).contiguous()
        Image.fromarray(pixels.numpy()).save(base / "input" / f"drawn_{name}")
    return {name: f"drawn_{name}" for name in colours}


def small(server: Any, name: str, drawn: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A twin on the tiny models, with few steps."""
    workflow = server.changed(TWINS[name], **TINY, steps=2, **more)
    for node in workflow.values():
        if node["class_type"] == "LoadImage" and drawn:
            node["inputs"]["image"] = drawn[node["inputs"]["image"]]
    return workflow


def saved(workflow: dict[str, Any]) -> str:
    return of_kind(workflow, "SaveImage", "SaveAnimatedWEBP")[0]


def find(workflow: dict[str, Any], kind: str) -> str:
    return of_kind(workflow, f"HumanDiffusion{kind}")[0]


def of_kind(workflow: dict[str, Any], *kinds: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] in kinds]


def test_the_best_of_a_batch_are_among_it_and_the_rest_is_not_saved(server: Any) -> None:
    workflow = small(server, "score_best_of", batch_size=3)
    every = {**workflow, "90": {"class_type": "SaveImage", "inputs": {"filename_prefix": "all"}}}
    every["90"]["inputs"]["images"] = workflow[find(workflow, "BestOf")]["inputs"]["images"]
    kept, pictures, overlays = server.run(every, saved(workflow), "90", find(workflow, "Score"))
    assert len(kept) == 2 and len(pictures) == 3 and len(overlays) == 3
    assert all(any(torch.equal(one, other) for other in pictures) for one in kept)
    assert not torch.equal(kept[0], kept[1])


@pytest.mark.parametrize("name", sorted(name for name in TWINS if name.startswith("transfer")))
def test_a_look_is_taken_from_a_picture(server: Any, drawn: dict[str, str], name: str) -> None:
    workflow = small(server, name, drawn)
    (picture,) = server.run(workflow, saved(workflow))[0]
    assert picture.shape == (384, 256, 3) and picture.float().std() > 1
    # In other clothes it would be another picture: what is taken from a picture counts.
    for node in workflow.values():
        if node["class_type"] == "LoadImage":
            node["inputs"]["image"] = "drawn_outfit.png"
    assert not torch.equal(server.run(workflow, saved(workflow))[0][0], picture)


def test_a_film_has_a_frame_for_each_map_and_starts_as_ksampler_would(server: Any) -> None:
    workflow = small(server, "animation_arms_raised", frames=3)
    workflow["90"] = {"class_type": "SaveImage", "inputs": {"filename_prefix": "frame"}}
    film = workflow[saved(workflow)]
    workflow["90"]["inputs"]["images"] = film["inputs"]["images"]
    frames = server.run(workflow, "90")[0]
    assert len(frames) == 3 and not torch.equal(frames[0], frames[2])
    workflow[find(workflow, "FrameNoise")]["inputs"]["way"] = "independent"
    apart = server.run(workflow, "90")[0]
    assert torch.equal(apart[0], frames[0]) and not torch.equal(apart[1], frames[1])


def test_the_worst_part_is_painted_again_only_while_it_does_not_pass(server: Any) -> None:
    workflow = small(server, "score_redo_worst")
    painted = of_kind(workflow, "VAEDecode", "HumanDiffusionEditPart")
    for key, source in (("90", painted[0]), ("91", painted[-1])):
        workflow[key] = {"class_type": "SaveImage", "inputs": {"images": [source, 0], "filename_prefix": "try"}}
    passed = server.changed(workflow, pass_mark=0.0)
    ((before,), (after,), (kept,)) = server.run(passed, "90", "91", saved(passed))
    assert torch.equal(before, after) and torch.equal(before, kept)
    ((before,), (after,), (kept,)) = server.run(server.changed(workflow, pass_mark=1.0), "90", "91", saved(workflow))
    changed = (before != after).any(-1)
    assert changed.any() and not changed.all()
    # Far from any part nothing can have moved.
    assert not changed[:8].any() and not changed[:, :8].any()
