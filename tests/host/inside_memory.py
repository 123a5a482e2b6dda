"""Laws of style memories and looks inside ComfyUI: inside_memory.py COMFYUI PACK FOLDER. Photos are drawn there."""

from pathlib import Path
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.model_management
import comfy.utils
import folder_paths
import numpy as np
import torch
from PIL import Image

FOLDER = Path(MORE[0])
for kind in ("memories", "looks"):
    (FOLDER / kind).mkdir()
    category = f"humandiffusion_{kind}"
    folder_paths.folder_names_and_paths[category] = ([str(FOLDER / kind)], {".safetensors"})
folder_paths.set_input_directory(str(FOLDER / "input"))
ENCODER = NODES["LoadPartEncoder"].execute("builtin").result[0]
PROMPTS = NODES["DescribePerson"].execute("a woman in a red blouse and blue jeans").result[0]
presets, poses = part("humandiffusion.pose.presets"), part("humandiffusion.pose.io")
SIZE = (192, 128)


def picture(red: int, seed: int = 0) -> tuple[Any, torch.Tensor]:
    """A drawn person in a top of this red: the map, and the picture [1, H, W, 3]."""
    pose = presets.load_preset("standing-trousers", SIZE)
    colours = torch.rand(24, 3, generator=torch.Generator().manual_seed(seed))
    colours[1] = torch.tensor([red / 255, 0.1, 0.1])
    noise = 0.02 * torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(seed))
    return pose, (colours[pose.labels.long()] + noise).clamp(0, 1)


def draw(name: str, count: int, maps: bool = True) -> Path:
    """A folder of drawn photos, in ComfyUI's input folder."""
    folder = FOLDER / "input" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pose, pixels = picture(120 + 5 * number, number)
        Image.fromarray((pixels[0].numpy() * 255).astype(np.uint8)).save(folder / f"{number:03d}.png")
        if maps:
            poses.save_pose(pose, folder / f"{number:03d}.map.png")
    return folder


def build(folder: str, name: str, replace: bool = False, parser: Any = None, **change: Any) -> Any:
    options = {"licence": "CC0", "thumbnails": "picture", "faces": "none", **change}
    return NODES["BuildMemory"].execute(
        folder, name, options["licence"], ENCODER, *list(options.values())[1:], replace, parser
    )


def retrieve(memory: Any, locks: str = "{}", k: int = 4, **more: Any) -> Any:
    return NODES["RetrieveStyle"].execute(ENCODER, memory, PROMPTS, k, 0.05, 1.0, "part", locks, **more)


def files(kind: str = "memories") -> list[str]:
    return sorted(path.name for path in (FOLDER / kind).iterdir())


def law_a_folder_becomes_a_memory_that_can_be_loaded_and_retrieved_from() -> None:
    draw("wardrobe", 20)
    (FOLDER / "input" / "wardrobe" / "torn.jpg").write_bytes(b"no picture")
    (FOLDER / "input" / "wardrobe" / "torn.map.png").write_bytes(b"no map")
    memory, told = build("wardrobe", "first").result
    assert "20 photos" in told and "skipped torn" in told, told
    loaded = NODES["LoadMemory"].execute("first.safetensors").result[0]
    assert list(loaded.ids) == list(memory.ids) and set(loaded.licences) == {"CC0"}
    assert "first.safetensors" in NODES["LoadMemory"].define_schema().inputs[0].options
    features, sheet, words = retrieve(loaded).result
    assert bool(features.present[0, 1]) and sheet.ndim == 4 and "wardrobe/" in words
    assert not [part for part in loaded.part.tolist() if part == 14], "no face"
    assert build(str(FOLDER / "input" / "wardrobe"), "first").result[1].startswith("first 2.safetensors")
    assert build("wardrobe", "first", replace=True).result[1].startswith("first.safetensors")


def law_photos_alone_are_parsed_on_the_way() -> None:
    draw("alone", 2, maps=False)
    refused(lambda: build("alone", "alone"), "no map", "parser")
    parser = NODES["LoadParser"].execute("builtin").result[0]
    try:
        memory = build("alone", "alone", parser=parser).result[0]
    except part("humandiffusion.errors").InputError as error:
        assert "no part" in str(error)  # the parser may see nobody in what is drawn here
    else:
        assert len(memory)


def law_a_build_that_was_cancelled_goes_on_where_it_was() -> None:
    draw("many", 40)
    seen: list[int] = []

    class Bar:
        def __init__(self, total: int) -> None:
            assert total == 40

        def update_absolute(self, value: int, *_: Any) -> None:
            seen.append(value)
            comfy.model_management.interrupt_current_processing(len(seen) == 1)

    before, comfy.utils.ProgressBar = comfy.utils.ProgressBar, Bar
    try:
        try:
            build("many", "many")
        except comfy.model_management.InterruptProcessingException:
            pass
        else:
            raise AssertionError("not interrupted")
        assert "many.safetensors" not in files()
        assert build("many", "many").result[1].startswith("many.safetensors")
    finally:
        comfy.utils.ProgressBar = before
        comfy.model_management.interrupt_current_processing(False)
    assert seen[-1] == 40 and seen == sorted(set(seen)), f"nothing is done twice: {seen}"


def law_what_is_built_depends_on_the_files_in_the_folder() -> None:
    node, folder = NODES["BuildMemory"], draw("changing", 1)
    before = node.fingerprint_inputs(folder=str(folder), name="a", licence="x")
    assert node.fingerprint_inputs(folder=str(folder), name="a", licence="x") == before
    (folder / "000.txt").write_text("a red blouse")
    assert node.fingerprint_inputs(folder=str(folder), name="a", licence="x") != before


