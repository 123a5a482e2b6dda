"""Tiny parsers with random weights, in files and folders as real ones are."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from humandiffusion.parsing.io import save_parser
from humandiffusion.parsing.net import ParserConfig, ParserNet

TINY = ParserConfig(widths=(8, 16), blocks=1)


@pytest.fixture
def parser_file(tmp_path: Path) -> Path:
    """A small net of our own."""
    torch.manual_seed(0)
    path = tmp_path / "tiny.safetensors"
    save_parser(path, TINY, ParserNet(TINY).state_dict(), area=128 * 192)
    return path


@pytest.fixture
def segformer_folder(tmp_path: Path) -> Callable[..., Path]:
    """`segformer_folder(labels, **preprocessing)`: a folder as transformers saves it: SegFormer-B0's layout, random."""
    transformers = pytest.importorskip("transformers")

    def make(labels: Sequence[str], **preprocessing: object) -> Path:
        torch.manual_seed(1)
        names = dict(enumerate(labels))
        config = transformers.SegformerConfig(
            depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 16, 16], num_attention_heads=[1, 2, 2, 2], decoder_hidden_size=16,
            num_labels=len(names), id2label=names, label2id={name: i for i, name in names.items()},
        )  # fmt: skip
        folder = tmp_path / "segformer"
        transformers.SegformerForSemanticSegmentation(config).save_pretrained(folder)
        if preprocessing:
            (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
        return folder

    return make
