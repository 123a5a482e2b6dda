"""`humandiffusion train encoder|denoiser|reconstructions|decoder|assemble|sd-adapter|parser ...`: the runs, in the
order that makes a model; the adapter for Stable Diffusion and the parser stand alone.
"""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from .common import Commands

RUNS = {
    "encoder": "the part encoder",
    "denoiser": "the native U-Net",
    "reconstructions": "the denoiser's own pictures of photos, for the decoder to learn from",
    "decoder": "the picture decoder behind the denoiser",
    "assemble": "denoiser and decoder into one file",
    "sd-adapter": "MCA for a Stable Diffusion 1.5 or SDXL that stays as it is",
    "parser": "the parser that turns a photo into a semantic pose",
}


def add(commands: Commands, words: Sequence[str]) -> None:
    """Register the command. A run's own options need its module, which is imported only if `words` ask for that run."""
    parser = commands.add_parser(
        "train",
        help="train the denoiser, the picture decoder, the part encoder, MCA for Stable Diffusion, or the parser",
    )
    runs = parser.add_subparsers(metavar="|".join(RUNS), required=True)
    for name, about in RUNS.items():
        run = runs.add_parser(name, help=about)
        if list(words[:2]) == ["train", name]:
            module = _training(name)
            module.add_arguments(run)
            run.set_defaults(run=lambda args, module=module: module.run(args) or 0)


def _training(name: str) -> ModuleType:
    return import_module(f"..training.{name.replace('-', '_')}", __package__)
