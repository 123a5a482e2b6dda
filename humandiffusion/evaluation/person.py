"""Is there a person, and where: two networks of mediapipe 0.10.21 (Apache-2.0) as judges of a picture's shape.

`PersonJudge` is the pose network, run on the whole picture padded to a square, as if a detector had found the person to
fill it; `SilhouetteJudge`, the selfie segmentation, is a second opinion on the mask. Nothing of mediapipe itself is
needed, only their .tflite files.
"""

import hashlib
import importlib.util
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError

POSE = "mediapipe/modules/pose_landmark/pose_landmark_full.tflite"
SILHOUETTE = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
SHA256 = {
    POSE: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    SILHOUETTE: "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
}
SIDE = 256
HOW_TO_GET = (
    "pip download --no-deps --only-binary=:all: --python-version 3.12 mediapipe==0.10.21, "
    "then --judge with the path of that .whl"
)


@dataclass(frozen=True)
class PersonSeen:
    """`mask` [H, W] bool, where the judge sees a person; `score` 0..1, how sure it is that there is one."""

    mask: Tensor
    score: float


class PersonJudge:
    """The pose network. Build it with `load_person_judge`."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._net = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        # Two outputs are told by their shapes: the presence [1, 1] and the segmentation [1, 256, 256, 1].
        shapes = {tuple(o["shape"].tolist()): o["index"] for o in interpreter.get_output_details()}
        self._score, self._mask = shapes[(1, 1)], shapes[(1, SIDE, SIDE, 1)]

    def __call__(self, image: Tensor) -> PersonSeen:
        """Judge one picture [3, H, W], sRGB 0..1."""
        self._net.set_tensor(self._input, squared(image))
        self._net.invoke()
        logits = torch.from_numpy(self._net.get_tensor(self._mask).copy())
        score = float(self._net.get_tensor(self._score).reshape(-1)[0])
        return PersonSeen(_unsquared(logits.sigmoid(), image), score)


class SilhouetteJudge:
    """The selfie segmentation. Build it with `load_silhouette_judge`."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._net = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        self._mask = interpreter.get_output_details()[0]["index"]

    def __call__(self, image: Tensor) -> Tensor:
        """Where it sees a person in one picture [3, H, W], sRGB 0..1: bool [H, W]."""
        self._net.set_tensor(self._input, squared(image))
        self._net.invoke()
        return _unsquared(torch.from_numpy(self._net.get_tensor(self._mask).copy()), image)


def load_person_judge(path: Path | None = None, threads: int = 1) -> PersonJudge:
    """The judge from the .tflite file, from the wheel that holds it, or, without a path, from an installed mediapipe.

    Raises InputError that names what to install.
    """
    return PersonJudge(load_network(path, POSE, threads))


def load_silhouette_judge(path: Path | None = None, threads: int = 1) -> SilhouetteJudge:
    """The second judge, from the wheel or an installed mediapipe. Raises InputError that names what to install."""
    return SilhouetteJudge(load_network(path, SILHOUETTE, threads))


def squared(image: Tensor) -> Any:
    """A picture [3, H, W] as the networks take it: [1, SIDE, SIDE, 3], padded to a square with black."""
    height, width = image.shape[-2:]
    side, top, left = placing(height, width)
    square = F.pad(image.float()[None], (left, side - width - left, top, side - height - top))
    small = F.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)
    return small.permute(0, 2, 3, 1).contiguous().numpy()


def _unsquared(share: Tensor, image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    side, top, left = placing(height, width)
    large = F.interpolate(share[None, ..., 0], (side, side), mode="bilinear", align_corners=False)[0, 0]
    return large[top : top + height, left : left + width] > 0.5


def placing(height: int, width: int) -> tuple[int, int, int]:
    """The side of that square, and the picture's top and left in it."""
    side = max(height, width)
    return side, (side - height) // 2, (side - width) // 2


def load_network(path: Path | None, member: str, threads: int) -> Any:
    """An interpreter of one of mediapipe's .tflite files. Raises InputError that names what to install."""
    try:
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped,import-not-found]
    except ImportError as error:
        raise InputError("person judge: its runtime is not installed; pip install ai-edge-litert") from error
    content = _content(path if path is not None else _installed(member), member)
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[member]:
        raise InputError(
            f"--judge: got a file of sha256 {digest[:12]}..., wanted {member.rpartition('/')[2]} of mediapipe 0.10.21, "
            f"{SHA256[member][:12]}..., or figures do not compare; {HOW_TO_GET}"
        )
    return Interpreter(model_content=content, num_threads=threads)


def _installed(member: str) -> Path:
    found = importlib.util.find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        raise InputError(f"person judge: mediapipe is not installed, wanted a network that it holds; {HOW_TO_GET}")
    return Path(found.submodule_search_locations[0]).parent / member


def _content(path: Path, member: str) -> bytes:
    if not path.is_file():
        raise InputError(f"--judge: there is no file {path}; {HOW_TO_GET}")
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        if member not in wheel.namelist():
            raise InputError(f"--judge: {path} does not hold {member}; {HOW_TO_GET}")
        return wheel.read(member)
