"""The nodes in a real ComfyUI server, through its HTTP interface alone, as the page uses it."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

SNAPSHOT = Path(__file__).parent / "fixtures" / "schemas.json"
# What the host or the user's folders decide.
LISTS = {"sampler_name", "scheduler", "preset", "file"}
LISTS |= {"model_name", "encoder_name", "memory_name", "adapter_name", "look_name"}
# Other torch versions and thread counts sum in another order; of 255 levels.
CLOSE = 2


def test_the_schemas_are_those_of_the_snapshot(server: Any) -> None:
    """Inputs are appended, never reordered, renamed or removed. UPDATE_SNAPSHOT=1 writes the file; read its diff."""
    everything = server.json("/object_info")
    ours = {name: _order(info) for name, info in everything.items() if name.startswith("HumanDiffusion")}
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(ours, indent=1) + "\n", "utf-8")
    assert ours == json.loads(SNAPSHOT.read_text("utf-8"))
    module = {info["python_module"] for name, info in everything.items() if name in ours}
    assert module == {f"custom_nodes.{server.folder}"}


def test_every_node_input_and_output_explains_itself(server: Any) -> None:
    for name, info in server.json("/object_info").items():
        if name.startswith("HumanDiffusion"):
            inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
            silent = [key for key, spec in inputs.items() if not spec[1].get("tooltip")]
            silent += [key for key, tip in zip(info["output_name"], info["output_tooltips"], strict=True) if not tip]
            assert not silent and info["description"] and info["category"].startswith("HumanDiffusion/"), (name, silent)


def test_every_node_has_a_help_page_and_the_page_loads_one_script_of_ours(server: Any) -> None:
    for name in json.loads(SNAPSHOT.read_text("utf-8")):
        assert server.call(f"/extensions/{server.folder}/docs/{name}.md").startswith(b"# ")
    ours = [path for path in server.json("/extensions") if server.folder in path]
    assert ours == [f"/extensions/{server.folder}/humandiffusion.js"]


def test_the_example_workflow_makes_a_picture_a_sheet_and_a_map(server: Any, workflow: dict[str, Any]) -> None:
    (picture,), (preview,), (sheet,) = server.run(workflow, "10", "5", "7")
    assert picture.shape == (384, 256, 3) and picture.float().std() > 1
    assert preview.shape[0] >= 384 and sheet.shape[2] == 3


def test_a_batch_of_two_is_two_singles(server: Any, workflow: dict[str, Any]) -> None:
    both = _with_ksampler(workflow, batch_size=2)
    pictures = server.run(both, "10")[0]
    assert len(pictures) == 2 and (pictures[0] - pictures[1]).abs().max() > CLOSE
    for index in range(2):
        single = copy.deepcopy(both)
        single["30"] = {
            "class_type": "LatentFromBatch",
            "inputs": {"samples": ["20", 2], "batch_index": index, "length": 1},
        }
        single["8"]["inputs"]["latent_image"] = ["30", 0]
        assert (server.run(single, "10")[0][0] - pictures[index]).abs().max() <= CLOSE


def test_other_samplers_take_the_model(server: Any, workflow: dict[str, Any]) -> None:
    """HumanDiffusion Sampler, KSampler with HumanDiffusion Conditioning, and SamplerCustomAdvanced: one picture."""
    small = {**workflow, "31": _node("SaveLatent", samples=["8", 0], filename_prefix="latent")}
    by_sampler = server.run(small, "10")[0][0]
    by_ksampler = server.run(_with_ksampler(small), "10")[0][0]
    custom = _with_ksampler(small)
    options = custom["8"]["inputs"]
    custom["40"] = _node("RandomNoise", noise_seed=options["seed"])
    custom["41"] = _node("CFGGuider", model=["1", 0], positive=["20", 0], negative=["20", 1], cfg=options["cfg"])
    custom["42"] = _node("KSamplerSelect", sampler_name="euler")
    custom["43"] = _node("BasicScheduler", model=["1", 0], scheduler="normal", steps=options["steps"], denoise=1.0)
    custom["8"] = _node(
        "SamplerCustomAdvanced",
        noise=["40", 0],
        guider=["41", 0],
        sampler=["42", 0],
        sigmas=["43", 0],
        latent_image=["20", 2],
    )
    by_custom = server.run(custom, "10")[0][0]
    assert torch.equal(by_sampler, by_ksampler) and torch.equal(by_sampler, by_custom)


def test_an_interrupted_prompt_runs_again_as_if_nothing_was(server: Any, workflow: dict[str, Any]) -> None:
    prompt = server.changed(workflow, seed=77, steps=12)
    with server.events() as events:
        running = server.queue(prompt, events.client)
        events.wait_for("progress", lambda data: data["value"] >= 2)
        server.call("/interrupt", {})
        assert server.wait(running)["status"]["status_str"] == "error"
    after = server.run(prompt, "10")[0][0]
    server.run(server.changed(workflow, seed=78), "10")
    assert torch.equal(after, server.run(prompt, "10")[0][0])


def test_two_workflows_do_not_touch_each_other(server: Any, workflow: dict[str, Any]) -> None:
    other = server.changed(workflow, sentence="A man in a green coat", preset=_presets(server)[-1], seed=5, cfg=3.0)
    first, second = server.run(workflow, "10")[0][0], server.run(other, "10")[0][0]
    queued = [server.queue(server.changed(prompt, filename_prefix="again")) for prompt in (other, workflow, other)]
    again = [server.picture(server.wait(one)["outputs"]["10"]["images"][0]) for one in queued]
    assert all(torch.equal(a, b) for a, b in zip(again, (second, first, second), strict=True))
    assert not torch.equal(first, second)


def test_previews_arrive_while_sampling(server: Any, workflow: dict[str, Any]) -> None:
    with server.events() as events:
        running = server.queue(server.changed(workflow, seed=99, steps=6), events.client)
        server.wait(running)
        picture = events.wait_for_picture()
    width, height = Image.open(picture).size
    assert abs(width / height - 256 / 384) < 0.01


def test_a_saved_pose_loads_as_it_was(server: Any, workflow: dict[str, Any], base: Path) -> None:
    save = {"4": workflow["4"], "50": _node("HumanDiffusionSavePose", pose=["4", 0], filename_prefix="maps/pose")}
    history = server.wait(server.queue(save))
    (file,) = history["outputs"]["50"]["images"]
    path = base / "output" / file["subfolder"] / file["filename"]
    assert Image.open(path).mode == "P"
    name = f"{file['subfolder']}/{file['filename']} [output]"
    assert torch.equal(server.run(server.changed(workflow, file=name), "10")[0][0], server.run(workflow, "10")[0][0])


@pytest.mark.parametrize(
    ("node", "change", "words"),
    [
        ("4", {"preset": "nobody"}, "nobody"),
        ("4", {"file": "../secret.png"}, "input folder"),
        ("4", {"file": "photo.png"}, "photo.png"),
        ("1", {"model_name": "gone.safetensors"}, "humandiffusion"),
        ("1", {"model_name": "torn.safetensors"}, "torn.safetensors"),
        ("2", {"encoder_name": "other.safetensors"}, "encoder"),
        ("6", {"sentence": "  "}, "no phrase"),
        ("7", {"locks": '{"sleeve": 1}'}, "locks"),
        ("8", {"denoise": 0.4}, "VAE Encode"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    server: Any, workflow: dict[str, Any], base: Path, node: str, change: dict[str, Any], words: str
) -> None:
    models = base / "models" / "humandiffusion"
    whole = (models / "denoisers" / "tiny.safetensors").read_bytes()
    (models / "denoisers" / "torn.safetensors").write_bytes(whole[: len(whole) // 2])
    (models / "encoders" / "other.safetensors").write_bytes(whole)
    Image.new("RGB", (64, 96), (1, 2, 3)).save(base / "input" / "photo.png")
    prompt = copy.deepcopy(workflow)
    prompt[node]["inputs"].update(change)
    with pytest.raises((ValueError, RuntimeError)) as error:
        server.run(prompt, "10")
    assert words in str(error.value) and "Traceback" not in str(error.value)


def test_the_command_line_paints_the_same_picture(
    server: Any, workflow: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    """Same weights, map, words, seed and steps: at most CLOSE levels apart at any pixel, under whatever torch each "
    "has."""
    pytest.importorskip("diffusers")
    models, out = base / "models" / "humandiffusion", tmp_path / "picture.png"
    options = {
        "--text": workflow["6"]["inputs"]["sentence"],
        "--pose": f"preset:{workflow['4']['inputs']['preset']}",
        "--out": out,
        "--seed": 1,
        "--steps": 4,
        "--cfg": 2.0,
    }
    options |= {
        f"--{kind}": models / f"{folder}" / "tiny.safetensors"
        for kind, folder in (("model", "denoisers"), ("encoder", "encoders"), ("memory", "memories"))
    }
    command = [
        sys.executable,
        "-m",
        "humandiffusion",
        "generate",
        *(str(part) for pair in options.items() for part in pair),
    ]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    image = Image.open(out).convert("RGB")
    painted = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(image.height, image.width, 3).int()
    apart = (painted - server.run(workflow, "10")[0][0]).abs().max()
    assert apart <= CLOSE, f"{apart} levels apart"


