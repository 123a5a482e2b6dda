"""What the training loop costs: pictures a second of `train denoiser`, over the bare forward and backward of the same
net on one batch that is there already.

`python benchmarks/training.py [--batch 8] [--steps 12] [--turns 3] [--clock wall] [--json OUT]`; it draws its own
photos. Stretches of both take turns in one process, so that what else the machine does falls on both. The loop's
seconds hold drawing the batch, mixing, noise, clipping, the optimiser, the moving average and the log; not checkpoints
and sheets, which `--save-every` spaces.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from common import Figures, report, start

HEIGHT, WIDTH, PHOTOS = 384, 256, 12


def main() -> None:
    parser = argparse.ArgumentParser(description="What the training loop costs over the bare net.")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12, help="of a stretch (default %(default)s)")
    parser.add_argument("--turns", type=int, default=3, help="stretches of both (default %(default)s)")
    parser.add_argument("--precision", choices=("no", "bf16"), default="bf16")
    parser.add_argument(
        "--clock", choices=("wall", "processor"), default="wall", help="processor: on a CPU that others keep busy"
    )
    parser.add_argument("--json", type=Path, default=None)
    args = parser.parse_args()
    if args.clock == "processor":
        time.monotonic = time.process_time  # the loop counts its seconds by the same clock
    report("training loop", measure(args), {"loop_over_bare": "1.15 at most"}, args.json)


def measure(args: argparse.Namespace) -> Figures:
    """Seconds a step of both, and their ratio."""
    loop: list[float] = []
    bare: list[float] = []
    with TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        _draw_photos(photos)
        for turn in range(args.turns):
            bare += _bare(args)
            loop += _loop(args, photos, Path(folder), turn)
    seconds, least = statistics.median(loop), statistics.median(bare)
    return {
        "loop_seconds": seconds,
        "bare_seconds": least,
        "loop_over_bare": seconds / least,
        "pictures_per_second": args.batch / seconds,
        "batch": args.batch,
        "precision": args.precision,
        "clock": args.clock,
    }


def _loop(args: argparse.Namespace, photos: Path, folder: Path, turn: int) -> list[float]:
    """Seconds of each step of a run of the command line, but its first two."""
    from humandiffusion.cli import main as command
    from humandiffusion.training import denoiser
    from humandiffusion.training.metrics import read_metrics

    denoiser.SAMPLES = 1  # the sheet at the end is not what is measured
    out = folder / f"run{turn}"
    words = ["train", "denoiser", "--data", photos, "--out", out, "--cache", folder / "cache", "--variants", 1,
             "--workers", 0, "--batch", args.batch, "--steps", args.steps, "--coarse-share", 0, "--log-every", 1,
             "--precision", args.precision]  # fmt: skip
    if command(list(map(str, words))) != 0:
        raise SystemExit("the run of the loop failed")
    ends = [float(row["seconds"]) for row in read_metrics(out)]
    return [after - before for before, after in zip(ends[1:-1], ends[2:], strict=True)]


def _bare(args: argparse.Namespace) -> list[float]:
    """Seconds of each forward and backward, but the first two."""
    import torch

    from humandiffusion.encoders.builtin import load_encoder
    from humandiffusion.models.config import DenoiserConfig
    from humandiffusion.models.unet import HumanUNet
    from humandiffusion.parts import NUM_PARTS
    from humandiffusion.training.lighten import plain_attention

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dim = load_encoder("builtin").dim
    unet = HumanUNet(DenoiserConfig(feature_dim=dim)).to(device, memory_format=torch.channels_last)
    size, cells = (HEIGHT // 2, WIDTH // 2), (HEIGHT // 8, WIDTH // 8)
    x = torch.randn(args.batch, 3, *size, device=device).to(memory_format=torch.channels_last)
    shares = torch.rand(args.batch, NUM_PARTS, *cells, device=device)
    features = torch.nn.functional.normalize(torch.randn(args.batch, NUM_PARTS, dim, device=device), dim=-1)
    given = (x, torch.full((args.batch,), 0.4, device=device), shares / shares.sum(1, keepdim=True), features)
    present = torch.ones(args.batch, NUM_PARTS, device=device)
    took = []
    for _ in range(args.steps):
        began = time.monotonic()
        with torch.autocast(device.type, torch.bfloat16, enabled=args.precision == "bf16"), plain_attention(device):
            guess = unet(*given, present)
        (guess.float() - x).square().mean().backward()
        unet.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.monotonic() - began)
    return took[2:]


def _draw_photos(root: Path) -> None:
    import numpy as np
    from PIL import Image

    from humandiffusion.parts import FACE, HAIR, PANTS, SKIN, TOP

    draw = np.random.default_rng(0)
    for name in ("images", "parsing"):
        (root / name).mkdir(parents=True)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[20:40, 108:148], labels[40:80, 108:148], labels[180:200, 72:88] = HAIR, FACE, SKIN
    labels[80:200, 88:168], labels[200:360, 96:160] = TOP, PANTS
    for number in range(PHOTOS):
        picture = draw.integers(0, 256, (24, 3))[labels] + draw.normal(0, 8, (HEIGHT, WIDTH, 3))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(root / "images" / f"{number}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{number}.png")
    records = [{"id": str(number)} for number in range(PHOTOS)]
    (root / "index.json").write_text(json.dumps({"records": records}), encoding="utf-8")


if __name__ == "__main__":
    start(main, needs=("torch", "accelerate", "tqdm"))
