"""Roads into a semantic pose map and out of it: keypoints and masks."""

from typing import Any

from ..humandiffusion.pose.from_keypoints import pose_from_keypoints
from ..humandiffusion.pose.garments import figure_data
from ..humandiffusion.pose.keypoints_io import read_keypoints
from ..humandiffusion.pose.masks import masks_of, named_masks, pose_from_masks
from ..humandiffusion.pose.render import render
from ..humandiffusion.pose.transform import lay_over
from ..humandiffusion.pose.wardrobe import garments_for
from .types import PartPrompts, SemanticPose, io, ui

PoseKeypoint = io.Custom("POSE_KEYPOINT")  # OpenPose's JSON, as other packs pass it on


class PoseFromKeypoints(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseFromKeypoints",
            display_name="Pose From Keypoints",
            category="HumanDiffusion/pose",
            description="Draws dressed people from skeletons: OpenPose keypoints become a semantic pose map of body "
            "and garments.",
            search_aliases=["openpose", "DWPose", "skeleton", "POSE_KEYPOINT", "stick figure"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                PoseKeypoint.Input(
                    "keypoints",
                    tooltip="Skeletons from OpenPose or DWPose Pose, or from an OpenPose editor. Several people and "
                    "missing joints are fine; each frame becomes a map.",
                ),
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="What they wear, from Describe Person: a long coat gets long. All are dressed alike. "
                    "Without it: T-shirt, trousers and shoes.",
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="Width of the map. 0 takes that of the keypoints' own picture, or follows the height.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="Height of the map. 0 takes that of the keypoints' own picture, or follows the width.",
                ),
                io.Combo.Input(
                    "build",
                    options=list(figure_data()["builds"]),
                    default="average",
                    tooltip="How broad shoulders, waist, hips and limbs are drawn.",
                ),
            ],
            outputs=[
                SemanticPose.Output(
                    display_name="pose", tooltip="The map, with the keypoints and a number for each person."
                )
            ],
        )

    @classmethod
    def execute(cls, keypoints: Any, width: int, height: int, build: str, prompts: Any = None) -> io.NodeOutput:
        frames = read_keypoints(keypoints)
        canvas = next((frame.size for frame in frames if frame.size is not None), None)
        size = _size(width, height, canvas)
        pose = pose_from_keypoints(frames, garments_for(prompts), size, build=build)
        return io.NodeOutput(pose, ui=ui.PreviewImage(render(pose), cls=cls))


class PoseFromMasks(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseFromMasks",
            display_name="Pose From Masks",
            category="HumanDiffusion/pose",
            description="Makes a semantic pose map of masks: say which part each mask is.",
            search_aliases=["masks to pose", "segments", "SAM", "region masks"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                io.Mask.Input(
                    "masks",
                    tooltip="One mask, or a batch: a mask for each part, or of one part a mask for each frame.",
                ),
                io.String.Input(
                    "names",
                    default="top",
                    tooltip="The part of each mask, in their order, with commas between: top, pants, footwear. One "
                    "name alone takes all masks as frames. Pose To Masks gives such names.",
                ),
                io.Boolean.Input(
                    "soft_edges",
                    default=True,
                    tooltip="Keep feathered edges, which blend the parts where they meet. Off: each pixel is one part.",
                ),
                io.Boolean.Input(
                    "fill_holes",
                    default=False,
                    tooltip="Fill gaps that the figure encloses with what is around them, as rough masks have them. "
                    "The space between an arm and the body counts as a gap too.",
                ),
                SemanticPose.Input(
                    "pose",
                    optional=True,
                    tooltip="A map that the masks are laid over. Chain several of these nodes to add mask by mask.",
                ),
            ],
            outputs=[
                SemanticPose.Output(
                    display_name="pose",
                    tooltip="Where masks overlap the stronger wins, of equal ones the smaller, as a belt on trousers.",
                )
            ],
        )

    @classmethod
    def execute(cls, masks: Any, names: str, soft_edges: bool, fill_holes: bool, pose: Any = None) -> io.NodeOutput:
        made = pose_from_masks(named_masks(masks, names), soft=soft_edges, fill_holes=fill_holes)
        made = made if pose is None else lay_over(pose, made)
        return io.NodeOutput(made, ui=ui.PreviewImage(render(made), cls=cls))


class PoseToMasks(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseToMasks",
            display_name="Pose To Masks",
            category="HumanDiffusion/pose",
            description="All parts of a semantic pose map as masks in one batch, with their names beside.",
            search_aliases=["split pose", "segments", "part masks", "region masks"],
            is_experimental=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="The map to take apart. Soft edges are kept."),
                io.Boolean.Input(
                    "all_parts",
                    default=False,
                    tooltip="Give all 24 masks in the order of the parts, empty ones too.",
                ),
            ],
            outputs=[
                io.Mask.Output(
                    display_name="masks",
                    tooltip="A mask for each part; of a batch of maps, one for each part and frame.",
                ),
                io.String.Output(
                    display_name="names",
                    tooltip="The parts of the masks in their order, with commas between; Pose From Masks reads it.",
                ),
            ],
        )

    @classmethod
    def execute(cls, pose: Any, all_parts: bool) -> io.NodeOutput:
        masks, names = masks_of(pose, absent=all_parts)
        return io.NodeOutput(masks, ", ".join(names))


def _size(width: int, height: int, canvas: tuple[int, int] | None) -> tuple[int, int] | None:
    """(height, width); a side that is 0 follows the other in the canvas's shape."""
    if width and height:
        return height, width
    if canvas is None or not (width or height):
        return canvas
    return (height, max(round(height * canvas[1] / canvas[0]), 1)) if height else (
        max(round(width * canvas[0] / canvas[1]), 1), width,
    )  # fmt: skip
