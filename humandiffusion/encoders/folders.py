"""Reading a CLIP or SigLIP folder: config.json, safetensors and a tokenizer, each family with its own habits."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from ..adapters.towers import tower_of
from ..errors import InputError
from .clip import FolderPartEncoder
from .identity import CROPS, digest, encoder_id, some_values
from .tokenisers import Tokenise, brief, import_transformers, load_tokeniser

_MODELS = {"clip": "CLIPModel", "siglip": "SiglipModel"}
_OF_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_OF_SIGLIP = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_PHRASES = ("", "a red plaid shirt", "Grey-blue, V-neck T-shirt!", "tweed " * 90)
_WANTED = "wanted the folder of a CLIP or SigLIP, with config.json, model.safetensors and its tokenizer's files"


def load_folder_encoder(
    folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> FolderPartEncoder:
    """The part encoder in `folder`; in half precision on a GPU, if `dtype` does not say otherwise.

    Raises InputError that says what the folder lacks, or that transformers is not installed.
    """
    config = _json(folder, "config.json")
    family = config.get("model_type")
    if family not in _MODELS:
        raise InputError(f"part encoder {folder.name}: got a model of type {family!r}, {_WANTED}")
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"part encoder {folder.name}: there is no .safetensors file in the folder, and nothing else is read as "
            "weights; get model.safetensors of the same checkpoint"
        )
    where = torch.device(device)
    model = _model(folder, family, dtype or (torch.float32 if where.type == "cpu" else torch.float16))
    mean, spread = _colours(folder, family)
    sizes: Any = model.config
    size, longest = int(sizes.vision_config.image_size), int(sizes.text_config.max_position_embeddings)
    tokenise = load_tokeniser(folder, family, longest)
    said = f"{CROPS}; {size} pixels; mean {mean}; spread {spread}; {_read_as(tokenise)}"
    return FolderPartEncoder(
        model=model.to(where),
        tokenise=tokenise,
        dim=_widths(sizes)[0],
        crop_size=size,
        mean=mean,
        spread=spread,
        encoder_id=encoder_id(family_name(family, sizes), _digest(folder), said),
    )


def _model(folder: Path, family: str, dtype: torch.dtype) -> nn.Module:
    kind = getattr(import_transformers(folder), _MODELS[family])
    try:
        model, report = kind.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:
        raise InputError(
            f"part encoder {folder.name}: its weights cannot be read ({brief(error)}); get the folder anew"
        ) from error
    missing = sorted(name for name in report["missing_keys"] if not name.endswith("position_ids"))
    if missing or report["mismatched_keys"]:
        lacks = missing[0] if missing else sorted(report["mismatched_keys"])[0][0]
        raise InputError(
            f"part encoder {folder.name}: model.safetensors lacks {lacks}, or it has another shape; it takes both "
            "towers, as in the folder of the whole model"
        )
    whole: nn.Module = model.to(dtype).eval().requires_grad_(False)
    return whole


def _read_as(tokenise: Tokenise) -> list[list[int]]:
    """What a tokenizer makes of a few phrases tells it from another, however its files are laid out."""
    return [tokenise([phrase])["input_ids"][0].tolist() for phrase in _PHRASES]


def family_name(family: str, config: Any) -> str:
    """`clip-ViT-H` for a tower that adapters were trained with, by which they know it; else with its two widths."""
    dim, hidden = _widths(config)
    tower = tower_of(dim, hidden) if family == "clip" else None
    return f"{family}-{tower.name if tower else f'{dim}x{hidden}'}"


def _widths(config: Any) -> tuple[int, int]:
    """Length of a vector, and of the vision tower's features."""
    hidden = int(config.vision_config.hidden_size)
    return int(getattr(config, "projection_dim", 0) or hidden), hidden


def _colours(folder: Path, family: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and spread of colours by preprocessor_config.json, else those of the family."""
    usual = _OF_CLIP if family == "clip" else _OF_SIGLIP
    said = _json(folder, "preprocessor_config.json") if (folder / "preprocessor_config.json").is_file() else {}
    try:
        mean, spread = (
            tuple(float(value) for value in said.get(name) or default)
            for name, default in zip(("image_mean", "image_std"), usual, strict=True)
        )
    except (TypeError, ValueError) as error:
        raise InputError(
            f"part encoder {folder.name}: preprocessor_config.json cannot be read ({brief(error)}); get it anew"
        ) from error
    if not (len(mean) == len(spread) == 3 and all(map(math.isfinite, (*mean, *spread))) and min(spread) > 0):
        raise InputError(
            f"part encoder {folder.name}: preprocessor_config.json has image_mean {list(mean)} and image_std "
            f"{list(spread)}, wanted three numbers each, the latter above 0; get it anew"
        )
    return mean, spread


def _digest(folder: Path) -> str:
    """Of the weights by their names in the files, which no version of transformers changes."""

    def pieces() -> Iterator[bytes]:
        for path in _weight_files(folder):
            with safe_open(path, "pt") as file:
                for name in sorted(file.keys()):
                    if not name.endswith("position_ids"):  # some files have these, which are no weights
                        yield name.encode() + some_values(file.get_tensor(name))

    return digest(pieces())


def _weight_files(folder: Path) -> list[Path]:
    """Those that transformers reads: one file, or all that an index names."""
    whole = folder / "model.safetensors"
    if whole.is_file():
        return [whole]
    index = _json(folder, "model.safetensors.index.json").get("weight_map")
    names = sorted(set(index.values())) if isinstance(index, dict) else []
    return [folder / name for name in names]


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = "there is none" if isinstance(error, FileNotFoundError) else brief(error)
        raise InputError(f"part encoder {folder.name}: {name} cannot be read ({reason}); {_WANTED}") from error
    if not isinstance(value, dict):
        raise InputError(f"part encoder {folder.name}: {name} is no JSON object; {_WANTED}")
    return value
