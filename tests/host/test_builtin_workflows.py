"""What an artist gets: example workflows in a real server, with the weights that come with the pack."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from humandiffusion.evaluation.colours import judge_colours
from humandiffusion.parts import PART_NAMES, SKIRT, TOP
from humandiffusion.pose.presets import load_preset

FIXTURES = Path(__file__).parent / "fixtures"
# Few, for the test's sake; the workflows have 20.
STEPS = 6
# What both workflows show: the map of the one that paints it.
LABELS = load_preset("walking-skirt").labels[0]
PICTURE = "builtin_person.png"


def of_kind(workflow: dict[str, Any], *kinds: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] in kinds]


def builtin(server: Any, name: str, **values: Any) -> dict[str, Any]:
    """A workflow with the files that it names itself, which are the pack's own."""
    workflow = server.changed(json.loads((FIXTURES / f"{name}.api.json").read_text("utf-8")), steps=STEPS, **values)
    named = {key for node in workflow.values() for key, value in node["inputs"].items() if value == "builtin"}
    assert named == {"model_name", "encoder_name", "memory_name"}
    return workflow


def run(server: Any, workflow: dict[str, Any], pictures: dict[str, list[Any]], reports: dict[str, list[Any]]) -> Any:
    """The pictures [H, W, 3] 0..255, one each, and the texts that such outputs of nodes give."""
    for key, output in pictures.items():
        workflow[key] = {"class_type": "SaveImage", "inputs": {"images": output, "filename_prefix": "builtin"}}
    for key, output in reports.items():
        workflow[key] = {"class_type": "PreviewAny", "inputs": {"source": output}}
    history = server.wait(server.queue(workflow))
    assert history["status"]["status_str"] == "success", history["status"]
    shown = {key: server.picture(history["outputs"][key]["images"][0]) for key in pictures}
    return SimpleNamespace(**shown, **{key: json.loads(history["outputs"][key]["text"][0]) for key in reports})


def colours(picture: torch.Tensor) -> dict[int, str]:
    """The basic colour that each garment shows."""
    rows = judge_colours(picture.movedim(-1, 0) / 255, LABELS, {TOP: "red", SKIRT: "red"})
    return {row.part: row.seen for row in rows}


def assert_only_inside(before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor) -> None:
    """Pictures [H, W, 3] and a mask's picture, all 0..255; less than half a level of a mask is saved as black."""
    apart = (before - after).abs().amax(-1)
    near = F.max_pool2d(mask[None, ..., 0].float(), 5, 1, 2)[0] > 0
    assert not apart[~near].any() and apart[mask[..., 0] == 0].max() <= 1


@pytest.fixture(scope="module")
def redone(server: Any, base: Path) -> SimpleNamespace:
    """The worst part painted again, twice, because nothing passes; the best of the three in the input folder."""
    workflow = builtin(server, "score_redo_worst", pass_mark=1.0)
    (painted,), edits = of_kind(workflow, "VAEDecode"), of_kind(workflow, "HumanDiffusionEditPart")
    (first, _), (best,) = of_kind(workflow, "HumanDiffusionScore"), of_kind(workflow, "HumanDiffusionBestOf")
    judged = {**workflow[first]["inputs"], "image": [best, 0]}
    workflow["60"] = {"class_type": "HumanDiffusionScore", "inputs": judged}
    pictures = {"start": [painted, 0], "best": [best, 0]}
    for number, edit in enumerate(edits):
        workflow[f"7{number}"] = {"class_type": "MaskToImage", "inputs": {"mask": [edit, 1]}}
        pictures |= {f"try{number}": [edit, 0], f"mask{number}": [f"7{number}", 0]}
    done = run(server, workflow, pictures, {"before": [first, 2], "after": ["60", 2]})
    Image.fromarray(done.best.byte().numpy()).save(base / "input" / PICTURE)
    return done


def test_the_worst_part_painted_again_makes_it_no_worse(redone: SimpleNamespace) -> None:
    assert redone.after["score"] >= redone.before["score"]
    assert_only_inside(redone.start, redone.try0, redone.mask0)
    assert_only_inside(redone.try0, redone.try1, redone.mask1)
    assert any(torch.equal(redone.best, one) for one in (redone.start, redone.try0, redone.try1))
    assert not torch.equal(redone.start, redone.try0) and not torch.equal(redone.try0, redone.try1)


def edited(server: Any, before: torch.Tensor, asked: dict[int, tuple[str, str]]) -> None:
    """The workflow edits one part after the other; each shows its colour then, and nothing else moved."""
    workflow = builtin(server, "edit_part")
    workflow[of_kind(workflow, "LoadImage")[0]]["inputs"]["image"] = PICTURE
    pictures = {}
    for key, (part, (phrase, _)) in zip(of_kind(workflow, "HumanDiffusionEditPart"), asked.items(), strict=True):
        assert workflow[key]["inputs"]["part"] == PART_NAMES[part]
        workflow[key]["inputs"]["phrase"] = phrase
        workflow[f"7{part}"] = {"class_type": "MaskToImage", "inputs": {"mask": [key, 1]}}
        pictures |= {f"edit{part}": [key, 0], f"mask{part}": [f"7{part}", 0]}
    done = run(server, workflow, pictures, {})
    for part, (phrase, colour) in asked.items():
        after, mask = getattr(done, f"edit{part}"), getattr(done, f"mask{part}")
        assert_only_inside(before, after, mask)
        assert colours(before)[part] != colour, "it shows already"
        assert colours(after)[part] == colour, phrase
        before = after


def test_an_edited_part_shows_the_colour_that_was_asked_and_nothing_else_moved(
    server: Any, redone: SimpleNamespace
) -> None:
    edited(server, redone.best, {TOP: ("a red shirt", "red"), SKIRT: ("a blue skirt", "blue")})
