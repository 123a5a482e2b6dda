"""What is evaluated: a model with the encoder and memory that it is used with, and how it is used."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..encoders import builtin as builtin_encoder
from ..errors import InputError
from ..models.config import DenoiserConfig
from ..models.io import BUILTIN as BUILTIN_MODEL
from ..models.io import config_from, load_denoiser, save_denoiser
from ..safetensors_io import read_tensors
from ..smr.io import BUILTIN as BUILTIN_MEMORY
from ..training.ablate import ABLATIONS
from .painting import Use

UNET = "unet.safetensors"


@dataclass(frozen=True)
class Candidate:
    """`name` is short and its own; `model` a file, a `train denoiser` folder or `builtin`, as are the other two."""

    name: str
    model: str
    encoder: str = "builtin"
    memory: str = "builtin"
    use: Use = Use()

    def depends_on(self) -> dict[str, object]:
        """Everything that its pictures hang on besides what they are asked: digests of the files, and the use."""
        files = {"model": self.model, "encoder": self.encoder, "memory": self.memory}
        return {**{what: _digest(what, name) for what, name in files.items()}, **asdict(self.use)}

    def file(self, cache: Path) -> "Candidate":
        """Itself with a model that is a file: a training folder becomes one, with the decoder that ships."""
        folder = Path(self.model)
        return replace(self, model=str(_assembled(folder, self.encoder, cache))) if folder.is_dir() else self


def candidates(
    models: Sequence[str], encoders: Sequence[str], memories: Sequence[str], blends: Sequence[float], use: Use
) -> list[Candidate]:
    """One for each model and blend. One encoder or memory serves all models, or each has its own.

    A training folder of an ablation is used as it was trained. Raises InputError for counts that do not fit, or a
    folder without weights.
    """
    for option, given in (("--encoder", encoders), ("--memory", memories)):
        if len(given) not in (1, len(models)):
            raise InputError(f"{option}: got {len(given)} for {len(models)} models; give one, or one for each")
    found = []
    names = _names(models)
    for number, model in enumerate(models):
        own = _use_of(Path(model), use)
        pair = (encoders[number % len(encoders)], memories[number % len(memories)])
        for blend in blends or (own.blend,):
            name = names[number] if len(blends) < 2 else f"{names[number]} blend {blend:g}"
            found.append(Candidate(name, model, *pair, replace(own, blend=blend)))
    return found


def _names(models: Sequence[str]) -> list[str]:
    """The shortest ends of the paths that tell them apart."""
    if len(set(models)) < len(models):
        raise InputError("--model: got the same model twice; name each once")
    parts = [Path(model).with_suffix("").parts for model in models]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["-".join(part.strip("/\\:") for part in one[-length:]).strip("-") for one in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{number + 1}-{Path(model).stem}" for number, model in enumerate(models)]


def _use_of(folder: Path, use: Use) -> Use:
    if not folder.is_dir():
        return use
    ablation = ABLATIONS.get(_header(folder).get("ablate", ""))
    return use if ablation is None else replace(use, blend=ablation.blend, mode=ablation.mode)


def _header(folder: Path) -> dict[str, str]:
    path = folder / UNET
    if not path.is_file():
        raise InputError(f"--model: {folder} holds no {UNET}; give a model's file or the --out of `train denoiser`")
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise InputError(f"--model: {path} is not a whole safetensors file ({error}); train it anew") from error


def _assembled(folder: Path, encoder: str, cache: Path) -> Path:
    made_of = (("model", str(folder)), ("model", "builtin"), ("encoder", encoder))
    path = cache / f"model-{'-'.join(_digest(what, name) for what, name in made_of)}.safetensors"
    if not path.is_file():
        part_encoder, shipped = builtin_encoder.load_encoder(encoder), load_denoiser()
        told = _header(folder).get("config")
        sizes = config_from(DenoiserConfig, json.loads(told)) if told else DenoiserConfig(feature_dim=part_encoder.dim)
        save_denoiser(
            path,
            config=sizes,
            decoder_config=shipped.decoder.config,
            unet=read_tensors(folder / UNET, "--model"),
            decoder=shipped.decoder.state_dict(),
            encoder_id=part_encoder.encoder_id,
        )
    return path


def _digest(what: str, name: str) -> str:
    shipped = {"model": BUILTIN_MODEL, "encoder": builtin_encoder.BUILTIN, "memory": BUILTIN_MEMORY}
    path = shipped[what] if name == "builtin" else Path(name)
    if path.is_dir():
        path = path / UNET
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"--{what}: cannot read {path} ({error.strerror}); give a file, or builtin") from error
