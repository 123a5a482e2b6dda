"""Maps that ship: a pose and what the figure wears, drawn by the project itself at any size."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from .figure import Stance, draw_figure
from .garments import cut
from .semantic_pose import SemanticPose
from .skeleton import pose_keypoints

DEFAULT_SIZE = (384, 256)


def preset_names() -> list[str]:
    """The names that `load_preset` knows, `standing-trousers` first."""
    return list(_data()["presets"])


def load_preset(name: str, size: tuple[int, int] = DEFAULT_SIZE) -> SemanticPose:
    """Draw a preset at `size` = (height, width), with its keypoints. Raises InputError that lists the names."""
    data = _data()
    if name not in data["presets"]:
        raise InputError(f"preset: got {name!r}, wanted one of {', '.join(data['presets'])}")
    preset = data["presets"][name]
    pose = data["poses"][preset["pose"]]
    garments = [cut(item) if isinstance(item, str) else cut(item[0], **item[1]) for item in preset["wears"]]
    stance = Stance(**{key: tuple(pose[key]) for key in ("feet", "hands", "arms") if key in pose})
    return draw_figure(pose_keypoints(pose, size), garments, size, stance=stance, build=preset["build"])


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "presets.json").read_text(encoding="utf-8"))
    return data
