"""A file that holds a pose: a label map as PNG, or OpenPose's JSON, whose skeletons are drawn as dressed figures."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from .from_keypoints import pose_from_keypoints
from .garments import Garment
from .io import load_pose
from .keypoints_io import KeypointFrame, read_keypoints
from .semantic_pose import SemanticPose

# Some hundred frames of several people with hands and faces.
_LARGEST = 64 * 2**20


def load_map_or_skeleton(
    path: Path, garments: Sequence[Garment], size: tuple[int, int] | None = None, build: str = "average"
) -> SemanticPose:
    """A PNG as `load_pose` reads it; a .json as the people in it, who wear `garments`. Raises InputError."""
    if path.suffix.lower() != ".json":
        return load_pose(path)
    try:
        return pose_from_keypoints(load_keypoints(path), garments, size, build=build)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def load_keypoints(path: Path) -> tuple[KeypointFrame, ...]:
    """The frames of an OpenPose JSON file. Raises InputError if it cannot be read, is no text, or no such JSON."""
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"keypoints: the file has more than {_LARGEST >> 20} MiB; split it by frames")
        return read_keypoints(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"keypoints: cannot read the file: {error.strerror}; wanted OpenPose's JSON") from error
    except UnicodeDecodeError:
        raise InputError("keypoints: the file is no text, wanted OpenPose's JSON") from None
