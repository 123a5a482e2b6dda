from pathlib import Path

import pytest
import torch

from humandiffusion.encoders.base import PartEncoder
from humandiffusion.encoders.builtin import BuiltinPartEncoder, EncoderConfig, load_encoder, save_encoder
from humandiffusion.encoders.image_tower import colour_statistics
from humandiffusion.encoders.text_tower import tokenise
from humandiffusion.errors import InputError

TINY = EncoderConfig(
    dim=16, buckets=512, word_dim=8, text_width=16, text_layers=1, text_heads=2, image_channels=(8, 16), image_width=16
)


def tiny() -> BuiltinPartEncoder:
    torch.manual_seed(0)
    return BuiltinPartEncoder(TINY).eval()


def test_it_is_a_part_encoder_and_gives_unit_vectors():
    encoder = tiny()
    assert isinstance(encoder, PartEncoder)
    text = encoder.encode_text(["a red shirt", "trousers"])
    image = encoder.encode_image(torch.rand(3, 3, 64, 64), torch.ones(3, 1, 64, 64))
    assert text.shape == (2, 16) and image.shape == (3, 16)
    torch.testing.assert_close(text.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(image.norm(dim=1), torch.ones(3))


def test_nothing_in_nothing_out():
    encoder = tiny()
    assert encoder.encode_text([]).shape == (0, 16)
    assert encoder.encode_image(torch.zeros(0, 3, 64, 64), torch.zeros(0, 1, 64, 64)).shape == (0, 16)


def test_a_phrase_means_the_same_alone_and_among_longer_ones():
    encoder = tiny()
    alone = encoder.encode_text(["red shirt"])
    among = encoder.encode_text(["red shirt", "a very long dark blue coat with golden buttons and a hood"])
    torch.testing.assert_close(alone[0], among[0], atol=1e-5, rtol=0)


def test_case_articles_and_punctuation_do_not_matter():
    ids = [tokenise([phrase], 512) for phrase in ("A red T-shirt!", "the red t shirt")]
    assert torch.equal(ids[0], ids[1])


def test_an_unknown_or_empty_phrase_still_has_a_vector():
    vectors = tiny().encode_text(["", "xqzw", "the"])
    assert torch.isfinite(vectors).all()


def test_crops_of_any_size_are_taken():
    assert tiny().encode_image(torch.rand(1, 3, 100, 80), torch.ones(1, 1, 100, 80)).shape == (1, 16)


def test_statistics_are_of_the_part_alone():
    image = torch.ones(1, 3, 16, 16)
    mask = torch.zeros(1, 1, 16, 16)
    image[..., 4:8, 4:8] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    mask[..., 4:8, 4:8] = 1
    plain = torch.tensor([0.8, 0.1, 0.1])[None, :, None, None].expand(1, 3, 16, 16)
    torch.testing.assert_close(
        colour_statistics(image, mask), colour_statistics(plain, torch.ones_like(mask)), atol=1e-4, rtol=0
    )


def test_a_file_gives_back_the_encoder_and_its_id(tmp_path: Path):
    encoder = tiny()
    path = tmp_path / "encoder.safetensors"
    encoder_id = save_encoder(encoder, path)
    again = load_encoder(path)
    assert again.encoder_id == encoder_id
    torch.testing.assert_close(again.encode_text(["red shirt"]), encoder.encode_text(["red shirt"]), atol=2e-3, rtol=0)
    assert load_encoder(path).encoder_id == encoder_id


@pytest.mark.parametrize("damage", ["missing", "truncated", "text", "other kind"])
def test_a_bad_file_is_one_clear_error(tmp_path: Path, damage: str):
    path = tmp_path / "encoder.safetensors"
    if damage != "missing":
        save_encoder(tiny(), path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    if damage == "text":
        path.write_text("hello")
    if damage == "other kind":
        from safetensors.torch import save_file

        save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError) as error:
        load_encoder(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
