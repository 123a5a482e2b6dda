"""Semantic pose maps in ComfyUI's input and output folders."""

import os
from collections.abc import Sequence
from pathlib import Path

import folder_paths

from ...humandiffusion.errors import InputError
from ...humandiffusion.pose.files import load_map_or_skeleton
from ...humandiffusion.pose.garments import Garment
from ...humandiffusion.pose.io import FORMATS, save_pose
from ...humandiffusion.pose.semantic_pose import SemanticPose
from .folders import annotated_file, file_hash

NO_FILE = ""


def list_files() -> list[str]:
    """An empty line for no file, then the PNG and JSON files of the input folder."""
    folder = folder_paths.get_input_directory()
    return [NO_FILE, *sorted(name for name in os.listdir(folder) if name.lower().endswith((".png", ".json")))]


def file_exists(name: str) -> bool | str:
    """True, or what to tell the user."""
    return True if name == NO_FILE or annotated_file(name) else _missing(name)


def open_pose(name: str, garments: Sequence[Garment]) -> SemanticPose:
    """A file of the input folder, also `name [output]` or in a subfolder, as the page writes it; the people of an
    OpenPose JSON wear `garments`. Raises InputError."""
    path = annotated_file(name)
    if path is None:
        raise InputError(f"file: {_missing(name)}")
    return load_map_or_skeleton(Path(path), garments)


def fingerprint(name: str) -> str:
    """Changes when the file behind a name does."""
    path = annotated_file(name)
    return name if path is None else file_hash(path)


def _missing(name: str) -> str:
    return f"{name!r} is not in the input folder; upload it, or choose another or the empty line"


def save_poses(pose: SemanticPose, prefix: str, form: str) -> list[tuple[str, str]]:
    """One file of a form of `FORMATS` for each map, numbered as ComfyUI does; (file name, subfolder) of each."""
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory(), pose.width, pose.height
    )
    end = FORMATS[form]
    files = [f"{name.replace('%batch_num%', str(i))}_{counter + i:05}_{end}" for i in range(pose.batch)]
    for i, file in enumerate(files):
        save_pose(pose.select(i), Path(folder, file), form)
    return [(file, subfolder) for file in files]
