"""CLIP and SigLIP folders as part encoders, against transformers' own way of using them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

transformers = pytest.importorskip("transformers", reason="SKIPPED: CLIP folders; transformers is not installed")

from humandiffusion.encoders.base import PartEncoder  # noqa: E402
from humandiffusion.encoders.folders import load_folder_encoder  # noqa: E402
from humandiffusion.encoders.load import load_encoder  # noqa: E402
from humandiffusion.errors import InputError  # noqa: E402
from tests.encoders.two_towers import write_clip, write_siglip  # noqa: E402

PHRASES = ["a red plaid shirt", "coat", "a long grey wool coat of the white linen"]
WRITERS = {"clip": write_clip, "siglip": write_siglip}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("two towers")
    return {family: write(root / family) for family, write in WRITERS.items()}


@pytest.fixture(params=WRITERS)
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A folder that may be spoiled."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_folder_is_a_part_encoder_with_unit_vectors(folder: Path) -> None:
    encoder = load_encoder(folder)
    assert isinstance(encoder, PartEncoder)
    texts, pictures = encoder.encode_text(PHRASES), encoder.encode_image(*_crops())
    assert texts.shape == (3, encoder.dim) and pictures.shape == (4, encoder.dim)
    for vectors in (texts, pictures):
        assert vectors.dtype == torch.float32
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    assert encoder.encode_text([]).shape == encoder.encode_image(*_crops(0)).shape == (0, encoder.dim)


def test_phrases_and_pictures_come_out_as_from_transformers_itself(folder: Path) -> None:
    encoder = load_encoder(folder)
    model = transformers.AutoModel.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if model.config.model_type == "clip":
        words = tokenizer(PHRASES, padding="max_length", max_length=20, truncation=True, return_tensors="pt")
        mean, spread = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]
    else:
        words = tokenizer(PHRASES, padding="max_length", max_length=16, truncation=True, return_tensors="pt")
        words = {"input_ids": words["input_ids"]}
        mean = spread = [0.5, 0.5, 0.5]
    images, masks = _crops()
    pixels = (images - torch.tensor(mean)[:, None, None]) / torch.tensor(spread)[:, None, None]
    with torch.no_grad():
        both = model(**words, pixel_values=pixels)
    torch.testing.assert_close(encoder.encode_text(PHRASES), both.text_embeds, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(encoder.encode_image(images, masks), both.image_embeds, atol=1e-5, rtol=1e-4)


def test_what_else_is_in_a_batch_does_not_matter(folder: Path) -> None:
    encoder = load_encoder(folder)
    images, masks = _crops(19)
    alone = torch.cat([encoder.encode_image(images[i : i + 1], masks[i : i + 1]) for i in range(19)])
    torch.testing.assert_close(encoder.encode_image(images, masks), alone, atol=1e-5, rtol=1e-4)
    alone = torch.cat([encoder.encode_text([phrase]) for phrase in PHRASES])
    torch.testing.assert_close(encoder.encode_text(PHRASES), alone, atol=1e-5, rtol=1e-4)


def test_half_precision_is_near_and_of_the_same_name(folder: Path) -> None:
    whole, half = load_encoder(folder), load_folder_encoder(folder, dtype=torch.float16)
    assert next(half.model.parameters()).dtype == torch.float16 and half.encoder_id == whole.encoder_id
    for vectors, wanted in (
        (half.encode_text(PHRASES), whole.encode_text(PHRASES)),
        (half.encode_image(*_crops()), whole.encode_image(*_crops())),
    ):
        assert vectors.dtype == torch.float32 and float((vectors * wanted).sum(1).min()) > 0.999


def test_a_phrase_longer_than_the_model_reads_is_cut(folder: Path) -> None:
    encoder = load_encoder(folder)
    vectors = encoder.encode_text(["red " * 40, "red " * 41])
    torch.testing.assert_close(vectors[0], vectors[1])


def test_the_id_tells_weights_colours_and_words_apart_and_nothing_else(folder: Path, copy: Path) -> None:
    first = load_encoder(folder).encoder_id
    family, tower, weights, preprocessing = first.split("-")
    assert family in ("clip", "siglip") and tower in ("12x24", "24x24") and len(weights) == 12 and preprocessing
    assert load_encoder(copy).encoder_id == first, "where the folder lies does not matter"
    halved = transformers.AutoModel.from_pretrained(copy, dtype=torch.float16)
    halved.save_pretrained(copy)
    assert load_encoder(copy).encoder_id == first, "nor in which precision it was saved"
    _change(copy / "preprocessor_config.json", lambda said: {**said, "image_mean": [0.4, 0.4, 0.4]})
    other = load_encoder(copy).encoder_id.split("-")
    assert other[2] == weights and other[3] != preprocessing
    WRITERS[family](copy, seed=1)
    other = load_encoder(copy).encoder_id.split("-")
    assert other[2] != weights and other[3] == preprocessing


def test_the_id_of_a_large_clip_says_its_tower(tmp_path: Path) -> None:
    from humandiffusion.adapters.towers import VIT_H
    from humandiffusion.encoders import folders

    config = transformers.CLIPConfig(
        projection_dim=VIT_H.embedding, vision_config={"hidden_size": VIT_H.hidden, "num_attention_heads": 16}
    )
    assert folders.family_name("clip", config) == f"clip-{VIT_H.name}", "by which base adapters know it"


def test_the_usual_length_of_vectors_is_that_before_they_are_unit_vectors(folder: Path) -> None:
    encoder = load_encoder(folder)
    with torch.no_grad():
        output = encoder.model.get_image_features(pixel_values=torch.rand(4, 3, 32, 32) * 2 - 1)
    lengths = getattr(output, "pooler_output", output).norm(dim=1)
    assert 0.3 < encoder.image_norm / float(lengths.mean()) < 3


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda at: (at / "config.json").unlink(), ("config.json", "there is none")),
        (lambda at: (at / "config.json").write_text("{"), ("config.json", "cannot be read")),
        (lambda at: _change(at / "config.json", lambda said: {**said, "model_type": "bert"}), ("'bert'", "CLIP")),
        (lambda at: (at / "model.safetensors").rename(at / "pytorch_model.bin"), ("nothing else is read",)),
        (lambda at: (at / "model.safetensors").write_bytes(b"nothing"), ("cannot be read",)),
        (lambda at: _without_vision(at / "model.safetensors"), ("vision_model", "both towers")),
        (lambda at: _without_words(at), ("tokenizer",)),
        (
            lambda at: _change(at / "preprocessor_config.json", lambda said: {**said, "image_std": [0, 1]}),
            ("image_std", "three numbers"),
        ),
    ],
)
def test_a_spoiled_folder_is_refused_in_one_line(
    copy: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    spoil(copy)
    with pytest.raises(InputError) as error:
        load_encoder(copy)
    assert not [word for word in ("copy", *words) if word not in str(error.value)], str(error.value)
    assert "\n" not in str(error.value)


def test_code_that_comes_with_a_folder_does_not_run(copy: Path) -> None:
    (copy / "evil.py").write_text(f"open({str(copy / 'ran')!r}, 'w')\nclass Evil: pass\n")
    for name in ("config.json", "tokenizer_config.json"):
        maps = {"AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", "evil.Evil"]}
        _change(copy / name, lambda said, maps=maps: {**said, "auto_map": maps})
    try:
        load_encoder(copy)
    except InputError:
        pass
    assert not (copy / "ran").exists()


def test_a_file_and_the_builtin_are_loaded_as_before(tiny_files: object) -> None:
    assert load_encoder().encoder_id.startswith("builtin-")
    assert load_encoder(tiny_files.encoder).dim == 16


def _crops(count: int = 4) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, 32, 32, generator=random), torch.ones(count, 1, 32, 32)


def _change(path: Path, change: Callable[[dict], dict]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def _without_vision(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file({name: value for name, value in load_file(path).items() if "vision" not in name}, path)


def _without_words(folder: Path) -> None:
    for name in ("vocab.json", "merges.txt", "tokenizer.json", "spiece.model", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
