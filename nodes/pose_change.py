"""A semantic pose map changed: moved, cut, turned, put together with another, or brought step by step into another."""

from typing import Any

from ..humandiffusion.errors import InputError
from ..humandiffusion.parts import part_index
from ..humandiffusion.pose.geometry import crop_to_figure, fit, mirror, pad, resize, trim
from ..humandiffusion.pose.hints import size_for
from ..humandiffusion.pose.interpolate import WAYS, interpolate
from ..humandiffusion.pose.render import render
from ..humandiffusion.pose.transform import merge, move, rotate, take_parts
from .bridge.progress import reporter
from .types import SemanticPose, io, ui

_CHANGES = ("mirror", "move", "rotate", "crop", "crop to figure", "pad", "resize", "fit", "merge", "take parts")


class PoseTransform(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        side = "Pixels to cut off or to add at this side, for crop and pad."
        return io.Schema(
            node_id="HumanDiffusionPoseTransform",
            display_name="Pose Transform",
            category="HumanDiffusion/pose",
            description="Mirrors, moves, turns, cuts, pads or scales a semantic pose map, puts two people into one, or "
            "takes a part from another map. No change invents a label.",
            search_aliases=["flip pose", "scale pose", "crop pose", "merge poses", "combine poses"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="The map to change; every map of a batch."),
                io.Combo.Input(
                    "change",
                    options=list(_CHANGES),
                    default="mirror",
                    tooltip="What to do. Mirror keeps left and right: the right hand's points stay its own. "
                    "Merge puts the other map in front. Take parts brings the parts named below from the other map.",
                ),
                io.Float.Input(
                    "x", default=0.0, min=-16384, max=16384, step=1, tooltip="For move: pixels to the right."
                ),
                io.Float.Input("y", default=0.0, min=-16384, max=16384, step=1, tooltip="For move: pixels down."),
                io.Float.Input(
                    "scale",
                    default=1.0,
                    min=0.05,
                    max=20.0,
                    step=0.05,
                    tooltip="For move: the figure so many times larger.",
                ),
                io.Float.Input(
                    "degrees",
                    default=0.0,
                    min=-360.0,
                    max=360.0,
                    step=1,
                    tooltip="For rotate: clockwise, about the middle.",
                ),
                io.Int.Input(
                    "left", default=0, min=0, max=16384, tooltip=f"{side} For crop to figure the margin around."
                ),
                io.Int.Input("top", default=0, min=0, max=16384, tooltip=side),
                io.Int.Input("right", default=0, min=0, max=16384, tooltip=side),
                io.Int.Input("bottom", default=0, min=0, max=16384, tooltip=side),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="For resize (stretched) and fit (never squashed). 0 follows the height.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="For resize and fit. 0 follows the width and the map's shape.",
                ),
                io.String.Input(
                    "parts",
                    default="top",
                    tooltip="For take parts: which, with commas between, as top, outer, hair.",
                ),
                SemanticPose.Input(
                    "other",
                    optional=True,
                    tooltip="The second map, for merge and take parts; fitted into the size of the first.",
                ),
            ],
            outputs=[SemanticPose.Output(display_name="pose", tooltip="The changed map; keypoints go along.")],
        )

    @classmethod
    def execute(cls, pose: Any, change: str, **values: Any) -> io.NodeOutput:
        changed = _changed(pose, change, **values)
        return io.NodeOutput(changed, ui=ui.PreviewImage(render(changed), cls=cls))


class InterpolatePose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionInterpolatePose",
            display_name="Interpolate Pose",
            category="HumanDiffusion/pose",
            description="The frames between two semantic pose maps, for animation. No frame has a part that "
            "neither map has.",
            search_aliases=["animate pose", "tween", "in-between", "pose sequence"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                SemanticPose.Input(
                    "start", tooltip="The first frame; of a batch its last map, so that nodes can be chained."
                ),
                SemanticPose.Input(
                    "end", tooltip="The last frame; of a batch its first map. Fitted into the start's size."
                ),
                io.Int.Input(
                    "frames", default=8, min=2, max=1024, tooltip="How many maps come out, the two given ones counted."
                ),
                io.Combo.Input(
                    "way",
                    options=list(WAYS),
                    default=WAYS[0],
                    tooltip="Skeleton turns the limbs about their joints and needs keypoints in both maps. Outlines "
                    "lets the shapes grow into one another. Auto takes skeletons where both have them.",
                ),
            ],
            outputs=[SemanticPose.Output(display_name="pose", tooltip="A batch; each map is a frame.")],
        )

    @classmethod
    def execute(cls, start: Any, end: Any, frames: int, way: str) -> io.NodeOutput:
        pose = interpolate(start, end, frames, way, progress=reporter())
        return io.NodeOutput(pose, ui=ui.PreviewImage(render(pose), cls=cls))


def _changed(
    pose: Any,
    change: str,
    *,
    x: float,
    y: float,
    scale: float,
    degrees: float,
    left: int,
    top: int,
    right: int,
    bottom: int,
    width: int,
    height: int,
    parts: str,
    other: Any = None,
) -> Any:
    match change:
        case "mirror":
            return mirror(pose)
        case "move":
            return move(pose, x, y, scale)
        case "rotate":
            return rotate(pose, degrees)
        case "crop":
            return trim(pose, left, top, right, bottom)
        case "crop to figure":
            return crop_to_figure(pose, margin=left)
        case "pad":
            return pad(pose, left, top, right, bottom)
        case "resize":
            return resize(pose, size_for(pose, width, height))
        case "fit":
            return fit(pose, size_for(pose, width, height))
    if other is None:
        raise InputError("other: got no map, wanted a second one for merge and take parts; connect it")
    return merge(pose, other) if change == "merge" else take_parts(pose, other, _parts(parts))


def _parts(names: str) -> list[int]:
    parts = [part_index(name) for name in names.replace("\n", ",").split(",") if name.strip()]
    if not parts:
        raise InputError("parts: got none, wanted at least one, as top, outer, hair")
    return parts
