"""An MCA adapter's file."""

from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ..safetensors_io import read_model, write_model
from .mca_adapter import McaAdapter
from .mca_layout import KIND, read_layout
from .part_adapter import load_weights


def is_mca_adapter(path: Path) -> bool:
    """Whether a file says that it is one; False also for what cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("kind") == KIND
    except (SafetensorError, OSError):
        return False


def save_mca_adapter(path: Path, adapter: McaAdapter, **about: Any) -> None:
    """Write it in half precision, with its layout and whatever else is told `about` it (JSON). Whole or not at all."""
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in adapter.state_dict().items()}
    write_model(path, KIND, tensors, {**about, **adapter.layout.about()})


def load_mca_adapter(
    path: Path, *, operations: ModuleType | Any = nn, dtype: torch.dtype | None = torch.float32, **factory: Any
) -> tuple[McaAdapter, dict[str, Any]]:
    """The adapter and what is told about it. Raises InputError for a file of any other kind, or a torn one."""
    tensors, about = read_model(path, KIND, "adapter")
    adapter = McaAdapter(read_layout(about, path.name), operations=operations, dtype=dtype, **factory)
    load_weights(adapter, tensors, path.name)
    return adapter.eval(), about
