"""Looks in files: what was retrieved in one workflow, for another."""

from pathlib import Path

from ..humandiffusion.parts import PART_NAMES
from ..humandiffusion.smr.features import PartFeatures as Features
from ..humandiffusion.smr.looks import load_look, save_look
from .bridge import folders
from .types import PartFeatures, io

CATEGORY = "HumanDiffusion/memory"
NAME = "my look"


class SaveLook(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionSaveLook",
            display_name="Save Look",
            category=CATEGORY,
            description="Saves how a person is dressed, all parts at once, for other poses and other workflows.",
            search_aliases=["save style", "export features", "outfit"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                PartFeatures.Input("features", tooltip="From Retrieve Style."),
                io.String.Input(
                    "name",
                    default=NAME,
                    tooltip="What it is called in Load Look. It is written to models/humandiffusion/looks, with your "
                    "words and reference pictures.",
                ),
                io.Boolean.Input(
                    "replace",
                    default=False,
                    tooltip="Replace a look of that name. Off: a number is put behind the name, and nothing is lost.",
                ),
            ],
            outputs=[],
        )

    @classmethod
    def validate_inputs(cls, name: str = NAME) -> bool | str:
        return folders.output_name(name)

    @classmethod
    def execute(cls, features: PartFeatures.Type, name: str, replace: bool) -> io.NodeOutput:
        path = folders.output_file(folders.LOOKS, name, replace)
        save_look(features, path)
        return io.NodeOutput(ui={"text": [path.name]})


class LoadLook(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadLook",
            display_name="Load Look",
            category=CATEGORY,
            description="Loads how a person is dressed, as Save Look wrote it: no memory and no words are needed.",
            search_aliases=["load style", "outfit", "features"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "look_name",
                    options=folders.list_looks(),
                    tooltip="A look from models/humandiffusion/looks. Press R after Save Look wrote a new one.",
                )
            ],
            outputs=[
                PartFeatures.Output(
                    display_name="features",
                    tooltip="Goes into HumanDiffusion Conditioning, Sampler or Apply MCA, as from Retrieve Style. The "
                    "model must be of the encoder that the look was made with.",
                ),
                io.String.Output(display_name="report", tooltip="What each part looks like, in words."),
            ],
        )

    @classmethod
    def validate_inputs(cls, look_name: str = "") -> bool | str:
        return folders.look_exists(look_name)

    @classmethod
    def fingerprint_inputs(cls, look_name: str) -> str:
        return folders.file_hash(folders.resolve(folders.LOOKS, look_name))

    @classmethod
    def execute(cls, look_name: str) -> io.NodeOutput:
        look = load_look(Path(folders.resolve(folders.LOOKS, look_name)))
        return io.NodeOutput(look, _told(look))


def _told(look: Features) -> str:
    lines = []
    for row in look.retrieved:
        prompt = look.prompts.get(row.part)
        phrase = prompt.phrase if prompt is not None and prompt.phrase else row.how
        lines.append(f"{PART_NAMES[row.part]}: {phrase} ({', '.join(row.captions[:3]) or row.how})")
    return "\n".join([*lines, f"encoder: {look.encoder_id}"])
