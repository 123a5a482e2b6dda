"""`humandiffusion train denoiser|decoder|encoder ...`: the training runs, on a folder of photos with part maps."""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from .common import Commands

RUNS = {
    "denoiser": "the native U-Net",
    "decoder": "the picture decoder behind it",
    "encoder": "the part encoder",
}


def add(commands: Commands, words: Sequence[str]) -> None:
    """Register the command. A run's own options need its module, which is imported only if `words` ask for that run."""
    parser = commands.add_parser("train", help="train the denoiser, the picture decoder or the part encoder")
    runs = parser.add_subparsers(metavar="|".join(RUNS), required=True)
    for name, about in RUNS.items():
        run = runs.add_parser(name, help=about)
        if list(words[:2]) == ["train", name]:
            module = _training(name)
            module.add_arguments(run)
            run.set_defaults(run=lambda args, module=module: module.run(args) or 0)


def _training(name: str) -> ModuleType:
    return import_module(f"..training.{name}", __package__)
