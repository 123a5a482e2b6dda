"""The semantic pose editor: a map is painted and posed on the node itself."""

import re

from torch import Tensor

from ..humandiffusion.errors import InputError
from ..humandiffusion.pose.editor_value import parse_value, pose_of
from ..humandiffusion.pose.render import render
from ..humandiffusion.pose.semantic_pose import SemanticPose as Pose
from .bridge import editor_files
from .types import SemanticPose, io


class PoseEditor(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseEditor",
            display_name="Pose Editor",
            category="HumanDiffusion/pose",
            description="Paint and pose a semantic pose map: where each garment and body part of the person is.",
            search_aliases=["pose map", "paint segmentation", "draw body parts", "openpose editor", "mannequin"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                io.String.Input(
                    "editor",
                    default="",
                    socketless=True,
                    extra_dict={"widgetType": "HUMANDIFFUSION_POSE_EDITOR"},
                    tooltip="The map. Choose a part and paint, or start from a figure and drag its joints. Saved in "
                    "the workflow.",
                ),
                io.Image.Input(
                    "underlay",
                    optional=True,
                    tooltip="A photo to draw over. That of a Load Image shows at once, any other after a run; it does "
                    "not change the map.",
                ),
                SemanticPose.Input(
                    "pose",
                    optional=True,
                    tooltip="A map to start from; what you paint lies over it. It shows after a run, and if it changes "
                    "later the editor asks what to do with your edits.",
                ),
            ],
            outputs=[
                SemanticPose.Output(
                    display_name="pose", tooltip="The map, with the figure's keypoints if it was posed by a skeleton."
                ),
                io.Image.Output(display_name="preview", tooltip="The map in the colours of its parts."),
                io.Mask.Output(display_name="person", tooltip="White where there is a person: all but background."),
                io.Int.Output(display_name="width", tooltip="Width of the map in pixels."),
                io.Int.Output(display_name="height", tooltip="Height of the map in pixels."),
            ],
        )

    @classmethod
    def validate_inputs(cls, editor: str) -> bool | str:
        try:
            parse_value(editor, editor_files.open_layer)
        except InputError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, editor: str, underlay: Tensor | None = None, pose: Pose | None = None) -> str:
        files = re.findall(r'"file":\s*"([^"]*)"', editor)
        return " ".join([editor, *(editor_files.fingerprint(name) for name in files)])

    @classmethod
    def execute(cls, editor: str, underlay: Tensor | None = None, pose: Pose | None = None) -> io.NodeOutput:
        edited = pose_of(parse_value(editor, editor_files.open_layer), pose)
        person = (edited.labels != 0).float()
        shown = {
            "base": [] if pose is None else [editor_files.show_base(pose)],
            "underlay": [] if underlay is None else [editor_files.save_underlay(underlay)],
        }
        return io.NodeOutput(
            edited,
            render(edited),
            person,
            edited.width,
            edited.height,
            ui={f"humandiffusion_{name}": files for name, files in shown.items()},
        )
