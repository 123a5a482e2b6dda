from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from humandiffusion.errors import InputError
from humandiffusion.models.config import DenoiserConfig
from humandiffusion.models.decoder import DecoderConfig, PictureDecoder
from humandiffusion.models.io import load_denoiser, save_denoiser
from humandiffusion.models.unet import HumanUNet

CONFIG = DenoiserConfig(
    stem_channels=16,
    channels=(16, 32),
    encoder_blocks=1,
    decoder_blocks=1,
    time_width=32,
    feature_dim=8,
    token_width=16,
    token_heads=2,
    head_width=16,
    spade_hidden=8,
)
DECODER = DecoderConfig(channels=(8, 8), blocks=1, head=8, head_blocks=1, textures=2, tile=16)


def write(path: Path) -> HumanUNet:
    torch.manual_seed(0)
    unet, decoder = HumanUNet(CONFIG), PictureDecoder(DECODER)
    save_denoiser(
        path,
        config=CONFIG,
        decoder_config=DECODER,
        unet=unet.state_dict(),
        decoder=decoder.state_dict(),
        encoder_id="tests",
        trained="never",
    )
    return unet


def test_a_file_gives_back_the_model_its_sizes_and_what_is_said_of_it(tmp_path: Path):
    unet = write(tmp_path / "model.safetensors")
    model = load_denoiser(tmp_path / "model.safetensors")
    assert model.config == CONFIG and model.metadata["encoder_id"] == "tests" and model.metadata["trained"] == "never"
    for name, tensor in unet.state_dict().items():
        torch.testing.assert_close(model.unet.state_dict()[name], tensor, atol=1e-3, rtol=1e-2)
    assert model.decoder(torch.zeros(1, 3, 8, 12)).shape == (1, 3, 16, 24)


@pytest.mark.parametrize("damage", ["missing", "truncated", "text", "foreign", "weights of another size"])
def test_a_bad_file_is_one_clear_error(tmp_path: Path, damage: str):
    path = tmp_path / "model.safetensors"
    if damage != "missing":
        write(path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    if damage == "text":
        path.write_text("not weights")
    if damage == "foreign":
        save_file({"a": torch.zeros(1)}, path)
    if damage == "weights of another size":
        save_denoiser(path, config=CONFIG, decoder_config=DECODER, unet={}, decoder={}, encoder_id="tests")
    with pytest.raises(InputError) as error:
        load_denoiser(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path):
    with pytest.raises(AttributeError):
        save_denoiser(
            tmp_path / "model.safetensors",
            config=CONFIG,
            decoder_config=DECODER,
            unet={"a": None},  # type: ignore[dict-item]
            decoder={},
            encoder_id="tests",
        )
    assert list(tmp_path.iterdir()) == []
