"""Files of our own parser: one safetensors file, its sizes in the header."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..models.io import config_from, plain_config
from ..safetensors_io import read_model, write_model
from .net import ParserConfig, ParserNet

KIND = "humandiffusion-parser"
BUILTIN = Path(__file__).parent.parent / "weights" / "parser.safetensors"


@dataclass(frozen=True)
class ParserFile:
    """A net, ready to run, how many pixels it wants to see, what its file says of itself, and an id that follows from
    its weights."""

    net: ParserNet
    area: int
    metadata: dict[str, Any]
    parser_id: str


def load_parser_net(
    name_or_path: str | Path = "builtin",
    *,
    operations: ModuleType | Any = torch.nn,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
) -> ParserFile:
    """Build the net of `builtin` or a .safetensors file, in evaluation mode. Raises InputError."""
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    tensors, metadata = read_model(path, KIND, "parser")
    try:
        config, area = config_from(ParserConfig, metadata["config"]), int(metadata["area"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"parser {path}: its header lacks {error}; get the file anew") from error
    net = ParserNet(config, operations=operations, device=device, dtype=dtype)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        message = " ".join(str(error).split())[:160]
        raise InputError(f"parser {path}: weights and sizes do not belong together ({message}); get it anew") from error
    return ParserFile(net.eval().requires_grad_(False), area, metadata, _identity(tensors))


def save_parser(path: Path, config: ParserConfig, state: dict[str, Tensor], *, area: int, **about: object) -> None:
    """Write a net's state without norms (`net.fold_norms`) as fp16; the file appears whole or not at all. `area`:
    pixels of the views that it was trained on."""
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in state.items()}
    write_model(path, KIND, tensors, {"config": plain_config(config), "area": area, **about})


def _identity(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().view(torch.uint8).numpy().tobytes())
    return f"humandiffusion-parser-{digest.hexdigest()[:12]}"
