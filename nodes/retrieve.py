"""SMR: each part's phrase or picture, refreshed by what the style memory holds."""

from ..humandiffusion.errors import InputError
from ..humandiffusion.smr.board import board
from ..humandiffusion.smr.features import retrieve
from ..humandiffusion.smr.locks import read_locks
from ..humandiffusion.smr.sheet import report, sheet
from .bridge import boards
from .bridge.devices import DEVICES, torch_device
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
                    tooltip="Garments to keep or to refuse. Click them below after a run, or write JSON of parts and "
                    'ids from the report: {"top": ["0123456789abcdef"]}, or {"top": {"lock": [...], "ban": [...], '
                    '"blend": 0.5}, "sources": {"NAME": 0.5}}. {} locks nothing.',
                ),
                io.Float.Input(
                    "diversity",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    optional=True,
                    tooltip="0 takes the k nearest, which may all be alike. More picks garments that differ from each "
                    "other.",
                ),
                io.Float.Input(
                    "reference",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    optional=True,
                    tooltip="For parts with a phrase and a reference picture: 1 looks for the picture, 0 for the "
                    "phrase, between them for both.",
                ),
                io.Combo.Input(
                    "device",
                    options=list(DEVICES),
                    default=DEVICES[0],
                    optional=True,
                    advanced=True,
                    tooltip="Where to search. What is found is the same; a GPU is faster in memories of hundreds of "
                    "thousands of garments.",
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
        diversity: float = 0.0,
        reference: float = 1.0,
        device: str = DEVICES[0],
    ) -> io.NodeOutput:
        if not any(prompt.phrase or prompt.image is not None for prompt in prompts.parts):
            raise InputError(
                "prompts: got no phrase and no picture for any part; write a sentence in Describe Person or add a "
                "Part Prompt"
            )
        held = read_locks(locks)
        features = retrieve(
            encoder,
            memory,
            prompts,
            k=k,
            tau=tau,
            blend=blend,
            scope=scope,
            locks=held,
            diversity=diversity,
            reference=reference,
            device=torch_device(device),
        )
        found = sheet(features, memory)[None]
        shown = {
            **ui.PreviewImage(found, cls=cls).as_dict(),
            "humandiffusion_hits": [boards.show(board(features, memory, held))],
        }
        return io.NodeOutput(features, found, report(features, memory), ui=shown)
