"""Style memories in ComfyUI: built with its progress bar and its Cancel, changed in the user's folder."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import folder_paths
from torch import Tensor

from ...humandiffusion.encoders.base import PartEncoder
from ...humandiffusion.errors import InputError
from ...humandiffusion.pose.geometry import fit
from ...humandiffusion.pose.semantic_pose import SemanticPose
from ...humandiffusion.smr.alone import alone
from ...humandiffusion.smr.build import BuildReport, build_from_folder
from ...humandiffusion.smr.io import append, delta_files, load_memory, save_memory
from ...humandiffusion.smr.memory import MemoryItem, StyleMemory
from ...humandiffusion.smr.photos import find_photos, state_of
from ...humandiffusion.smr.remember import begin_memory, items_of_picture
from .folders import MEMORIES, output_file

_PATIENCE = 30.0  # seconds that another may take to begin the same memory


def build(folder: str, name: str, replace: bool, encoder: PartEncoder, **options: Any) -> BuildReport:
    """Build a memory of a folder's photos as models/humandiffusion/memories/NAME.safetensors. Cancelled, it goes on
    where it was when the same is built again. Raises InputError.
    """
    bar = None

    def progress(done: int, count: int) -> None:
        nonlocal bar
        bar = bar or comfy.utils.ProgressBar(count)
        bar.update_absolute(done, count)

    out = output_file(MEMORIES, name, replace)
    additions = delta_files(out)
    report = build_from_folder(
        photo_folder(folder),
        out,
        encoder,
        progress=progress,
        stop=comfy.model_management.processing_interrupted,
        **options,
    )
    comfy.model_management.throw_exception_if_processing_interrupted()
    for addition in additions:  # to the memory that was replaced
        addition.unlink(missing_ok=True)
    return report


def photo_folder(folder: str) -> Path:
    """The folder behind what was typed: any path, or one in ComfyUI's input folder."""
    return Path(folder_paths.get_input_directory(), os.path.expanduser(folder.strip().strip("\"'")))


def photos_fingerprint(folder: str) -> str:
    """Changes when a file that a build would read does, by names, sizes and times."""
    try:
        state = str(state_of(find_photos(photo_folder(folder)).photos))
    except InputError as error:
        state = str(error)
    return hashlib.sha256(state.encode()).hexdigest()


def save(memory: StyleMemory, name: str, replace: bool) -> Path:
    """Write a memory as one file. What was added beside one that is replaced goes with it. Raises InputError."""
    out = output_file(MEMORIES, name, replace)
    additions = delta_files(out)
    save_memory(memory, out)
    for addition in additions:
        addition.unlink(missing_ok=True)
    return out


def remember(
    images: Tensor, pose: SemanticPose, encoder: PartEncoder, name: str, **options: Any
) -> tuple[StyleMemory, list[MemoryItem]]:
    """Add the parts of pictures [B, H, W, 3] to the user's memory of that name, or begin it; the memory as it is then,
    and what was new. Raises InputError.
    """
    path = output_file(MEMORIES, name, replace=True)
    known = load_memory(path) if path.is_file() else None
    if known is not None:
        known.check_encoder(encoder.encoder_id)
    items = [
        item for i in range(len(images)) for item in _items(images[i], _one(pose, i, len(images)), encoder, options)
    ]
    fresh = list({item.id: item for item in items}.values())
    if known is None:
        with alone(path, _PATIENCE):
            if not path.is_file():
                save_memory(begin_memory(fresh, encoder), path)
                return load_memory(path), fresh
        known = load_memory(path)  # another began it meanwhile
        known.check_encoder(encoder.encoder_id)
    fresh = [
        item for item, row in zip(fresh, known.ids.find([one.id for one in fresh]).tolist(), strict=True) if row < 0
    ]
    if not fresh:
        return known, fresh
    append(path, fresh)
    return load_memory(path), fresh


def _items(image: Tensor, pose: SemanticPose, encoder: PartEncoder, options: dict[str, Any]) -> Sequence[MemoryItem]:
    comfy.model_management.throw_exception_if_processing_interrupted()
    labels = fit(pose, (image.shape[0], image.shape[1])).labels[0]
    name = hashlib.sha256(image.cpu().numpy().tobytes()).hexdigest()[:8]
    return items_of_picture(image, labels, encoder, name=name, **options)


def _one(pose: SemanticPose, index: int, count: int) -> SemanticPose:
    maps = len(pose.labels)
    if maps not in (1, count):
        raise InputError(f"pose: got {maps} maps for {count} pictures, wanted one for all or one for each")
    return SemanticPose(pose.labels[index : index + 1] if maps > 1 else pose.labels)
