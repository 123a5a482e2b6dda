"""What somebody wears in a picture, for another figure."""

from typing import Any

from ..humandiffusion.parts import part_index
from ..humandiffusion.prompts_from_picture import prompts_from_picture
from .prompts import one_picture
from .types import PartPrompts, SemanticPose, io


class PromptsFromPicture(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPromptsFromPicture",
            display_name="Prompts From Picture",
            category="HumanDiffusion/prompt",
            description="Takes the clothes, hair and skin of a picture as reference pictures, so that another map "
            "wears them. Chain two to take the coat from one picture and the trousers from another.",
            search_aliases=["pose transfer", "outfit transfer", "try on", "reference outfit", "style from picture"],
            is_experimental=True,
            inputs=[
                io.Image.Input("image", tooltip="One picture of the person whose look to take."),
                SemanticPose.Input("pose", tooltip="Its map, from Pose From Image: where each part is in the picture."),
                io.String.Input(
                    "parts",
                    default="",
                    tooltip="Which parts to take, with commas between, as top, outer, hair. Empty takes all of the "
                    "person; name background to take the place as well.",
                ),
                io.Float.Input(
                    "weight",
                    default=1.0,
                    min=0.0,
                    max=2.0,
                    step=0.05,
                    tooltip="How much these parts count, as in Part Prompt.",
                ),
                io.Boolean.Input(
                    "words",
                    default=True,
                    tooltip="Also say each part in words measured on the picture, as 'red striped top'. Stable "
                    "Diffusion without an adapter and Score Picture read only words.",
                ),
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="What was said so far. The parts taken are replaced, the rest is kept.",
                ),
            ],
            outputs=[
                PartPrompts.Output(
                    display_name="prompts", tooltip="All parts so far. Goes into Retrieve Style or Apply MCA."
                )
            ],
        )

    @classmethod
    def execute(
        cls, image: io.Image.Type, pose: Any, parts: str, weight: float, words: bool, prompts: Any = None
    ) -> io.NodeOutput:
        chosen = [part_index(name) for name in parts.replace("\n", ",").split(",") if name.strip()]
        picture = one_picture(image, "image")
        told = prompts_from_picture(picture, pose, chosen or None, others=prompts, words=words, weight=weight)
        return io.NodeOutput(told)
