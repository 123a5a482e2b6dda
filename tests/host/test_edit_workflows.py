"""The example workflows for editing, larger passes and tiles in a real server, on tiny models; Edit Part by HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from humandiffusion.evaluation.asking import flat_picture
from humandiffusion.parts import FOOTWEAR, SKIRT, TOP
from humandiffusion.pose.presets import load_preset

FIXTURES = Path(__file__).parent / "fixtures"
KINDS = ("edit", "hires", "tiled", "model")
TWINS = {
    path.name.removesuffix(".api.json"): json.loads(path.read_text("utf-8"))
    for kind in KINDS
    for path in FIXTURES.glob(f"{kind}_*.api.json")
}
TINY = {name: "tiny.safetensors" for name in ("encoder_name", "memory_name")}
PERSON = "drawn_skirt.png"


@pytest.fixture(scope="session")
def person(base: Path) -> torch.Tensor:
    """A woman in flat colours in the server's input folder: [H, W, 3] 0..255."""
    labels = load_preset("walking-skirt").labels[0]
    picture = flat_picture(labels, {TOP: "red", SKIRT: "blue", FOOTWEAR: "black"})
    pixels = (picture * 255).byte().movedim(0, -1).contiguous()
    Image.fromarray(pixels.numpy()).save(base / "input" / PERSON)
    return pixels.int()


def small(server: Any, name: str) -> dict[str, Any]:
    """A twin on the tiny models, with few steps and the drawn person."""
    workflow = server.changed(TWINS[name], **TINY, steps=2, resolution=128)
    for key in of_kind(workflow, "HumanDiffusionLoadModel"):
        workflow[key]["inputs"]["model_name"] = "tiny.safetensors"
    for key in of_kind(workflow, "LoadImage"):
        workflow[key]["inputs"]["image"] = PERSON
    return workflow


def of_kind(workflow: dict[str, Any], *kinds: str) -> list[str]:
    return [key for key, node in workflow.items() if node["class_type"] in kinds]


def watched(workflow: dict[str, Any], source: str, output: int, key: str) -> None:
    """Also save a picture, or a mask, that an output gives."""
    if workflow[source]["class_type"] == "HumanDiffusionEditPart" and output == 1:
        workflow[f"{key}0"] = {"class_type": "MaskToImage", "inputs": {"mask": [source, 1]}}
        source, output = f"{key}0", 0
    workflow[key] = {"class_type": "SaveImage", "inputs": {"images": [source, output], "filename_prefix": "watched"}}


def assert_only_inside(before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor) -> None:
    """Pictures [H, W, 3] and a mask's picture, all 0..255."""
    apart = (before - after).abs().amax(-1)
    # A mask of less than half a level is saved as black; one pixel around it may still turn by one level.
    near = F.max_pool2d(mask[None, ..., 0].float(), 5, 1, 2)[0] > 0
    assert not apart[~near].any() and apart[mask[..., 0] == 0].max() <= 1
    assert apart[mask[..., 0] == 255].float().mean() > 1, "nothing was painted"


@pytest.mark.parametrize("name", ["edit_part", "edit_part_sd"])
def test_an_edit_changes_its_part_and_nothing_else(
    server: Any, artists_files: None, person: torch.Tensor, name: str
) -> None:
    workflow = small(server, name)
    edits = of_kind(workflow, "HumanDiffusionEditPart")
    for i, edit in enumerate(edits):
        watched(workflow, edit, 0, f"9{i}")
        watched(workflow, edit, 1, f"8{i}")
    outputs = server.run(workflow, *(f"{row}{i}" for row in "98" for i in range(len(edits))))
    pictures, masks = outputs[: len(edits)], outputs[len(edits) :]
    before = person
    for (after,), (mask,) in zip(pictures, masks, strict=True):
        assert_only_inside(before, after, mask)
        before = after
    (saved,) = server.run(workflow, *of_kind(workflow, "SaveImage")[:1])[0]
    assert torch.equal(saved, before)


def test_the_single_nodes_change_only_what_part_mask_shows(
    server: Any, artists_files: None, person: torch.Tensor
) -> None:
    workflow = small(server, "edit_by_hand")
    (mask,), (after,) = server.run(workflow, *of_kind(workflow, "PreviewImage"), *of_kind(workflow, "SaveImage"))
    assert_only_inside(person, after, mask)


