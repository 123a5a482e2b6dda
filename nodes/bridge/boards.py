"""What Retrieve Style found, for the page: plain data, and one file with all pictures."""

import hashlib
import os
from pathlib import Path
from typing import Any

import folder_paths
from PIL import Image
from torch import Tensor

from ...humandiffusion.smr.board import Board

_SUBFOLDER = "humandiffusion"


def show(board: Board) -> dict[str, Any]:
    """The board as the page's widget takes it (web/src/sheet)."""
    page = board.page()
    tile = 0 if board.tiles is None else board.tiles.shape[1]
    file = None if page is None else _saved(page)
    return {"parts": board.parts, "file": file, "tile": tile, "columns": board.columns}


def _saved(page: Tensor) -> dict[str, Any]:
    """A picture as a file that the page can read; the same picture again makes no second file."""
    pixels = page.numpy()
    folder = Path(folder_paths.get_temp_directory(), _SUBFOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"hits_{hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}.png"
    if not path.is_file():
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        Image.fromarray(pixels).save(unfinished, "PNG", compress_level=1)
        os.replace(unfinished, path)
    return {"filename": path.name, "subfolder": _SUBFOLDER, "type": "temp"}
