"""A tiny random model, encoder and memory, written by the pack's own code."""

from pathlib import Path

import torch

from humandiffusion.encoders.builtin import BuiltinPartEncoder, EncoderConfig, save_encoder
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.decoder import DecoderConfig, PictureDecoder
from humandiffusion.models.io import save_denoiser
from humandiffusion.models.unet import HumanUNet
from humandiffusion.parts import NUM_PARTS
from humandiffusion.smr.io import save_memory
from humandiffusion.smr.memory import MemoryItem, initialise

DIM = 16
NAME = "tiny.safetensors"


def write_tiny_models(folder: Path) -> None:
    """`denoisers/tiny.safetensors`, `encoders/...` and `memories/...` below `folder`; the same at each call."""
    torch.manual_seed(0)
    encoder = BuiltinPartEncoder(
        EncoderConfig(
            dim=DIM, buckets=512, word_dim=8, text_width=16, text_heads=2, image_channels=(8, 8, 8, 8), image_width=16
        )
    ).eval()
    encoder_id = save_encoder(encoder, folder / "encoders" / NAME)
    config = DenoiserConfig(
        stem_channels=16,
        channels=(32, 32, 32),
        encoder_blocks=1,
        decoder_blocks=1,
        time_width=32,
        feature_dim=DIM,
        token_width=16,
        token_heads=2,
        head_width=16,
        spade_hidden=8,
    )
    decoder_config = DecoderConfig(channels=(8, 8, 8), blocks=1, head=8)
    save_denoiser(
        folder / "denoisers" / NAME,
        config=config,
        decoder_config=decoder_config,
        unet=_randomised(HumanUNet(config)),
        decoder=_randomised(PictureDecoder(decoder_config)),
        encoder_id=encoder_id,
    )
    items = [_item(number) for number in range(8 * NUM_PARTS)]
    save_memory(initialise(items, encoder_id=encoder_id, mean_text=torch.zeros(DIM)), folder / "memories" / NAME)


def _item(number: int) -> MemoryItem:
    part = number % NUM_PARTS
    swatch = torch.full((24, 24, 3), number, dtype=torch.uint8)
    return MemoryItem(f"{number:016x}", torch.randn(DIM), part, f"cloth {number}", f"test/{number}", "none", swatch)


def _randomised(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Also the layers that start at zero, so that map and features show in the picture."""
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.05)
    return model.state_dict()
