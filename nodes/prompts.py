"""From words to part prompts."""

from ..humandiffusion.describe import describe
from ..humandiffusion.parts import PART_NAMES, part_index
from ..humandiffusion.prompts import PartPrompt as Prompt
from ..humandiffusion.prompts import PartPrompts as Prompts
from .types import PartEncoder, PartPrompts, io

SENTENCE = "A woman in a red blouse and blue jeans, brown boots"


class DescribePerson(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionDescribePerson",
            display_name="Describe Person",
            category="HumanDiffusion/prompt",
            description="Reads a sentence about a person and sorts its words by garment and body part.",
            search_aliases=["prompt", "text", "sentence", "outfit"],
            is_experimental=True,
            inputs=[
                io.String.Input(
                    "sentence",
                    default=SENTENCE,
                    multiline=True,
                    dynamic_prompts=True,
                    tooltip="Who it is and what they wear, in plain English and any order: 'An elderly man with "
                    "white hair in a long grey coat over a black turtleneck, no hat'.",
                ),
                PartEncoder.Input(
                    "encoder",
                    optional=True,
                    tooltip="Optional. With it, a garment word that is not in the dictionary goes to the part that "
                    "it resembles most.",
                ),
            ],
            outputs=[
                PartPrompts.Output(
                    display_name="prompts",
                    tooltip="The phrase of each part. Goes into Retrieve Style, or into Part Prompt to change one.",
                ),
                io.String.Output(display_name="sentence", tooltip="The sentence as it was, for CLIP Text Encode."),
            ],
        )

    @classmethod
    def execute(cls, sentence: str, encoder: PartEncoder.Type | None = None) -> io.NodeOutput:
        prompts = describe(sentence, encoder) if sentence.strip() else Prompts()
        return io.NodeOutput(prompts, sentence)


class PartPrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPartPrompt",
            display_name="Part Prompt",
            category="HumanDiffusion/prompt",
            description="Says what one garment or body part looks like, in words or by a picture. Chain several of "
            "them.",
            search_aliases=["garment prompt", "region prompt", "reference garment"],
            is_experimental=True,
            inputs=[
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="What was said so far, from Describe Person or another Part Prompt. This part is "
                    "replaced, the rest kept.",
                ),
                io.Combo.Input(
                    "part", options=list(PART_NAMES), default="top", tooltip="Which part of the map to describe."
                ),
                io.String.Input(
                    "phrase",
                    default="",
                    multiline=True,
                    tooltip="What it looks like: 'dark green velvet with gold buttons'.",
                ),
                io.Float.Input(
                    "weight",
                    default=1.0,
                    min=0.0,
                    max=2.0,
                    step=0.05,
                    tooltip="How much this part counts. 1 is fully, 0.5 half way to what the model would choose by "
                    "itself, 0 leaves it undescribed. HumanDiffusion's own model takes more than 1 as 1.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="Optional. A picture of the garment, best cut out on white. It says what the part looks "
                    "like, also without a phrase.",
                ),
                io.String.Input("negative", default="", optional=True, tooltip="What this part must not look like."),
                io.Float.Input(
                    "start",
                    optional=True,
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    advanced=True,
                    tooltip="Share of the steps at which it begins to count.",
                ),
                io.Float.Input(
                    "end",
                    optional=True,
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    advanced=True,
                    tooltip="Share of the steps at which it stops counting.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Optional. Where on the picture the garment is; without it the whole picture counts.",
                ),
            ],
            outputs=[
                PartPrompts.Output(
                    display_name="prompts", tooltip="All parts described so far. Goes into Retrieve Style."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, start: float = 0.0, end: float = 1.0) -> bool | str:
        if not 0 <= start <= end <= 1:
            return f"start {start} to end {end}: both are shares of the steps in 0..1, and start comes first"
        return True

    @classmethod
    def execute(
        cls,
        part: str,
        phrase: str,
        weight: float,
        negative: str = "",
        start: float = 0.0,
        end: float = 1.0,
        prompts: PartPrompts.Type | None = None,
        image: io.Image.Type | None = None,
        mask: io.Mask.Type | None = None,
    ) -> io.NodeOutput:
        prompt = Prompt(
            part=part_index(part),
            phrase=" ".join(phrase.split()),
            weight=weight,
            image=one_picture(image, "image"),
            mask=one_picture(mask, "mask"),
            negative=" ".join(negative.split()),
            start=start,
            end=end,
        )
        return io.NodeOutput((prompts or Prompts()).with_part(prompt))


def one_picture(batch: io.Image.Type | None, name: str) -> io.Image.Type | None:
    """The one picture or mask of a batch of one; an IMAGE loses an alpha channel."""
    if batch is None:
        return None
    if len(batch) != 1:
        raise ValueError(f"{name}: got {len(batch)} of them, wanted one; choose one with Image From Batch")
    return batch[0].float() if batch.ndim == 3 else batch[0, ..., :3].float()
