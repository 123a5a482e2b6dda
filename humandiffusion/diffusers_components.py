"""Our networks and the memory as diffusers saves, loads and moves them. Thin: nothing else of ours needs diffusers.

diffusers finds the way to load a component by looking for `ModelMixin` in the module that its class comes from.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor

from .encoders.builtin import BuiltinPartEncoder, EncoderConfig
from .models.config import DenoiserConfig
from .models.decoder import DecoderConfig, PictureDecoder
from .models.io import config_from, plain_config
from .models.unet import HumanUNet
from .smr.io import load_memory, save_memory
from .smr.memory import StyleMemory

MEMORY_FILE = "memory.safetensors"


class _SafeModel(ModelMixin, ConfigMixin):
    """Only safetensors is ever read as weights."""

    @classmethod
    def from_pretrained(cls, folder: str | Path, **options: Any) -> Any:
        """As diffusers has it, but never from a pickle."""
        return super().from_pretrained(folder, **{**options, "use_safetensors": True})


class UNetComponent(_SafeModel):
    """`HumanUNet`; `encoder_id` names the part encoder that it was trained with."""

    @register_to_config
    def __init__(self, sizes: dict[str, Any], encoder_id: str) -> None:
        super().__init__()
        self.net = HumanUNet(config_from(DenoiserConfig, sizes))

    @classmethod
    def of(cls, net: HumanUNet, encoder_id: str) -> "UNetComponent":
        """Wrap a built network, which is not copied."""
        with torch.device("meta"):
            component = cls(plain_config(net.config), encoder_id)
        component.net = net
        return component


class DecoderComponent(_SafeModel):
    """`PictureDecoder`."""

    @register_to_config
    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.net = PictureDecoder(config_from(DecoderConfig, sizes))

    @classmethod
    def of(cls, net: PictureDecoder) -> "DecoderComponent":
        """Wrap a built network, which is not copied."""
        with torch.device("meta"):
            component = cls(plain_config(net.config))
        component.net = net
        return component


class EncoderComponent(_SafeModel):
    """`BuiltinPartEncoder`; a `PartEncoder` itself."""

    @register_to_config
    def __init__(self, sizes: dict[str, Any], encoder_id: str) -> None:
        super().__init__()
        self.net = BuiltinPartEncoder(config_from(EncoderConfig, sizes), encoder_id)

    @classmethod
    def of(cls, net: BuiltinPartEncoder) -> "EncoderComponent":
        """Wrap a built encoder, which is not copied."""
        with torch.device("meta"):
            component = cls(plain_config(net.config), net.encoder_id)
        component.net = net
        return component

    @property
    def encoder_id(self) -> str:
        """See `PartEncoder`."""
        return self.net.encoder_id

    @property
    def dim(self) -> int:
        """See `PartEncoder`."""
        return self.net.dim

    @property
    def crop_size(self) -> int:
        """See `PartEncoder`."""
        return self.net.crop_size

    def encode_text(self, phrases: list[str]) -> Tensor:
        """See `PartEncoder`."""
        return self.net.encode_text(phrases)

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """See `PartEncoder`."""
        return self.net.encode_image(images, masks)


class MemoryComponent(ModelMixin, ConfigMixin):
    """A `StyleMemory`, saved as the one file that it is everywhere else. It stays on the CPU, where it is searched."""

    config_name = "config.json"
    memory: StyleMemory

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        # diffusers asks every module on which device it is.
        self.register_buffer("nothing", torch.zeros(0), persistent=False)

    @classmethod
    def of(cls, memory: StyleMemory) -> "MemoryComponent":
        """Wrap a memory, which is not copied."""
        component = cls()
        component.memory = memory
        return component

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Write the memory's file into a folder; diffusers' options are about weights, of which there are none."""
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        save_memory(self.memory, folder / MEMORY_FILE)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **options: Any) -> "MemoryComponent":
        """Read the memory's file from a folder. Raises InputError."""
        return cls.of(load_memory(Path(folder) / MEMORY_FILE))
