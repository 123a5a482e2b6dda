"""Random weights, and safetensors files of them: values near 1 wherever they are used, however deep the network."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]
Shapes = dict[str, Shape]
Values = Callable[[str, Shape], Tensor | None]

_NORM = re.compile(r"(norm\w*|ln_\w+|in_layers\.0|out_layers\.0|(^|\.)out\.0)\.weight$")
# The layer that ends a residual branch: small, so that a stack of branches stays finite in fp16.
_ENDS = re.compile(r"(out_layers\.3|proj_out|to_out\.0|ff\.net\.2|out_proj|fc2|c_proj|conv2)\.weight$")
_TEXT_LAYER = re.compile(r"(?:encoder\.layers|resblocks)\.(\d+)\.")


def random_values(seed: int, text_layers: int = 99, latent_scale: float = 0.18215) -> Values:
    """What a tensor of a name and shape holds, None for zeros; the same for the same seed.

    Layers of text towers beyond `text_layers` are zeros; TAESD stores the `latent_scale`. All draw from one pool of
    normal numbers at places of their own: fast, and no two rows alike.
    """
    generator = torch.Generator().manual_seed(seed)
    pool = torch.randn(4_194_301, generator=generator).half()  # a prime number, so that no row repeats the one before
    fixed = {"vae_scale": latent_scale, "vae_shift": 0.0, "logit_scale": 4.6055}

    def values(name: str, shape: Shape) -> Tensor | None:
        layer = _TEXT_LAYER.search(name)
        if layer is not None and int(layer[1]) >= text_layers:
            return None
        if (last := name.rsplit(".", 1)[-1]) in fixed:
            return torch.tensor(fixed[last])
        if _NORM.search(name):
            return torch.ones(shape)
        first, count = int(torch.randint(len(pool), (), generator=generator)), math.prod(shape)
        scaled = pool[first : first + count] * _deviation(name, shape)
        if len(scaled) < count:
            scaled = torch.cat((scaled, (pool * _deviation(name, shape)).repeat(-(-count // len(pool)))))[:count]
        return scaled.view(shape)

    return values


def write_safetensors(path: Path, shapes: Shapes, values: Values, note: str) -> None:
    """Write tensors in fp16, one at a time; zeros as holes, which take no room where the file system knows them."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt", "note": note}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            held = values(name, shape)
            if held is None:
                file.seek(2 * math.prod(shape), 1)
            else:
                file.write(held.half().contiguous().numpy().tobytes())
        file.truncate(8 + len(text) + end)


def _deviation(name: str, shape: Shape) -> float:
    if name.endswith("bias"):
        return 0.02
    if "token_embedding" in name:
        return 0.5
    if "position" in name:
        return 0.1
    return (0.5 if _ENDS.search(name) else 1.0) / math.sqrt(math.prod(shape[1:]))
