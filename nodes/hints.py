"""Hints for ControlNets, so that the map enforces shape on SD 1.5 and SDXL as well."""

from ..humandiffusion.pose.hints import BACKGROUNDS, KINDS, control_hint, size_for
from .types import SemanticPose, io, ui


class PoseToControlHint(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseToControlHint",
            display_name="Pose to Control Hint",
            category="HumanDiffusion/pose",
            description="Draws a semantic pose map as the picture that a ControlNet wants: soft edges, line art, a "
            "scribble, an ADE20K segmentation or an OpenPose skeleton.",
            search_aliases=["ControlNet", "openpose", "softedge", "lineart", "scribble", "seg", "ADE20K", "HED"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="The map to draw; of a batch, each one gets a picture."),
                io.Combo.Input(
                    "kind",
                    options=list(KINDS),
                    default=KINDS[0],
                    tooltip="What your ControlNet was trained on, as its name says. Soft edge and line art keep the "
                    "garments' shapes, scribble leaves more freedom, segmentation fixes only the figure, skeleton only "
                    "the pose. Skeleton needs a map with keypoints (presets have them) and the package "
                    "controlnet_aux; maps of a batch without keypoints come out black.",
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="Width of the picture you will make; lines are drawn at that size. 0 follows the height "
                    "and the map's shape, both 0 take the map's own size. A map of another shape is fitted in, not "
                    "squashed.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="Height of the picture you will make; 0 follows the width and the map's shape.",
                ),
                io.Float.Input(
                    "line_width",
                    default=0.0,
                    min=0.0,
                    max=64.0,
                    step=0.5,
                    round=0.01,
                    advanced=True,
                    tooltip="Pixels of the lines, or of the skeleton's limbs. 0 takes what ControlNets know: at 512 "
                    "pixels 5 for soft edge, 2 for line art, 8 for scribble and skeleton, in proportion for larger "
                    "pictures.",
                ),
                io.Combo.Input(
                    "background",
                    options=list(BACKGROUNDS),
                    default=next(iter(BACKGROUNDS)),
                    advanced=True,
                    tooltip="For the segmentation: what is around the person. Black leaves it to your words, wall is "
                    "a plain studio.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="hint",
                    tooltip="Goes into Apply ControlNet as it is; no preprocessor comes between.",
                )
            ],
        )

    @classmethod
    def execute(
        cls, pose: SemanticPose.Type, kind: str, width: int, height: int, line_width: float, background: str
    ) -> io.NodeOutput:
        size = size_for(pose, width, height)
        hint = control_hint(pose, kind, size, line_width=line_width, background=background)
        return io.NodeOutput(hint, ui=ui.PreviewImage(hint, cls=cls))
