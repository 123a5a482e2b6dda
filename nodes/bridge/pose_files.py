"""Semantic pose maps in ComfyUI's input and output folders."""

import os
from pathlib import Path

import folder_paths

from ...humandiffusion.pose.io import load_pose, save_pose
from ...humandiffusion.pose.presets import load_preset, preset_names
from ...humandiffusion.pose.semantic_pose import SemanticPose
from .folders import file_hash

PRESET = "preset: "


def list_poses() -> list[str]:
    """The presets, then the PNG files of the input folder."""
    folder = folder_paths.get_input_directory()
    files = sorted(name for name in os.listdir(folder) if name.lower().endswith(".png"))
    return [*(PRESET + name for name in preset_names()), *files]


def pose_exists(name: str) -> bool | str:
    """True, or what to tell the user."""
    if name.startswith(PRESET):
        known = name.removeprefix(PRESET) in preset_names()
        return known or f"{name!r} is not there, wanted one of {', '.join(preset_names())}"
    return (
        folder_paths.exists_annotated_filepath(name)
        or f"{name!r} is not in the input folder; upload it or choose another"
    )


def pose_fingerprint(name: str) -> str:
    """Changes when the file behind a name does."""
    return name if name.startswith(PRESET) else file_hash(folder_paths.get_annotated_filepath(name))


def open_pose(name: str) -> SemanticPose:
    """A name of `list_poses`, also `name [output]` or with a subfolder as the upload button writes it. Raises "
    "InputError."""
    if name.startswith(PRESET):
        return load_preset(name.removeprefix(PRESET))
    return load_pose(Path(folder_paths.get_annotated_filepath(name)))


def save_poses(pose: SemanticPose, prefix: str) -> list[tuple[str, str]]:
    """One PNG for each map, numbered as ComfyUI does; returns (file name, subfolder) of each."""
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory(), pose.width, pose.height
    )
    files = [f"{name.replace('%batch_num%', str(i))}_{counter + i:05}_.png" for i in range(pose.batch)]
    for i, file in enumerate(files):
        save_pose(pose.select(i), Path(folder, file))
    return [(file, subfolder) for file in files]
