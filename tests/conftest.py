"""Tiny models with random weights, in files as real ones are."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from humandiffusion.encoders.builtin import BuiltinPartEncoder, EncoderConfig, save_encoder
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.decoder import DecoderConfig, PictureDecoder
from humandiffusion.models.io import save_denoiser
from humandiffusion.models.unet import HumanUNet
from humandiffusion.parts import BACKGROUND, FACE, HAIR, PANTS, SKIN, TOP
from humandiffusion.pose.io import save_pose
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.smr.io import save_memory
from humandiffusion.smr.memory import MemoryItem, initialise

# The tensors of these tests are so small that a second thread only costs.
torch.set_num_threads(1)

TINY_ENCODER = EncoderConfig(
    dim=16, buckets=256, word_dim=8, text_width=16, text_layers=1, text_heads=2, image_channels=(16, 16), image_width=16
)
TINY_DENOISER = DenoiserConfig(
    stem_channels=16, channels=(32, 32, 32), encoder_blocks=1, decoder_blocks=1, time_width=32, feature_dim=16,
    token_width=16, token_heads=2, head_width=16, spade_hidden=8,
)  # fmt: skip
TINY_DECODER = DecoderConfig(channels=(16, 16), blocks=1, head=8, head_blocks=1)


@dataclass(frozen=True)
class TinyFiles:
    """Paths of files that belong together; `pose` is a map of 64 x 96 with a top and pants."""

    model: Path
    encoder: Path
    memory: Path
    pose: Path

    @property
    def options(self) -> list[str]:
        """As options of the command line."""
        return ["--model", str(self.model), "--encoder", str(self.encoder), "--memory", str(self.memory)]


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> TinyFiles:
    """Written once; a test that changes one works on a copy."""
    folder = tmp_path_factory.mktemp("tiny")
    names = ("model.safetensors", "encoder.safetensors", "memory.safetensors", "pose.png")
    files = TinyFiles(*(folder / name for name in names))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder_id = save_encoder(BuiltinPartEncoder(TINY_ENCODER), files.encoder)
        save_denoiser(
            files.model,
            config=TINY_DENOISER,
            decoder_config=TINY_DECODER,
            unet=_awake(HumanUNet(TINY_DENOISER)).state_dict(),
            decoder=_awake(PictureDecoder(TINY_DECODER)).state_dict(),
            encoder_id=encoder_id,
        )
        items = [_item(part, number) for part in (BACKGROUND, TOP, PANTS, HAIR, FACE, SKIN) for number in range(3)]
        save_memory(initialise(items, encoder_id=encoder_id, mean_text=torch.randn(16) / 8), files.memory)
    save_pose(SemanticPose(tiny_labels()[None]), files.pose)
    return files


def tiny_labels(height: int = 96, width: int = 64) -> torch.Tensor:
    """A figure of blocks, uint8 [height, width]."""
    labels = torch.zeros(height, width, dtype=torch.uint8)
    left, right = width // 4, width - width // 4
    labels[: height // 8, left:right] = HAIR
    labels[height // 8 : height // 4, left:right] = FACE
    labels[height // 4 : height // 2, left:right] = TOP
    labels[height // 2 :, left:right] = PANTS
    labels[height // 4 : height // 2, :left] = SKIN
    return labels


def _awake(module: torch.nn.Module) -> torch.nn.Module:
    """What starts at zero in training is made random, so that every input has an effect."""
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return module


def _item(part: int, number: int) -> MemoryItem:
    vector, swatch = torch.randn(16), torch.randint(0, 255, (8, 8, 3), dtype=torch.uint8)
    identity, caption = f"{part:08x}{number:08x}", f"part {part} number {number}"
    return MemoryItem(identity, vector, part, caption, f"tiny/{number}", "none", swatch)
