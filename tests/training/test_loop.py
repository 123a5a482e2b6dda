"""The loop of every run: what was stopped goes on as if it had not been, nothing whole is ever lost, and many processes
share the work."""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

pytest.importorskip("accelerate")

from accelerate import Accelerator  # noqa: E402

from humandiffusion.errors import InputError  # noqa: E402
from humandiffusion.training.checkpoints import last_checkpoint  # noqa: E402
from humandiffusion.training.data.photo_data import Found, PhotoData  # noqa: E402
from humandiffusion.training.flags import changed_flags, write_flags  # noqa: E402
from humandiffusion.training.metrics import Metrics, read_metrics  # noqa: E402
from humandiffusion.training.run import _note_data, descend  # noqa: E402
from humandiffusion.training.turns import EndlessOrder  # noqa: E402

TOY = Path(__file__).with_name("toy_run.py")
COMMON = ["--batch", "2", "--workers", "0", "--log-every", "1", "--precision", "no"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def toy(out: Path, *words: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """A toy run of its own process; files of it may have `limit` bytes."""

    def confine() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(command(out, *words), env=ENVIRONMENT, capture_output=True, text=True, preexec_fn=confine)


def command(out: Path, *words: str) -> list[str]:
    return [sys.executable, str(TOY), "--data", str(out.parent / "photos"), "--out", str(out), *COMMON, *words]


def rows(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def losses(out: Path) -> list[tuple[str, str]]:
    return [(row["step"], row["loss"]) for row in read_metrics(out)]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten steps at one go, two batches a step."""
    out = tmp_path_factory.mktemp("toy") / "unbroken"
    assert toy(out, "--steps", "10", "--accumulate", "2").returncode == 0
    assert [step for step, _ in losses(out)] == [str(step) for step in range(1, 11)]
    return out


def test_ten_steps_are_five_and_a_resume_of_five_to_the_last_digit(unbroken: Path, tmp_path: Path) -> None:
    out = tmp_path / "broken"
    few = ("--steps", "10", "--accumulate", "2")
    assert toy(out, *few, "--stop-at", "5").returncode == 0
    assert int(last_checkpoint(out).name) == 5
    assert toy(out, *few, "--resume", "--workers", "1").returncode == 0
    assert losses(out) == losses(unbroken)
    once, twice = (load_file(folder / "toy.safetensors") for folder in (unbroken, out))
    assert all(torch.equal(once[name], twice[name]) for name in once)
    assert (unbroken / "shown-0.txt").read_text() == (out / "shown-0.txt").read_text()


def test_a_run_that_is_killed_again_and_again_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    whole, out, rng = tmp_path / "whole", tmp_path / "killed", random.Random(0)
    few = ("--steps", "30", "--save-every", "1", "--slow", "0.05")
    assert toy(whole, *few).returncode == 0
    kills = 0
    for _ in range(6):
        resumed = ["--resume"] if last_checkpoint(out) else []
        process = subprocess.Popen(command(out, *few, *resumed), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        before = last_checkpoint(out)
        while process.poll() is None and last_checkpoint(out) == before:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.4))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        for checkpoint in (out / "checkpoints").glob("[0-9]*"):
            assert (checkpoint / "custom_checkpoint_1.pkl").is_file()
    assert kills >= 3
    if int(last_checkpoint(out).name) < 30:
        assert toy(out, *few, "--resume").returncode == 0
    assert losses(out) == losses(whole)


def test_a_full_disk_loses_nothing_and_is_told(tmp_path: Path) -> None:
    out = tmp_path / "full"
    assert toy(out, "--steps", "6", "--stop-at", "2").returncode == 0
    full = toy(out, "--steps", "6", "--save-every", "2", "--resume", limit=4000)
    assert full.returncode != 0 and "cannot be written" in full.stderr and "step 2 is whole" in full.stderr
    assert [path.name for path in (out / "checkpoints").iterdir()] == ["00000002"]
    assert toy(out, "--steps", "6", "--resume").returncode == 0
    assert [step for step, _ in losses(out)] == ["1", "2", "3", "4", "5", "6"]


def test_a_disk_that_fills_up_between_checkpoints_is_told_too(tmp_path: Path) -> None:
    out = tmp_path / "filling"
    assert toy(out, "--steps", "400", "--stop-at", "2").returncode == 0
    full = toy(out, "--steps", "400", "--save-every", "1000", "--resume", limit=3000)
    assert full.returncode != 0 and "Traceback" not in full.stderr
    assert "cannot be written" in full.stderr and "step 2 is whole" in full.stderr
    assert toy(out, "--steps", "400", "--resume", "--stop-at", "4").returncode == 0
    assert [step for step, _ in losses(out)] == ["1", "2", "3", "4"]


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_saved(tmp_path: Path) -> None:
    ruined = toy(tmp_path / "ruined", "--steps", "9", "--save-every", "4", "--ruin", "5")
    assert ruined.returncode != 0
    assert "not a number at step 6" in ruined.stderr and "step 4 is good" in ruined.stderr
    assert int(last_checkpoint(tmp_path / "ruined").name) == 4


def test_other_flags_at_a_resume_are_refused_or_told(tmp_path: Path) -> None:
    out = tmp_path / "flags"
    assert toy(out, "--steps", "4", "--stop-at", "2").returncode == 0
    assert json.loads((out / "flags.json").read_text())["flags"]["stop_at"] == 2
    refused = toy(out, "--steps", "4", "--seed", "3", "--resume")
    assert refused.returncode != 0 and "--seed was 0, is 3" in refused.stderr
    again = toy(out, "--steps", "4")
    assert again.returncode != 0 and "is at step 2; go on with --resume" in again.stderr
    told = toy(out, "--steps", "4", "--lr", "0.1", "--resume")
    assert told.returncode == 0 and "--lr was not given, is 0.1" in told.stderr
    assert "holds no checkpoint" in toy(tmp_path / "nothing", "--resume").stderr


def test_a_run_of_an_older_version_goes_on_where_a_new_flag_is_about_photos_alone(tmp_path: Path) -> None:
    flags = {"seed": 0, "steps": 4, "unmapped": "skip", "processes": 1}
    write_flags(tmp_path, {name: value for name, value in flags.items() if name != "unmapped"})
    assert changed_flags(tmp_path, flags) == []
    with pytest.raises(InputError, match="--seed was 0, is 1"):
        changed_flags(tmp_path, {**flags, "seed": 1})


def test_a_list_of_photos_that_was_cut_short_is_told_and_made_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args, accelerator = argparse.Namespace(out=tmp_path, resume=True), Accelerator(cpu=True)
    photos = PhotoData(("one", "two"), {}, (8, 8))
    (tmp_path / "data.json").write_text("")
    _note_data(args, accelerator, Found(photos, photos))
    assert "the photos may be others" in capsys.readouterr().err
    assert json.loads((tmp_path / "data.json").read_text())["photos"] == 2
    _note_data(args, accelerator, Found(photos, photos))
    assert capsys.readouterr().err == ""
    _note_data(args, accelerator, Found(photos.first(1), photos))
    assert "2 photos before, 1 now" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]


def test_a_queue_that_ends_a_run_leaves_a_checkpoint_of_its_last_step(tmp_path: Path) -> None:
    out = tmp_path / "queued"
    few = ("--steps", "2000", "--slow", "0.05")
    process = subprocess.Popen(command(out, *few), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    while not losses(out):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0 and "--resume goes on" in told
    assert losses(out)[-1][0] == str(int(last_checkpoint(out).name))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six steps of two batches in two processes, stopped after three."""
    out = tmp_path_factory.mktemp("pair") / "two"
    for words in (("--stop-at", "3"), ("--resume",)):
        # The launcher for many GPUs; without any, the processes meet by gloo on the CPU.
        together = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
                    "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
                    "--main_process_port", "0"]  # fmt: skip
        done = subprocess.run(
            [*together, *command(out, "--steps", "6", "--accumulate", "2", *words)[1:]],
            env=ENVIRONMENT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    return out


def test_two_processes_show_the_net_different_numbers_and_log_once(pair: Path) -> None:
    shown = [rows(pair / f"shown-{i}.txt") for i in range(2)]
    assert [row[2] for row in shown[0]] == [[4.0 * batch, 4.0 * batch + 1] for batch in range(12)]
    assert [row[2] for row in shown[1]] == [[4.0 * batch + 2, 4.0 * batch + 3] for batch in range(12)]
    assert [step for step, _ in losses(pair)] == ["1", "2", "3", "4", "5", "6"]
    # One may prepare, or draw a sheet, for longer than the 10 minutes that the others would wait.
    assert all(float((pair / f"waits-{i}.txt").read_text()) >= 3600 for i in range(2))
    assert json.loads((pair / "flags.json").read_text())["flags"]["processes"] == 2
    ours, theirs = (load_file(pair / f"net-{i}.safetensors") for i in range(2))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_gradients_travel_once_a_step_however_many_batches_it_has(pair: Path) -> None:
    for i in range(2):
        travelled = rows(pair / f"travelled-{i}.txt")
        assert sorted({step for step, _ in travelled}) == list(range(6)) and {part for _, part in travelled} == {1}


def test_every_row_is_shown_once_before_any_is_shown_again() -> None:
    order = EndlessOrder(7, seed=3)
    seen = [order[i] for i in range(21)]
    assert all(sorted(seen[start : start + 7]) == list(range(7)) for start in (0, 7, 14))
    assert seen[:7] != seen[7:14] and EndlessOrder(7, seed=3)[13] == seen[13]


def test_figures_from_after_a_checkpoint_are_dropped_and_columns_may_come_later(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.begin(0, False)
    for step in (1, 2, 3):
        metrics.write(step, 0.5 * step, {"loss": 1 / step})
    metrics.write(3, 1.5, {"score": 0.25})
    with metrics.path.open("a") as file:
        file.write("4,2.0")  # what a kill leaves of a row
    resumed = Metrics(tmp_path)
    resumed.begin(2, False)
    resumed.write(3, 1.6, {"loss": 0.3})
    rows = read_metrics(tmp_path)
    assert [row["step"] for row in rows] == ["1", "2", "3"] and rows[-1]["loss"] == "0.3"
    assert float(rows[1]["loss"]) == 1 / 2


def test_a_gradient_that_is_no_number_never_reaches_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    accelerator = Accelerator(cpu=True)
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    net, optimiser = accelerator.prepare(net, torch.optim.AdamW(net.parameters(), lr=1.0))
    loss = net(torch.ones(1, 1)).sqrt().sum()  # 0, and steep without end
    descend(accelerator, loss, net, optimiser, clip=1.0)
    assert loss.item() == 0 and net.weight.item() == 0
    assert "not a number" in capsys.readouterr().err
