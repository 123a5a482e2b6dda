"""SMR: each part's phrase or picture, refreshed by what the style memory holds."""

import json

from ..humandiffusion.errors import InputError
from ..humandiffusion.parts import part_index
from ..humandiffusion.smr.features import retrieve
from ..humandiffusion.smr.sheet import report, sheet
from .types import PartEncoder, PartFeatures, PartPrompts, StyleMemory, io, ui


class RetrieveStyle(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionRetrieveStyle",
            display_name="Retrieve Style",
            category="HumanDiffusion/prompt",
            description="Looks up in the style memory what the described garments look like, and shows what it found.",
            search_aliases=["SMR", "stylized memory retrieval", "wardrobe", "look up"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                PartEncoder.Input(
                    "encoder",
                    tooltip="From Load Part Encoder or Part Encoder From CLIP; the same one that the memory was made "
                    "with.",
                ),
                StyleMemory.Input("memory", tooltip="From Load Style Memory: the wardrobe to look in."),
                PartPrompts.Input(
                    "prompts", tooltip="From Describe Person or Part Prompt: what each part should look like."
                ),
                io.Int.Input(
                    "k",
                    default=4,
                    min=1,
                    max=64,
                    tooltip="How many garments are looked up for each part. One copies the nearest, more blend to "
                    "their common style.",
                ),
                io.Float.Input(
                    "tau",
                    default=0.05,
                    min=0.001,
                    max=10.0,
                    step=0.005,
                    round=0.001,
                    advanced=True,
                    tooltip="How evenly the garments found are mixed: small lets the best one rule, large counts "
                    "them all alike.",
                ),
                io.Float.Input(
                    "blend",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="1 takes the garments found, 0 takes your words alone, between them mixes both.",
                ),
                io.Combo.Input(
                    "scope",
                    options=["part", "all"],
                    default="part",
                    advanced=True,
                    tooltip="Where to look: among garments of the same part, or in the whole memory (a shirt may "
                    "then borrow a skirt's cloth).",
                ),
                io.String.Input(
                    "locks",
                    default="{}",
                    optional=True,
                    advanced=True,
                    tooltip='Keeps garments found earlier: JSON of part and ids from the report, as {"top": '
                    '["0123456789abcdef"]}. '
                    "{} locks nothing.",
                ),
            ],
            outputs=[
                PartFeatures.Output(
                    display_name="features", tooltip="Goes into HumanDiffusion Conditioning or Sampler."
                ),
                io.Image.Output(display_name="sheet", tooltip="A picture of what was found for each part."),
                io.String.Output(
                    display_name="report", tooltip="What was found in words: ids, scores, captions and their sources."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, locks: str = "{}") -> bool | str:
        try:
            read_locks(locks)
        except InputError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        encoder: PartEncoder.Type,
        memory: StyleMemory.Type,
        prompts: PartPrompts.Type,
        k: int,
        tau: float,
        blend: float,
        scope: str,
        locks: str = "{}",
    ) -> io.NodeOutput:
        if not any(prompt.phrase or prompt.image is not None for prompt in prompts.parts):
            raise InputError(
                "prompts: got no phrase and no picture for any part; write a sentence in Describe Person or add a "
                "Part Prompt"
            )
        features = retrieve(encoder, memory, prompts, k=k, tau=tau, blend=blend, scope=scope, locks=read_locks(locks))
        found = sheet(features, memory)[None]
        return io.NodeOutput(features, found, report(features, memory), ui=ui.PreviewImage(found, cls=cls))


def read_locks(text: str) -> dict[int, list[str]]:
    """JSON such as {"top": ["0123456789abcdef"]} -> ids by part index. Raises InputError for anything else."""
    try:
        data = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise InputError(
            f'locks: got text that is not JSON ({error}), wanted {{}} or {{"top": ["0123456789abcdef"]}}'
        ) from None
    if not isinstance(data, dict) or not all(
        isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids) for ids in data.values()
    ):
        raise InputError(f'locks: got {text}, wanted part names with lists of ids, as {{"top": ["0123456789abcdef"]}}')
    return {part_index(name): ids for name, ids in data.items()}
