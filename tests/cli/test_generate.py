"""`humandiffusion generate` on tiny random weights: what it writes, and that a bad input leaves nothing behind."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
TEXT = "a woman in a red shirt and blue jeans"


@pytest.fixture
def generate(humandiffusion: Callable, tiny_files: Any, tmp_path: Path) -> Callable:
    """`generate(**options)`: one picture with two steps, each option replaced or (None) left out."""

    def run(**changes: Any) -> Any:
        options = {"text": TEXT, "pose": tiny_files.pose, "out": tmp_path / "out.png", "seed": 1, "steps": 2}
        options |= {"model": tiny_files.model, "encoder": tiny_files.encoder, "memory": tiny_files.memory, **changes}
        words = [word for name, value in options.items() if value is not None for word in (_option(name), value)]
        return humandiffusion("generate", *words)

    return run


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def test_a_picture_and_its_sheet(generate: Callable, tmp_path: Path) -> None:
    ended = generate(sheet=tmp_path / "sheet.png")
    assert ended.code == 0, ended.err
    assert ended.out == f"{tmp_path / 'out.png'}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "sheet.png"]
    with Image.open(tmp_path / "out.png") as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (64, 96))


def test_the_same_seed_gives_the_same_file_and_another_seed_another(generate: Callable, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert generate(out=tmp_path / f"{name}.png", seed=seed).code == 0
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_it_is_the_pipeline_that_paints(generate: Callable, tiny_files: Any, tmp_path: Path) -> None:
    from humandiffusion.pipeline import HumanDiffusionPipeline
    from humandiffusion.pose.io import load_pose
    from humandiffusion.sampling import seeded_generator

    assert generate(seed=7, steps=3, cfg=1.5).code == 0
    pipeline = HumanDiffusionPipeline.from_files(
        model=tiny_files.model, encoder=tiny_files.encoder, memory=tiny_files.memory
    )
    pose = load_pose(tiny_files.pose)
    made = pipeline(TEXT, pose, num_inference_steps=3, guidance_scale=1.5, generator=seeded_generator(7))
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.tobytes() == made.images[0].tobytes()


@pytest.mark.parametrize("size", ["32x64", "96X64"])
def test_size_is_width_by_height(generate: Callable, tmp_path: Path, size: str) -> None:
    assert generate(size=size).code == 0
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == tuple(int(side) for side in size.lower().split("x"))


def test_a_preset_is_a_pose(generate: Callable, tmp_path: Path) -> None:
    from humandiffusion.pose.presets import preset_names

    assert generate(pose=f"preset:{preset_names()[0]}", size="64x96", steps=1).code == 0


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"text": ""}, "--text: got an empty text"),
        ({"text": " \n"}, "--text: got an empty text"),
        ({"text": None}, "--text: missing"),
        ({"pose": "preset:flying"}, "flying"),
        ({"pose": "no-such-map.png"}, "no-such-map.png"),
        ({"size": "250x384"}, "the nearest is 256x384"),
        ({"size": "0x0"}, "multiples of 32"),
        ({"model": "no-such.safetensors"}, "no-such.safetensors"),
        ({"encoder": "no-such.safetensors"}, "no-such.safetensors"),
        ({"memory": "no-such.safetensors"}, "no-such.safetensors"),
        ({"device": "toaster"}, "--device: got 'toaster'"),
        ({"out_dir": "."}, "not together with --jobs"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_written(
    generate: Callable, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    ended = generate(sheet=tmp_path / "sheet.png", **changes)
    assert ended.code == 2 and not ended.out
    assert ended.err.startswith("humandiffusion: error: ") and ended.err.count("\n") == 1
    assert told in ended.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["truncated", "empty", "text", "swapped"])
@pytest.mark.parametrize("which", ["model", "encoder", "memory"])
def test_a_damaged_or_wrong_file_is_refused_by_name(
    generate: Callable, tiny_files: Any, tmp_path: Path, which: str, kind: str
) -> None:
    good = getattr(tiny_files, which).read_bytes()
    other = tiny_files.encoder if which == "model" else tiny_files.model
    content = {"truncated": good[: len(good) // 2], "empty": b"", "text": b"hello", "swapped": other.read_bytes()}
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(content[kind])
    ended = generate(**{which: bad})
    assert ended.code == 2 and ended.err.count("\n") == 1 and "bad.safetensors" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.safetensors"]


def test_a_memory_of_another_encoder_is_refused_and_both_are_named(
    generate: Callable, tiny_files: Any, tmp_path: Path
) -> None:
    from dataclasses import replace

    from humandiffusion.smr.io import load_memory, save_memory

    memory = load_memory(tiny_files.memory)
    save_memory(replace(memory, encoder_id="clip-vit-b"), tmp_path / "other.safetensors")
    ended = generate(memory=tmp_path / "other.safetensors")
    assert ended.code == 2 and ended.err.count("\n") == 1
    assert "clip-vit-b" in ended.err and memory.encoder_id in ended.err


@pytest.mark.parametrize(
    "mode, value, told",
    [("RGBA", (0, 0, 0, 128), ""), ("L", 77, "77"), ("RGB", (1, 2, 3), ""), ("I;16", 5, "")],
)
def test_a_map_of_the_wrong_mode_or_with_an_unknown_index_is_refused(
    generate: Callable, tmp_path: Path, mode: str, value: Any, told: str
) -> None:
    Image.new(mode, (64, 96), value).save(tmp_path / "map.png")
    ended = generate(pose=tmp_path / "map.png")
    assert ended.code == 2 and ended.err.count("\n") == 1 and "map.png" in ended.err and told in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_jobs_load_once_report_a_bad_line_and_go_on(
    humandiffusion: Callable, tiny_files: Any, tmp_path: Path
) -> None:
    good = {"text": TEXT, "pose": str(tiny_files.pose), "seed": 1, "note": "ignored"}
    lines = [
        json.dumps({"id": "one", **good}),
        "not json",
        json.dumps({"id": "no-text", "pose": good["pose"]}),
        json.dumps({"id": "../escape", **good}),
        "",
        json.dumps({"id": "no-map", **good, "pose": "gone.png"}),
        json.dumps({"id": "one", **good}),
        json.dumps({"id": "seed", **good, "seed": -1}),
        json.dumps({"id": "empty", **good, "text": " "}),
        "[]",
        json.dumps({"id": 2, **good}),
    ]
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "made" / "here"
    ended = humandiffusion("generate", "--jobs", jobs, "--out-dir", out, "--steps", 1, *tiny_files.options)
    assert ended.code == 1
    assert sorted(path.name for path in out.iterdir()) == ["2.png", "one.png"]
    assert ended.out.splitlines() == [str(out / "one.png"), str(out / "2.png")]
    assert (out / "one.png").read_bytes() == (out / "2.png").read_bytes()
    for number in (2, 3, 4, 6, 7, 8, 9, 10):
        assert ended.err.count(f"jobs.jsonl line {number}: ") == 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".png"] == []


def test_good_jobs_end_with_zero_and_equal_single_pictures(
    humandiffusion: Callable, generate: Callable, tiny_files: Any, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs.jsonl"
    job = {"id": "a", "text": TEXT, "pose": str(tiny_files.pose), "seed": 5}
    jobs.write_text(json.dumps(job) + "\n" + json.dumps({**job, "id": "b", "seed": 6}) + "\n", encoding="utf-8")
    options = ["--jobs", jobs, "--out-dir", tmp_path, "--steps", 2, *tiny_files.options]
    assert humandiffusion("generate", *options).code == 0
    assert generate(seed=6).code == 0
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_a_jobs_file_that_cannot_be_read_is_told_before_anything(
    humandiffusion: Callable, tmp_path: Path, content: bytes | None
) -> None:
    jobs = tmp_path / "jobs.jsonl"
    if content is not None:
        jobs.write_bytes(content)
    ended = humandiffusion("generate", "--jobs", jobs, "--out-dir", tmp_path / "out")
    assert ended.code == 2 and ended.err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_jobs_and_a_single_picture_do_not_mix(generate: Callable, tmp_path: Path) -> None:
    ended = generate(jobs=tmp_path / "jobs.jsonl", out_dir=tmp_path)
    assert ended.code == 2 and "not together with --jobs" in ended.err


def test_nothing_else_is_on_standard_error_of_a_fresh_process(tiny_files: Any, tmp_path: Path) -> None:
    options = ["--text", TEXT, "--pose", str(tiny_files.pose), "--out", str(tmp_path / "out.png")]
    command = [sys.executable, "-m", "humandiffusion", "generate", *options, *tiny_files.options]
    command[-1] = str(tiny_files.model)  # as --memory
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_leaves_nothing_half_written(tiny_files: Any, tmp_path: Path) -> None:
    options = ["--text", TEXT, "--pose", str(tiny_files.pose), "--out", str(tmp_path / "out.png")]
    options += ["--steps", "1000"]  # so many that it cannot end before it is interrupted
    command = [sys.executable, "-m", "humandiffusion", "generate", *options, *tiny_files.options]
    # A shell that starts these tests in the background has what they start ignore the signal.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes: Any = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=heard, **pipes)
    assert process.stderr is not None
    while process.stderr.read(1) not in ("%", ""):  # the progress bar: it is sampling
        pass
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 and not out
    assert err.strip().splitlines()[-1].startswith("humandiffusion: error: interrupted")
    assert not list(tmp_path.iterdir())
