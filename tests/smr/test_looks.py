"""Looks in files: what comes back is what was saved, and nothing else is taken for one."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from humandiffusion.encoders.base import PartEncoder
from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.safetensors_io import read_model, write_model
from humandiffusion.smr.features import PartFeatures, retrieve
from humandiffusion.smr.looks import KIND, load_look, save_look
from humandiffusion.smr.memory import StyleMemory


@pytest.fixture
def look(encoder: PartEncoder, wardrobe: StyleMemory) -> PartFeatures:
    image = torch.randint(0, 256, (20, 10, 3), generator=torch.Generator().manual_seed(0)) / 255
    prompts = PartPrompts(
        parts=(
            PartPrompt(TOP, "red shirt", weight=0.5, negative="blue", start=0.1, end=0.9),
            PartPrompt(PANTS, "", image=image, mask=(image[..., 0] > 0.3).float()),
        ),
        sentence="a red shirt, no hat \u00e9t\u00e9",
        absent=(7,),
        notes=("a note",),
    )
    return replace(retrieve(encoder, wardrobe, prompts, k=3), norm=7.25)


def test_a_look_comes_back_as_it_was(look: PartFeatures, tmp_path: Path) -> None:
    save_look(look, tmp_path / "look.safetensors")
    assert _same(load_look(tmp_path / "look.safetensors"), look)
    assert [path.name for path in tmp_path.iterdir()] == ["look.safetensors"]


def test_a_look_of_two_pictures_comes_back(look: PartFeatures, tmp_path: Path) -> None:
    both = replace(look, features=look.features.repeat(2, 1, 1), present=look.present.repeat(2, 1), negative=None)
    save_look(both, tmp_path / "look.safetensors")
    assert _same(load_look(tmp_path / "look.safetensors"), both)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda tensors, about: about.update(version=2), "update HumanDiffusion"),
        (lambda tensors, about: about.pop("encoder_id"), "encoder_id"),
        (lambda tensors, about: about.update(prompts={"parts": [{"part": "wing"}]}), "wing"),
        (lambda tensors, about: about.update(retrieved=[{"part": 99}]), "damaged"),
        (lambda tensors, about: about.update(retrieved=7), "damaged"),
        (lambda tensors, about: tensors.pop("present"), "present"),
        (lambda tensors, about: tensors.update(features=tensors["features"][:, :5]), "shape"),
        (lambda tensors, about: tensors.update(features=tensors["features"] / 0), "not finite"),
        (lambda tensors, about: tensors.update({"image pants": torch.zeros(3, 3, 3)}), "no picture"),
        (lambda tensors, about: tensors.update({"mask pants": torch.zeros(1, 1, dtype=torch.uint8)}), "mask"),
    ],
)
def test_a_spoiled_look_is_refused_in_one_line(
    look: PartFeatures, tmp_path: Path, spoil: Callable[[dict[str, Tensor], dict[str, Any]], Any], words: str
) -> None:
    path = tmp_path / "look.safetensors"
    save_look(look, path)
    tensors, about = read_model(path, KIND, "look")
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    spoil(tensors, about)
    write_model(path, KIND, tensors, about)
    with pytest.raises(InputError, match=words) as error:
        load_look(path)
    assert "look.safetensors" in str(error.value) and "\n" not in str(error.value)


def test_a_memory_is_no_look(tiny_files: Any) -> None:
    with pytest.raises(InputError, match="humandiffusion-look"):
        load_look(tiny_files.memory)


def _same(one: Any, other: Any) -> bool:
    """Every field, tensors by their values."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, PartFeatures) and isinstance(other, PartFeatures):
        return all(_same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "thumbnail") and not _same(one.thumbnail, other.thumbnail):
        return False
    return bool(one == other)


def test_two_parts_may_show_the_same_row(encoder: PartEncoder, wardrobe: StyleMemory, tmp_path: Path) -> None:
    prompts = PartPrompts((PartPrompt(TOP, "red shirt"), PartPrompt(PANTS, "red shirt")))
    look = retrieve(encoder, wardrobe, prompts, k=1, scope="all")
    assert len({row.ids for row in look.retrieved if row.part in (TOP, PANTS)}) == 1
    save_look(look, tmp_path / "look.safetensors")
    assert _same(load_look(tmp_path / "look.safetensors"), look)
