"""A parser by its name: the one that ships, one trained here, or a SegFormer's folder."""

from pathlib import Path

from .base import SharesParser
from .builtin import BuiltinParser
from .io import load_parser_net
from .segformer import load_segformer


def load_parser(name_or_path: str | Path = "builtin") -> SharesParser:
    """`builtin`, a .safetensors file of `humandiffusion train parser`, or a folder with a SegFormer. Raises
    InputError."""
    if str(name_or_path) != "builtin" and Path(name_or_path).is_dir():
        return load_segformer(Path(name_or_path))
    return load_builtin(name_or_path)


def load_builtin(name_or_path: str | Path = "builtin") -> BuiltinParser:
    """`builtin` or a .safetensors file of `humandiffusion train parser`. Raises InputError."""
    file = load_parser_net(name_or_path)
    return BuiltinParser(file.net, file.area, file.parser_id)
