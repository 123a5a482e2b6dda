"""What the pose editor keeps in files: large layers that it uploaded, and pictures that it is to show under the map."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import folder_paths
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.pose.io import load_pose, save_pose
from ...humandiffusion.pose.semantic_pose import SemanticPose
from .folders import annotated_file, file_hash

_SUBFOLDER = "humandiffusion"
_NAME = re.compile(_SUBFOLDER + r"/[\w.() -]+\.png \[input\]")  # no way out of the folder


def open_layer(name: str) -> NDArray[np.uint8]:
    """The pixels of an uploaded layer, `humandiffusion/HASH.png [input]`. Raises InputError if it is not there."""
    path = _path(name)
    if path is None:
        raise InputError(
            f"pose editor: the map's file {name!r} is not in this ComfyUI's input folder; copy it there from where the "
            "workflow was made, or clear the editor and draw anew"
        )
    return load_pose(path).labels[0].numpy()


def fingerprint(name: str) -> str:
    """Changes when the file behind a layer's name does."""
    path = _path(name)
    return "missing" if path is None else file_hash(path)


def pose_hash(pose: SemanticPose) -> str:
    """16 hex digits that tell maps apart: by size and labels."""
    size = f"{pose.width}x{pose.height}:".encode()
    return hashlib.sha256(size + pose.labels[0].cpu().contiguous().numpy().tobytes()).hexdigest()[:16]


def show_base(pose: SemanticPose) -> dict[str, Any]:
    """The first map as a file that the page can read, with its hash."""
    digest = pose_hash(pose)
    path = _shown(f"base_{digest}.png")
    if not path.is_file():
        save_pose(SemanticPose(pose.labels[:1]), path)
    return {"filename": path.name, "subfolder": _SUBFOLDER, "type": "temp", "hash": digest}


def save_underlay(image: Tensor) -> dict[str, Any]:
    """The first picture of a batch [B, H, W, C] as a file that the page can show."""
    pixels = (image[0, ..., :3].float().clamp(0, 1) * 255).round().byte().cpu().numpy()
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    path = _shown(f"underlay_{digest}.png")
    if not path.is_file():
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        Image.fromarray(pixels).save(unfinished, "PNG", compress_level=1)
        os.replace(unfinished, path)
    return {"filename": path.name, "subfolder": _SUBFOLDER, "type": "temp"}


def _shown(name: str) -> Path:
    folder = Path(folder_paths.get_temp_directory(), _SUBFOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _path(name: str) -> str | None:
    """The file behind a layer's name; None where there is none, or the name is not one that the editor gives."""
    return annotated_file(name) if _NAME.fullmatch(name) else None
