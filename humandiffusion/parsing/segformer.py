"""Human parsers that artists have: SegFormer checkpoints with clothes classes, as folders in Hugging Face's layout.

ATR's 18 classes, FASHN's 18 and whatever else the crosswalks know are told by `id2label`. Nothing is ever downloaded,
and nothing but safetensors is read.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..pose.crosswalks import Crosswalk, crosswalk_for
from .base import SharesParser
from .fitting import fit_photos

MULTIPLE = 32
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, where a folder does not say
_AREA = 512 * 512


@dataclass(frozen=True)
class Preprocessing:
    """How a checkpoint wants its photos: about `area` pixels, less `mean`, over `spread`."""

    area: int = _AREA
    mean: tuple[float, ...] = _MEAN
    spread: tuple[float, ...] = _SPREAD


class SegformerParser(SharesParser):
    """Parses photos with a SegFormer of transformers, all of a batch in one forward, their shape kept."""

    def __init__(self, net: nn.Module, crosswalk: Crosswalk, preprocessing: Preprocessing, parser_id: str) -> None:
        self.net, self.crosswalk, self.preprocessing = net, crosswalk, preprocessing
        self.parser_id, self.area = parser_id, preprocessing.area

    @torch.no_grad()
    def shares(self, images: Tensor) -> Tensor:
        """As in `SharesParser`, at a quarter of the size that the net sees."""
        seen, (height, width) = fit_photos(images, self.area, MULTIPLE)
        mean, spread = (
            seen.new_tensor(values)[:, None, None] for values in (self.preprocessing.mean, self.preprocessing.spread)
        )
        logits = self.net(pixel_values=(seen - mean) / spread).logits
        shares = self.crosswalk.shares_to_parts(logits.float().softmax(1))
        return shares[..., : height // 4, : width // 4]


def load_segformer(folder: Path) -> SegformerParser:
    """The parser in `folder`, on the CPU in float32. Raises InputError that says what the folder lacks, or that
    transformers is not installed."""
    config = _json(folder / "config.json", "wanted a SegFormer's folder, with config.json and model.safetensors")
    if config.get("model_type") != "segformer" or not isinstance(config.get("id2label"), dict):
        raise InputError(
            f"parser {folder.name}: got a model of type {config.get('model_type')!r}, wanted a SegFormer for human "
            "parsing, whose config.json has id2label; choose another folder"
        )
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"parser {folder.name}: there is no .safetensors file in the folder, and nothing else is read as weights; "
            "get model.safetensors of the same checkpoint"
        )
    crosswalk = _crosswalk(folder.name, config["id2label"])
    return SegformerParser(_net(folder), crosswalk, _preprocessing(folder), f"segformer-{folder.name}")


def _crosswalk(name: str, names: dict[str, str]) -> Crosswalk:
    try:
        return crosswalk_for([str(names[str(index)]) for index in range(len(names))])
    except (InputError, KeyError) as error:
        raise InputError(
            f"parser {name}: its classes are not those of a set that we know ({error}); choose a SegFormer with ATR's, "
            "LIP's or FASHN's classes"
        ) from error


def _net(folder: Path) -> nn.Module:
    try:
        from transformers import SegformerForSemanticSegmentation
    # A package that does not fit the others installed fails in many ways.
    except Exception as error:
        raise InputError(
            f"parser {folder.name}: SegFormers are run by the Python package transformers, which cannot be imported "
            f"here ({' '.join(str(error).split())[:120]}); install it, or choose 'builtin'"
        ) from error
    try:
        net, report = SegformerForSemanticSegmentation.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"parser {folder.name}: its weights cannot be read ({reason}); get the folder anew") from error
    if report["missing_keys"]:
        raise InputError(
            f"parser {folder.name}: the file lacks {sorted(report['missing_keys'])[0]}; get the folder anew"
        )
    checked: nn.Module = net.eval().requires_grad_(False)
    return checked


def _preprocessing(folder: Path) -> Preprocessing:
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return Preprocessing()
    said = _json(path, "wanted an object")
    try:
        mean, spread = (
            tuple(float(value) for value in said.get(name, default))
            for name, default in (("image_mean", _MEAN), ("image_std", _SPREAD))
        )
        fine = len(mean) == len(spread) == 3 and all(map(math.isfinite, mean)) and min(spread) > 0
        return Preprocessing(_area(said.get("size")), mean, spread) if fine else Preprocessing()
    except (TypeError, ValueError) as error:
        raise InputError(f"parser {folder.name}: preprocessor_config.json cannot be read ({error})") from error


def _area(size: Any) -> int:
    height, width = (size.get("height"), size.get("width")) if isinstance(size, dict) else (size, size)
    if not isinstance(height, int) or not isinstance(width, int) or not 64 <= min(height, width) <= 2048:
        return _AREA
    return min(height, 2048) * min(width, 2048)


def _json(path: Path, wanted: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = "there is none" if isinstance(error, FileNotFoundError) else " ".join(str(error).split())[:120]
        raise InputError(f"parser {path.parent.name}: {path.name} cannot be read ({reason}); {wanted}") from error
    if not isinstance(value, dict):
        raise InputError(f"parser {path.parent.name}: {path.name} is no JSON object; {wanted}")
    return value
