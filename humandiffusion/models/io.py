"""Files of the native model: denoiser and picture decoder in one safetensors file, their sizes in its header."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import torch
from torch import Tensor

from ..errors import InputError
from ..safetensors_io import read_model, write_model
from .config import DenoiserConfig
from .decoder import DecoderConfig, PictureDecoder
from .unet import HumanUNet

KIND = "humandiffusion-denoiser"
BUILTIN = Path(__file__).parent.parent / "weights" / "denoiser.safetensors"
Config = TypeVar("Config")


@dataclass(frozen=True)
class DenoiserFile:
    """What a file holds, before modules are built of it; hosts with their own loading take it from here."""

    config: DenoiserConfig
    decoder_config: DecoderConfig
    unet: dict[str, Tensor]
    decoder: dict[str, Tensor]
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Denoiser:
    """The native model, ready to run: the denoiser, the decoder behind it, sizes and what the file says of itself.

    `metadata["encoder_id"]` names the part encoder whose vectors the denoiser was trained on.
    """

    unet: HumanUNet
    decoder: PictureDecoder
    config: DenoiserConfig
    metadata: dict[str, Any]


def read_denoiser(name_or_path: str | Path = "builtin") -> DenoiserFile:
    """Read `builtin` or a .safetensors file trained here. Raises InputError."""
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    tensors, metadata = read_model(path, KIND, "model")
    try:
        config = config_from(DenoiserConfig, metadata["config"])
        decoder_config = config_from(DecoderConfig, metadata["decoder_config"])
        str(metadata["encoder_id"])
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"model {path}: its header lacks {error}; get the file anew") from error
    return DenoiserFile(config, decoder_config, _part(tensors, "unet."), _part(tensors, "decoder."), metadata)


def load_denoiser(
    name_or_path: str | Path = "builtin",
    *,
    operations: ModuleType | Any = torch.nn,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
) -> Denoiser:
    """Build the model of `builtin` or a file, in evaluation mode. Raises InputError."""
    file = read_denoiser(name_or_path)
    unet = HumanUNet(file.config, operations=operations, device=device, dtype=dtype)
    decoder = PictureDecoder(file.decoder_config, operations=operations, device=device, dtype=dtype)
    try:
        unet.load_state_dict(file.unet)
        decoder.load_state_dict(file.decoder)
    except RuntimeError as error:
        message = " ".join(str(error).split())[:160]
        raise InputError(
            f"model {name_or_path}: weights and sizes do not belong together ({message}); get it anew"
        ) from error
    return Denoiser(unet.eval(), decoder.eval(), file.config, file.metadata)


def save_denoiser(
    path: Path,
    *,
    config: DenoiserConfig,
    decoder_config: DecoderConfig,
    unet: dict[str, Tensor],
    decoder: dict[str, Tensor],
    encoder_id: str,
    **about: object,
) -> None:
    """Write both state dicts as fp16 safetensors; the file appears whole or not at all."""
    both = {f"unet.{name}": t for name, t in unet.items()} | {f"decoder.{name}": t for name, t in decoder.items()}
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in both.items()}
    sizes = {"config": plain_config(config), "decoder_config": plain_config(decoder_config)}
    metadata = {**sizes, "encoder_id": encoder_id, **about}
    write_model(path, KIND, tensors, metadata)


def config_from(kind: type[Config], values: dict[str, Any]) -> Config:
    """A configuration from its sizes as JSON gives them: lists become tuples."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def plain_config(config: Any) -> dict[str, Any]:
    """A configuration's sizes for JSON, without those that follow from others."""
    chosen = {field.name for field in fields(config) if field.init}
    return {name: value for name, value in asdict(config).items() if name in chosen}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