def test_upscale_latent_by_is_right_and_upscale_latent_is_not(server: Any) -> None:
    """What the tooltips say: latents of the native model are pictures at half size."""
    workflow = small(server, "hires_pass")
    saved, (enlarge,) = of_kind(workflow, "SaveImage"), of_kind(workflow, "LatentUpscaleBy")
    (picture,) = server.run(workflow, *saved)[0]
    assert picture.shape == (768, 512, 3) and picture.float().std() > 1
    fixed = {"upscale_method": "bilinear", "width": 512, "height": 768, "crop": "disabled"}
    workflow[enlarge] = {
        "class_type": "LatentUpscale",
        "inputs": {"samples": workflow[enlarge]["inputs"]["samples"], **fixed},
    }
    assert server.run(workflow, *saved)[0][0].shape == (768 // 4, 512 // 4, 3)


def test_tiles_are_refined_with_maps_of_their_own_and_refused_without(server: Any) -> None:
    workflow = small(server, "tiled_refinement")
    saved = of_kind(workflow, "SaveImage")
    (cut,) = of_kind(workflow, "HumanDiffusionCropTiles")
    (enlarged,) = of_kind(workflow, "ImageScaleBy")
    watched(workflow, enlarged, 0, "90")
    watched(workflow, cut, 0, "91")
    (picture,), (before,), tiles = server.run(workflow, *saved, "90", "91")
    assert picture.shape == before.shape == (768, 512, 3) and len(tiles) == 9
    assert not torch.equal(picture, before)
    # The map of the whole picture for square tiles of it, as it is with any other node that cuts.
    workflow[cut]["inputs"]["height"] = 256
    of_tiles = next(node for node in workflow.values() if node["inputs"].get("pose") == [cut, 1])
    of_tiles["inputs"]["pose"] = workflow[cut]["inputs"]["pose"]
    with pytest.raises(RuntimeError, match="256x256 for a map of 256x384.*Crop Tiles and Join Tiles"):
        server.run(workflow, *saved)


def test_a_model_upscaler_stands_between_two_passes(server: Any, artists_files: None) -> None:
    workflow = small(server, "model_upscaler")
    (upscaler,) = of_kind(workflow, "ImageUpscaleWithModel")
    watched(workflow, upscaler, 0, "90")
    (picture,), (before,) = server.run(workflow, *of_kind(workflow, "SaveImage")[:1], "90")
    assert picture.shape == before.shape == (768, 512, 3) and not torch.equal(picture, before)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("edit_part", {"part": "headwear"}, "headwear, which is not in"),
        ("edit_part", {"phrase": " "}, "phrase: got none"),
        ("edit_part", {"denoise": 0.0}, "denoise"),
        ("edit_part_sd", {"clip": None}, "clip: got none"),
    ],
)
def test_an_edit_that_cannot_be_is_told_in_one_line(
    server: Any, artists_files: None, person: torch.Tensor, name: str, change: dict[str, Any], words: str
) -> None:
    workflow = small(server, name)
    inputs = workflow[of_kind(workflow, "HumanDiffusionEditPart")[0]]["inputs"]
    inputs.update(change)
    for key in [key for key, value in change.items() if value is None]:
        del inputs[key]
    with pytest.raises((ValueError, RuntimeError)) as error:
        server.run(workflow, *of_kind(workflow, "SaveImage"))
    assert words in str(error.value) and "Traceback" not in str(error.value)


def test_without_a_map_the_parser_finds_one_and_the_edit_is_the_same(server: Any, person: torch.Tensor) -> None:
    workflow = small(server, "edit_part")
    saved = of_kind(workflow, "SaveImage")
    (picture,) = server.run(workflow, *saved)[0]
    first = workflow[of_kind(workflow, "HumanDiffusionEditPart")[0]]["inputs"]
    del first["pose"]
    assert torch.equal(server.run(workflow, *saved)[0][0], picture)
    for key in of_kind(workflow, "HumanDiffusionEditPart"):
        workflow[key]["inputs"]["needed"] = False
    assert torch.equal(server.run(workflow, *saved)[0][0], person)
