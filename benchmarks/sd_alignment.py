"""What MCA on Stable Diffusion costs, and how exact it is, inside ComfyUI on random weights of the true layout.

    COMFYUI_PATH=~/comfy/ComfyUI COMFYUI_PYTHON=~/comfy/venv/bin/python python benchmarks/sd_alignment.py --json sd.json

A step is one evaluation of KSampler with guidance; a part has 8 tokens. SD 1.5 at 512 x 768, SDXL at 1024 x 1024.
  flops, flops_xl   FLOPs of matrix products and convolutions of a step over plain KSampler. The sampler runs as always,
                    the U-Net on tensors that have shapes but no values.
  wall              time of a run of one step over plain KSampler, in turns in one process: median over --rounds. Let
                    the machine be quiet.
  memory            peak of a step with 16 parts over that of a plain one, each in a fresh process: what the process
                    holds resident at most once the model is loaded, or what torch has allocated where there is a GPU.
  laws              change outside a part's region if its phrase changes; a batch against its pictures one by one.
  parity            the same weights in diffusers, with attention processors on the same tensor functions.
Where the interpreter that runs this has no diffusers, the one in .venv compares; without either, parity stays empty.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from common import ROOT, Figures, report, start

HERE = Path(__file__).resolve().parent
SECTIONS = ("flops", "flops_xl", "wall", "memory", "laws", "parity")
PARTS = 16
WANTED = {
    "flops_ratio_6": "<= 1.005, SD 1.5, words only",
    "flops_ratio_16": "<= 1.01",
    "flops_ratio_6_image": "<= 1.01, words and image tokens",
    "flops_ratio_16_image": "<= 1.02",
    "flops_ratio_trained": "an MCA adapter of train sd-adapter, without words",
    "flops_ratio_6_trained": "<= 1.01, the same beside words for 6 parts",
    "setmask_flops_ratio_6": "ConditioningSetMask with the same 6 regions",
    "sdxl_flops_ratio_6": "<= 1.01, SDXL, words only",
    "sdxl_flops_ratio_16": "<= 1.02",
    "sdxl_flops_ratio_trained": "an MCA adapter of train sd-adapter, without words",
    "sdxl_flops_ratio_6_trained": "the same beside words for 6 parts",
    "wall_ratio_6": "<= 1.03, SD 1.5, words only",
    "wall_ratio_16": "<= 1.06",
    "cpu_ratio_6": "processor time likewise, which other programs disturb less",
    "cpu_ratio_16": "processor time likewise",
    "setmask_wall_ratio_6": "ConditioningSetMask with the same 6 regions",
    "memory_ratio_16": "<= 1.03, peak of a step",
    "sites_fired": "all cross-attentions, each once",
    "sdxl_sites_fired": "all cross-attentions, each once",
    "leak_exclusive": "<= 1e-6, change outside the part's region, exclusive, same queries",
    "change_inside": "the same inside it",
    "batch_error": "three maps and texts at once against one by one",
    "batch_error_plain": "the same without MCA",
    "parity_one_step": "<= 1e-3, diffusers against ComfyUI, MCA on, both halves of guidance",
    "parity_four_steps": "<= 1e-3",
    "parity_one_step_plain": "without MCA",
    "parity_four_steps_plain": "without MCA",
}


def main() -> None:
    """Measure the sections asked for, print and write the figures."""
    args = _arguments()
    if args.folder is not None:
        figures = _measure(args, args.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = _measure(args, Path(folder))
    title = "MCA on Stable Diffusion" + (
        ": a quick look at small networks, no figures to compare" if args.quick else ""
    )
    report(title, figures, WANTED, args.json)


def _measure(args: argparse.Namespace, folder: Path) -> Figures:
    figures: Figures = {}
    for section in args.sections:
        print(f"{section} ...", file=sys.stderr)
        found = _memory(args, folder) if section == "memory" else _inside(args, folder, section)
        if section == "parity":
            found |= _diffusers(args, folder)
        print(json.dumps(found), file=sys.stderr)  # a long way: what is found is not lost
        figures |= found
    return figures


def _memory(args: argparse.Namespace, folder: Path) -> Figures:
    plain, aligned = (_inside(args, folder, "memory", f"--parts={parts}") for parts in (0, PARTS))
    peaks = float(plain["peak_mib_0"] or 0), float(aligned[f"peak_mib_{PARTS}"] or 0)
    return plain | aligned | {f"memory_ratio_{PARTS}": peaks[1] / peaks[0]}


def _inside(args: argparse.Namespace, folder: Path, section: str, *options: str) -> Figures:
    given = [args.comfyui, folder, section, f"--rounds={args.rounds}", *options, *(["--quick"] if args.quick else [])]
    return _figures_of([args.comfyui_python, HERE / "sd_inside.py", *given])


def _diffusers(args: argparse.Namespace, folder: Path) -> Figures:
    python = _with_diffusers()
    if python is None:
        print("parity: no interpreter with diffusers; run make demo, or pip install '.[cli]'", file=sys.stderr)
        return dict.fromkeys(name for name in WANTED if name.startswith("parity"))
    return _figures_of([python, HERE / "sd_diffusers.py", folder, "small_sd15" if args.quick else "sd15"])


def _with_diffusers() -> Path | None:
    venv = [ROOT / ".venv" / "bin" / "python", ROOT / ".venv" / "Scripts" / "python.exe"]
    if find_spec("diffusers") is not None:
        return Path(sys.executable)
    return next((python for python in venv if python.is_file()), None)


def _figures_of(command: list[object]) -> Figures:
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _arguments() -> argparse.Namespace:
    from humandiffusion.errors import InputError

    home = Path.home() / "comfy"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument(
        "--comfyui", type=Path, default=os.environ.get("COMFYUI_PATH") or home / "ComfyUI", help="or COMFYUI_PATH"
    )
    parser.add_argument(
        "--comfyui-python",
        type=Path,
        default=os.environ.get("COMFYUI_PYTHON") or home / "venv" / "bin" / "python",
        help="its interpreter, or COMFYUI_PYTHON",
    )
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of wall time (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="small networks and pictures, to see that it works")
    parser.add_argument("--folder", type=Path, help="keeps the random checkpoints (2 GB) for the next time")
    args = parser.parse_args()
    if not (args.comfyui / "main.py").is_file() or not args.comfyui_python.is_file():
        raise InputError(
            f"comfyui: none at {args.comfyui} with {args.comfyui_python}, wanted a checkout and its interpreter; set "
            "COMFYUI_PATH and COMFYUI_PYTHON"
        )
    return args


if __name__ == "__main__":
    start(main, needs=("torch",))