def test_the_requirements_change_nothing_in_comfyui(host: SimpleNamespace) -> None:
    requirements = Path(__file__).parents[2] / "requirements.txt"
    command = [host.python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "-r", requirements]
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600)
    if run.returncode:
        pytest.skip(f"SKIPPED: pip cannot plan an install here: {run.stderr.strip()[-200:]}")
    assert json.loads(run.stdout)["install"] == []


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _with_ksampler(workflow: dict[str, Any], batch_size: int = 1) -> dict[str, Any]:
    """The example with HumanDiffusion Conditioning and ComfyUI's KSampler in place of HumanDiffusion Sampler."""
    prompt = copy.deepcopy(workflow)
    options = prompt["8"]["inputs"]
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    prompt["20"] = _node(
        "HumanDiffusionConditioning", features=["7", 0], pose=["4", 0], width=0, height=0, batch_size=batch_size
    )
    links = {"positive": ["20", 0], "negative": ["20", 1], "latent_image": ["20", 2]}
    prompt["8"] = _node("KSampler", model=["1", 0], **links, **{name: options[name] for name in names})
    return prompt


def _presets(server: Any) -> list[str]:
    spec = server.json("/object_info/HumanDiffusionLoadPose")["HumanDiffusionLoadPose"]["input"]["required"]["preset"]
    return spec[1]["options"]


def _order(info: dict[str, Any]) -> dict[str, Any]:
    """What a saved workflow depends on, in order: names, types, choices, defaults and limits."""
    kept = ("default", "min", "max", "step", "multiline")
    inputs = {}
    for kind, specs in info["input"].items():
        if kind == "hidden":
            continue
        inputs[kind] = []
        for name, (type_, options) in specs.items():
            choices = None if name in LISTS else options.get("options")
            inputs[kind].append(
                [name, type_, choices, {key: options[key] for key in kept if key in options and name not in LISTS}]
            )
    return {"inputs": inputs, "outputs": [list(pair) for pair in zip(info["output"], info["output_name"], strict=True)]}