def law_a_picture_is_remembered_beside_a_memory_once() -> None:
    pose, image = picture(220)
    remember = NODES["RememberLook"].execute
    memory, told = remember(image, pose, ENCODER, "mine", "top, pants", "mine", "summer").result
    assert sorted(set(memory.part.tolist())) == [1, 5] and len(memory) == 2 and files()[-1] == "mine.safetensors"
    again, words = remember(image, pose, ENCODER, "mine", "top, pants", "mine", "summer").result
    assert len(again) == 2 and "nothing new" in words and not [name for name in files() if "delta" in name]
    before = NODES["LoadMemory"].fingerprint_inputs("mine.safetensors")
    other_pose, other = picture(60, 1)
    both = torch.cat((image, other))
    memory, told = remember(both, pose, ENCODER, "mine", "top", "mine", "summer", PROMPTS).result
    assert len(memory) == 3 and "red blouse" in told, told
    assert [name for name in files() if name.startswith("mine.delta-")]
    assert NODES["LoadMemory"].fingerprint_inputs("mine.safetensors") != before
    assert len(NODES["LoadMemory"].execute("mine.safetensors").result[0]) == 3
    assert not [name for name in NODES["LoadMemory"].define_schema().inputs[0].options if "delta" in name]
    NODES["SaveMemory"].execute(memory, "mine", True)
    assert not [name for name in files() if "delta" in name], "saved as one file"
    assert len(NODES["LoadMemory"].execute("mine.safetensors").result[0]) == 3
    found = retrieve(memory, k=1).result[0].retrieved
    assert next(row for row in found if row.part == 1).sources[0].startswith("summer/")


def law_a_memory_of_another_encoder_is_not_added_to() -> None:
    pose, image = picture(200)
    other = type("Other", (), {"encoder_id": "other", "dim": 128, "crop_size": 64})()
    NODES["RememberLook"].execute(image, pose, ENCODER, "theirs", "top", "mine", "x")
    refused(
        lambda: NODES["RememberLook"].execute(image, pose, other, "theirs", "top", "mine", "x"), "other", "builtin-"
    )


def law_memories_are_merged_and_saved() -> None:
    first = NODES["LoadMemory"].execute("builtin").result[0]
    pose, image = picture(90, 7)
    second = NODES["RememberLook"].execute(image, pose, ENCODER, "small", "top", "mine", "x").result[0]
    merged = NODES["MergeMemories"].execute(first, second).result[0]
    assert len(merged) == len(first) + 1 and merged.row_of(second.ids[0]) >= 0
    saved = NODES["SaveMemory"].execute(merged, "folder/both", False).ui["text"][0]
    assert saved == "both.safetensors"
    assert len(NODES["LoadMemory"].execute("folder/both.safetensors").result[0]) == len(merged)


def law_a_look_is_saved_loaded_and_used_as_it_was() -> None:
    features = retrieve(NODES["LoadMemory"].execute("builtin").result[0]).result[0]
    assert NODES["SaveLook"].execute(features, "summer", False).ui["text"] == ["summer.safetensors"]
    assert NODES["SaveLook"].execute(features, "summer", False).ui["text"] == ["summer 2.safetensors"]
    assert NODES["SaveLook"].execute(features, "summer", True).ui["text"] == ["summer.safetensors"]
    look, told = NODES["LoadLook"].execute("summer.safetensors").result
    assert torch.equal(look.features, features.features) and look.retrieved == features.retrieved
    assert "top: red blouse" in told and features.encoder_id in told
    pose = presets.load_preset("standing-trousers", SIZE)
    one = NODES["Conditioning"].execute(features, pose, 0, 0, 1).result[0]
    other = NODES["Conditioning"].execute(look, pose, 0, 0, 1).result[0]
    assert torch.equal(one[0][0], other[0][0])
    assert NODES["LoadLook"].validate_inputs("summer.safetensors") is True
    for name in ("", "gone.safetensors", "../memories/first.safetensors"):
        assert "Save Look" in NODES["LoadLook"].validate_inputs(name)


def law_no_name_leads_out_of_the_folder() -> None:
    features = retrieve(NODES["LoadMemory"].execute("builtin").result[0]).result[0]
    awkward = ("nul", "x/COM1.a", "a /b")
    for name in ("", " ", "../out", "/tmp/out", "a/../../out", ".hidden", "a\\b", "a.delta-0001", *awkward):
        for node in ("SaveLook", "SaveMemory", "RememberLook", "BuildMemory"):
            given = {"folder": str(FOLDER)} if node == "BuildMemory" else {}
            assert "wanted letters" in NODES[node].validate_inputs(**given, name=name), (node, name)
        refused(lambda name=name: NODES["SaveLook"].execute(features, name, False), "name")


def law_a_locked_and_a_banned_hit_are_told_to_the_page() -> None:
    memory = NODES["LoadMemory"].execute("builtin").result[0]
    first = retrieve(memory)
    (board,) = first.ui["humandiffusion_hits"]
    top = next(entry for entry in board["parts"] if entry["part"] == "top")
    kept, refused_one = top["hits"][1]["id"], top["hits"][0]["id"]
    path = Path(folder_paths.get_temp_directory(), board["file"]["subfolder"], board["file"]["filename"])
    size = Image.open(path).size
    assert size == (board["columns"] * board["tile"], size[1]) and first.ui["images"]
    locks = f'{{"top": {{"lock": ["{kept}"], "ban": ["{refused_one}"]}}}}'
    (board,) = retrieve(memory, locks).ui["humandiffusion_hits"]
    top = next(entry for entry in board["parts"] if entry["part"] == "top")
    assert [hit["id"] for hit in top["hits"]] == [kept] and top["how"] == "locked"
    assert [hit["id"] for hit in top["banned"]] == [refused_one]


report(globals())
