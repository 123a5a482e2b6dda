"""Laws of the pose nodes inside ComfyUI: inside_pose.py COMFYUI PACK FOLDER."""

from pathlib import Path

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.model_management
import comfy.utils
import folder_paths
import torch

FOLDER = Path(MORE[0])
INPUT = FOLDER / "input"
(INPUT / "sub").mkdir(parents=True, exist_ok=True)
folder_paths.set_input_directory(str(INPUT))
io, preset = part("humandiffusion.pose.io"), part("humandiffusion.pose.presets").load_preset
STANDING, WALKING = (preset(name, (48, 32)) for name in ("standing-trousers", "walking-trousers"))
OUTSIDE = (
    "../out.png",
    "sub/../../out.png",
    str(FOLDER / "out.png"),
    "../out.png [input]",
    "../out.png [output]",
    "..",
)


def law_a_pose_file_lies_in_the_input_folder_or_is_refused() -> None:
    for place in (FOLDER / "out.png", INPUT / "in.png", INPUT / "sub" / "in.png"):
        io.save_pose(STANDING, place)
    node = NODES["LoadPose"]
    for name in ("in.png", "sub/in.png", "sub/../in.png", "in.png [input]"):
        assert node.validate_inputs(name) is True
        assert torch.equal(node.execute("standing-dress", name).result[0].labels, STANDING.labels)
    for name in OUTSIDE:
        assert "not in the input folder" in node.validate_inputs(name), name
        # A name may come by a wire, which nobody validates.
        refused(lambda name=name: node.execute("standing-dress", name), "not in the input folder")
        node.fingerprint_inputs("standing-dress", name)


def law_a_layer_of_the_editor_lies_in_its_folder_or_is_refused() -> None:
    layers = part("nodes.bridge.editor_files")
    (INPUT / "humandiffusion").mkdir(exist_ok=True)
    io.save_pose(STANDING, INPUT / "humandiffusion" / "a.png")
    assert torch.equal(torch.from_numpy(layers.open_layer("humandiffusion/a.png [input]")), STANDING.labels[0])
    for name in (*OUTSIDE, "humandiffusion/../../out.png [input]", "humandiffusion/..png [input]"):
        refused(lambda name=name: layers.open_layer(name), "pose editor")


def law_no_loader_takes_a_name_that_leads_out_of_its_folders() -> None:
    (FOLDER / "out.safetensors").write_bytes(b"")
    for name in ("LoadModel", "LoadPartEncoder", "LoadMemory", "LoadLook", "LoadAdapter", "LoadParser"):
        for outside in ("../out.safetensors", str(FOLDER / "out.safetensors")):
            assert isinstance(NODES[name].validate_inputs(outside), str), f"{name} takes {outside}"


def law_frames_are_counted_and_a_cancel_stops_them() -> None:
    told: list[tuple[int, int]] = []
    comfy.utils.set_progress_bar_global_hook(lambda done, total, *more, **options: told.append((done, total)))
    node = NODES["InterpolatePose"]
    assert node.execute(STANDING, WALKING, 5, "auto").result[0].batch == 5
    assert told and told[-1] == (3, 3)
    comfy.model_management.interrupt_current_processing(True)
    try:
        node.execute(STANDING, WALKING, 5, "auto")
    except comfy.model_management.InterruptProcessingException:
        return
    finally:
        comfy.model_management.interrupt_current_processing(False)
    raise AssertionError("not stopped")


def law_each_change_of_a_pose_is_the_one_it_names() -> None:
    geometry, transform = part("humandiffusion.pose.geometry"), part("humandiffusion.pose.transform")
    plain = {**dict.fromkeys(("x", "y", "degrees", "left", "top", "right", "bottom", "width", "height"), 0), "scale": 1}
    wanted = {
        "mirror": ({}, geometry.mirror(STANDING)),
        "move": ({"x": 3, "y": -2, "scale": 0.5}, transform.move(STANDING, 3, -2, 0.5)),
        "rotate": ({"degrees": 20}, transform.rotate(STANDING, 20)),
        "crop": ({"left": 1, "top": 2, "right": 3, "bottom": 4}, geometry.trim(STANDING, 1, 2, 3, 4)),
        "crop to figure": ({"left": 2}, geometry.crop_to_figure(STANDING, 2)),
        "pad": ({"left": 1, "top": 2, "right": 3, "bottom": 4}, geometry.pad(STANDING, 1, 2, 3, 4)),
        "resize": ({"width": 20, "height": 50}, geometry.resize(STANDING, (50, 20))),
        "fit": ({"width": 20, "height": 50}, geometry.fit(STANDING, (50, 20))),
        "merge": ({"other": WALKING}, transform.merge(STANDING, WALKING)),
        "take parts": ({"other": WALKING, "parts": "hair, pants"}, transform.take_parts(STANDING, WALKING, [13, 5])),
    }
    node = NODES["PoseTransform"]
    (choice,) = [entry for entry in node.define_schema().inputs if entry.id == "change"]
    assert choice.options == list(wanted)
    for change, (values, pose) in wanted.items():
        made = node.execute(STANDING, change, **{**plain, "parts": "top", **values}).result[0]
        assert torch.equal(made.labels, pose.labels), change
    for change in ("merge", "take parts"):
        told = {**plain, "parts": "top"}
        refused(lambda change=change, told=told: node.execute(STANDING, change, **told), "other", "connect it")


report(globals())
