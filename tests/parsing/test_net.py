"""The net of the builtin parser and its files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from humandiffusion.errors import InputError
from humandiffusion.parsing.io import BUILTIN, load_parser_net
from humandiffusion.parsing.net import ParserConfig, ParserNet, fold_norms

TINY = ParserConfig(widths=(8, 16), blocks=1)


def test_folding_the_norms_changes_nothing_but_the_number_of_layers() -> None:
    torch.manual_seed(0)
    trained = ParserNet(TINY, norm=True)
    for _ in range(3):
        trained(torch.rand(4, 3, 32, 48))
    trained.eval()
    plain = ParserNet(TINY).eval()
    plain.load_state_dict(fold_norms(trained.state_dict()))
    photo = torch.rand(2, 3, 32, 48)
    assert torch.allclose(trained(photo), plain(photo), atol=1e-5)
    assert trained(photo).shape == (2, 24, 16, 24)


def test_a_file_is_read_as_it_was_written(parser_file: Path) -> None:
    file = load_parser_net(parser_file)
    assert file.net.config == TINY and not file.net.training
    assert file.parser_id == load_parser_net(parser_file).parser_id


def test_files_that_are_not_whole_parsers_are_refused(parser_file: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(parser_file.read_bytes()[:2000])
    stranger = tmp_path / "stranger.safetensors"
    save_file({"weight": torch.zeros(2)}, stranger)
    short = tmp_path / "short.safetensors"
    tensors = load_file(parser_file)
    tensors.pop("last.weight")
    about = json.dumps({"area": 9216, "config": {"widths": [8, 16], "blocks": 1}})
    save_file(tensors, short, {"kind": "humandiffusion-parser", "about": about})
    bare = tmp_path / "bare.safetensors"
    save_file(tensors, bare, {"kind": "humandiffusion-parser", "about": "{}"})
    for path in (torn, stranger, short, bare, tmp_path / "gone.safetensors"):
        with pytest.raises(InputError, match=path.name):
            load_parser_net(path)


def test_the_builtin_parser_is_small() -> None:
    assert BUILTIN.stat().st_size <= 15e6
    assert load_parser_net().net.config.parts == 24
