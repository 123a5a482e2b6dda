"""The part encoder that ships: two small towers trained together on part crops (`humandiffusion train encoder`)."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import InputError
from ..safetensors_io import read_model, write_model
from .identity import all_values, digest, encoder_id
from .image_tower import ImageTower
from .text_tower import TextTower, tokenise

KIND = "humandiffusion-part-encoder"
BUILTIN = Path(__file__).parent.parent / "weights" / "encoder.safetensors"
CROP_SIZE = 64


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the two towers; the defaults are those of the weights that ship."""

    dim: int = 128
    buckets: int = 32768
    word_dim: int = 96
    text_width: int = 192
    text_layers: int = 2
    text_heads: int = 4
    image_channels: tuple[int, ...] = (32, 64, 128, 192)
    image_width: int = 256


class BuiltinPartEncoder(nn.Module):
    """A `PartEncoder`. Text and image vectors are unit vectors of one space, [N, dim]."""

    crop_size = CROP_SIZE

    def __init__(self, config: EncoderConfig, encoder_id: str = "untrained") -> None:
        super().__init__()
        self.config = config
        self.encoder_id = encoder_id
        self.dim = config.dim
        self.text = TextTower(
            buckets=config.buckets,
            word_dim=config.word_dim,
            width=config.text_width,
            layers=config.text_layers,
            heads=config.text_heads,
        )
        self.image = ImageTower(channels=config.image_channels, width=config.image_width)
        self.text_head = nn.Linear(config.text_width, config.dim)
        self.image_head = nn.Linear(config.image_width, config.dim)

    def embed_text(self, ids: Tensor) -> Tensor:
        """Trainable path of `encode_text` from n-gram ids."""
        return F.normalize(self.text_head(self.text(ids)).float(), dim=-1)

    def embed_image(self, images: Tensor, masks: Tensor, statistics: Tensor | None = None) -> Tensor:
        """Trainable path of `encode_image`; `statistics` as `colour_statistics` gives them, if they are there
        already.
        """
        return F.normalize(self.image_head(self.image(images, masks, statistics)).float(), dim=-1)

    @torch.no_grad()
    def encode_text(self, phrases: list[str]) -> Tensor:
        """N phrases -> unit vectors [N, D], float32, on the CPU."""
        if not phrases:
            return torch.zeros(0, self.dim)
        return self.embed_text(tokenise(phrases, self.config.buckets).to(self._device)).cpu()

    @torch.no_grad()
    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """Part crops [N, 3, H, W] (sRGB 0..1, rest white) and masks [N, 1, H, W] -> unit vectors [N, D], on the CPU."""
        if len(images) == 0:
            return torch.zeros(0, self.dim)
        if images.shape[-2:] != (CROP_SIZE, CROP_SIZE):
            size = (CROP_SIZE, CROP_SIZE)
            images = F.interpolate(images.float(), size, mode="bilinear", antialias=True).clamp(0, 1)
            masks = F.interpolate(masks.float(), size, mode="bilinear", antialias=True).clamp(0, 1)
        batches = zip(images.split(256), masks.split(256), strict=True)
        return torch.cat([self.embed_image(i.to(self._device), m.to(self._device)).cpu() for i, m in batches])

    @property
    def _device(self) -> torch.device:
        return self.text_head.weight.device


def load_encoder(name_or_path: str | Path = "builtin") -> BuiltinPartEncoder:
    """The encoder that ships (`builtin`) or one trained here, from its safetensors file. Raises InputError."""
    path = BUILTIN if str(name_or_path) == "builtin" else Path(name_or_path)
    tensors, metadata = read_model(path, KIND, "part encoder")
    try:
        values = metadata["config"]
        config = EncoderConfig(**{**values, "image_channels": tuple(values["image_channels"])})
        encoder = BuiltinPartEncoder(config, metadata["encoder_id"])
        encoder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"part encoder {path}: the file does not hold a whole encoder ({_brief(error)}); get it anew"
        ) from error
    return encoder.eval()


def save_encoder(encoder: BuiltinPartEncoder, path: Path, **about: object) -> str:
    """Write weights as fp16 safetensors; returns the encoder id, a hash of the weights and the sizes."""
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in encoder.state_dict().items()}
    name = encoder_id("builtin", digest([repr(encoder.config).encode(), *all_values(tensors)]))
    write_model(path, KIND, tensors, {"config": asdict(encoder.config), "encoder_id": name, **about})
    return name


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
