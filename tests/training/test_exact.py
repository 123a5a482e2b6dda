"""Denoiser, parser and decoder, with nets of a few weights: stopped and gone on with, they are what they would have
been; so they are with blocks computed twice, and in two processes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from humandiffusion.cli import main
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.decoder import DecoderConfig
from humandiffusion.models.unet import HumanUNet
from humandiffusion.parsing.net import ParserConfig
from humandiffusion.parts import NUM_PARTS, PANTS, TOP

pytest.importorskip("accelerate")

from humandiffusion.training import decoder, denoiser, parser  # noqa: E402
from humandiffusion.training.lighten import lighten  # noqa: E402
from humandiffusion.training.metrics import read_metrics  # noqa: E402
from humandiffusion.training.perceptual import VggFeatures  # noqa: E402

ROOT = Path(__file__).parents[2]
TINY = DenoiserConfig(
    stem_channels=16, channels=(32, 32, 32), encoder_blocks=1, decoder_blocks=1, time_width=32, token_width=16,
    token_heads=2, head_width=16, spade_hidden=8,
)  # fmt: skip
# The command line with such nets, for processes of their own.
SMALL = """
import sys
from dataclasses import replace
import torch
from safetensors.torch import save_file
from humandiffusion.cli import main
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.decoder import DecoderConfig
from humandiffusion.parsing.net import ParserConfig
from humandiffusion.training import decoder, denoiser, parser
from humandiffusion.training.perceptual import VggFeatures
tiny = DenoiserConfig(
    stem_channels=16, channels=(32, 32, 32), encoder_blocks=1, decoder_blocks=1, time_width=32, token_width=16,
    token_heads=2, head_width=16, spade_hidden=8,
)
denoiser.DenoiserConfig = lambda feature_dim: replace(tiny, feature_dim=feature_dim)
parser.ParserConfig = lambda: ParserConfig(widths=(16, 16, 16, 16), blocks=1)
decoder.DecoderConfig = lambda: DecoderConfig(channels=(16, 16), blocks=1, head=8)
decoder.CUT = 32
decoder.load_vgg_features = lambda dtype: VggFeatures().to(dtype)
begun = []
def watched(start):
    def begin(*given, **told):
        begun.append(start(*given, **told))
        return begun[-1]
    return begin
for run in (decoder, denoiser, parser):
    run.start = watched(run.start)
code = main(sys.argv[1:])
for number, net in enumerate(begun[0]._models if begun else ()):
    weights = {name: parameter.detach().contiguous() for name, parameter in net.named_parameters()}
    save_file(weights, f"net{number}-{begun[0].process_index}.safetensors")
sys.exit(code)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty drawn photos with maps."""
    root, draw = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for name in ("images", "parsing"):
        (root / name).mkdir()
    labels = np.zeros((128, 64), np.uint8)
    labels[10:60, 12:36], labels[60:120, 16:32] = TOP, PANTS
    for number in range(20):
        picture = draw.integers(0, 256, (24, 3))[labels].astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{number}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{number}.png")
    records = [{"id": str(number)} for number in range(20)]
    (root / "index.json").write_text(json.dumps({"records": records}))
    return root


RUNS = {
    "denoiser": ["--variants", "1", "--accumulate", "2"],
    "parser": ["--width", "64"],
    "decoder": [],
}


@pytest.mark.parametrize("name", RUNS)
def test_four_steps_are_two_and_a_resume_of_two(
    name: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoiser, "DenoiserConfig", lambda feature_dim: replace(TINY, feature_dim=feature_dim))
    monkeypatch.setattr(parser, "ParserConfig", lambda: ParserConfig(widths=(16, 16, 16, 16), blocks=1))
    monkeypatch.setattr(decoder, "DecoderConfig", lambda: DecoderConfig(channels=(16, 16), blocks=1, head=8))
    monkeypatch.setattr(decoder, "CUT", 32)
    # The real weights are in a package of their own; untrained ones show the same way through the loop.
    monkeypatch.setattr(decoder, "load_vgg_features", steady_features)
    common = ["train", name, "--data", str(photos), "--batch", "2", "--workers", "0", "--log-every", "1"]
    common += ["--steps", "4", "--precision", "no", "--cache", str(tmp_path / "cache"), *RUNS[name]]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main([*common, "--out", str(whole)]) == 0
    assert main([*common, "--out", str(broken), "--stop-at", "2"]) == 0
    assert main([*common, "--out", str(broken), "--resume"]) == 0
    once, twice = (
        [{key: cell for key, cell in row.items() if "second" not in key} for row in read_metrics(out)]
        for out in (whole, broken)
    )
    scored = [row for row in twice if "miou" not in row]
    assert [row for row in once if "miou" not in row] == scored and len(scored) == 4
    file = {"denoiser": "unet", "parser": "average", "decoder": "decoder"}[name]
    weights = [load_file(out / f"{file}.safetensors") for out in (whole, broken)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_blocks_computed_twice_give_the_same_gradients() -> None:
    torch.manual_seed(0)
    plain = HumanUNet(replace(TINY, feature_dim=8))
    light = HumanUNet(replace(TINY, feature_dim=8))
    light.load_state_dict(plain.state_dict())
    lighten(light)
    x, sigma = torch.randn(2, 3, 64, 64), torch.tensor([0.3, 0.7])
    shares = torch.rand(2, NUM_PARTS, 16, 16).softmax(1)
    features, present = torch.randn(2, NUM_PARTS, 8), torch.ones(2, NUM_PARTS)
    for net in (plain, light):
        net(x, sigma, shares, features, present).square().mean().backward()
    gradients = dict(light.named_parameters())
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name].grad)


@pytest.mark.parametrize("name", RUNS)
def test_it_trains_in_two_processes(name: str, photos: Path, tmp_path: Path) -> None:
    script, out = tmp_path / "small.py", tmp_path / "out"
    script.write_text(SMALL)
    launch = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"
    launch += " --dynamo_backend no --main_process_port 0"
    words = f"train {name} --batch 2 --workers 0 --log-every 1 --steps 4 --precision no".split()
    words += [*RUNS[name], *(["--checkpointing"] if name == "denoiser" else [])]
    done = subprocess.run(
        [sys.executable, *launch.split(), script, *words, "--data", photos, "--out", out],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert [row["step"] for row in read_metrics(out) if "miou" not in row] == ["1", "2", "3", "4"]
    file = {"denoiser": "unet", "parser": "average", "decoder": "decoder"}[name]
    weights = load_file(out / f"{file}.safetensors")
    assert all(torch.isfinite(tensor.float()).all() for tensor in weights.values())
    for number in range(2 if name == "decoder" else 1):  # the decoder's critic, too
        ours, theirs = (load_file(tmp_path / f"net{number}-{process}.safetensors") for process in range(2))
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def steady_features(dtype: torch.dtype) -> VggFeatures:
    """The same in every run."""
    torch.manual_seed(5)
    return VggFeatures().to(dtype)
