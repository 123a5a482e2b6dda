"""Style memories of one's own: built of a folder of photos, joined, saved, and added to picture by picture."""

from typing import Any

import torch

from ..humandiffusion.parts import part_index
from ..humandiffusion.smr.io import load_memory
from ..humandiffusion.smr.merge import merge_memories
from .bridge import folders, memories
from .types import PartEncoder, PartPrompts, PersonParser, SemanticPose, StyleMemory, io

CATEGORY = "HumanDiffusion/memory"
NAME = "my memory"
_LICENCE = "mine, not to be shared"
_THUMBNAILS = ("swatch", "picture", "none")
_REPLACE = "Replace a file of that name. Off: a number is put behind the name, and nothing is lost."


class BuildMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionBuildMemory",
            display_name="Build Style Memory",
            category=CATEGORY,
            description="Makes a wardrobe of your own photos: every garment in a folder becomes one that Retrieve "
            "Style can find.",
            search_aliases=["wardrobe", "index photos", "style bank", "dataset", "SMR"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                io.String.Input(
                    "folder",
                    default="",
                    tooltip="Folder of photos on the computer that runs ComfyUI: a whole path, or one in ComfyUI's "
                    "input folder. Sub-folders count. Maps beside the photos (NAME.map.png, or maps/NAME.png) are "
                    "used, and words (NAME.txt).",
                ),
                io.String.Input(
                    "name",
                    default=NAME,
                    tooltip="What the memory is called in Load Style Memory. It is written to "
                    "models/humandiffusion/memories.",
                ),
                io.String.Input(
                    "licence",
                    default=_LICENCE,
                    tooltip="What the photos may be used for; kept with every garment. Use only photos that you may "
                    "use so: that of a data set often forbids to pass on what is made of it.",
                ),
                PartEncoder.Input(
                    "encoder",
                    tooltip="From Load Part Encoder or Part Encoder From CLIP. The memory works with this one only.",
                ),
                io.Combo.Input(
                    "thumbnails",
                    options=list(_THUMBNAILS),
                    default=_THUMBNAILS[0],
                    tooltip="What is shown of a garment later: a swatch of its cloth, a small picture of it, or "
                    "nothing. Faces are never shown.",
                ),
                io.Combo.Input(
                    "faces",
                    options=["mean", "blur", "none"],
                    default="mean",
                    tooltip="What is kept of faces: the mean of all, a few blurred spots of each, or nothing.",
                ),
                io.Boolean.Input("replace", default=False, tooltip=_REPLACE),
                PersonParser.Input(
                    "parser",
                    optional=True,
                    tooltip="From Load Parser: finds the garments in photos that have no map beside them.",
                ),
            ],
            outputs=[
                StyleMemory.Output(display_name="memory", tooltip="Goes into Retrieve Style."),
                io.String.Output(
                    display_name="report", tooltip="How many garments of how many photos, and which files were skipped."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, folder: str = "", name: str = NAME, licence: str = _LICENCE) -> bool | str:
        if not folder.strip():
            return "folder: got none, wanted the path of a folder with photos"
        if not memories.photo_folder(folder).is_dir():
            return f"folder: there is no folder {str(memories.photo_folder(folder))!r} where ComfyUI runs"
        if not licence.strip():
            return "licence: got none; say what the photos may be used for"
        return folders.output_name(name)

    @classmethod
    def fingerprint_inputs(cls, folder: str, name: str, **_: Any) -> str:
        return f"{name} {memories.photos_fingerprint(folder)}"

    @classmethod
    def execute(
        cls,
        folder: str,
        name: str,
        licence: str,
        encoder: PartEncoder.Type,
        thumbnails: str,
        faces: str,
        replace: bool,
        parser: PersonParser.Type | None = None,
    ) -> io.NodeOutput:
        options = {"licence": licence, "thumbnails": thumbnails, "faces": faces, "parser": parser}
        done = memories.build(folder, name, replace, encoder, **options)
        told = [
            f"{done.path.name}: {done.items} items of {done.photos} photos, {done.duplicates} duplicates left out",
            *(f"skipped {file}: {reason}" for file, reason in done.skipped),
        ]
        return io.NodeOutput(load_memory(done.path), "\n".join(told), ui={"text": told})


class MergeMemories(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionMergeMemories",
            display_name="Merge Style Memories",
            category=CATEGORY,
            description="Joins two wardrobes into one. Chain several of these for more.",
            search_aliases=["join memories", "combine wardrobes"],
            is_experimental=True,
            inputs=[
                StyleMemory.Input("memory", tooltip="One memory."),
                StyleMemory.Input(
                    "other",
                    tooltip="Another, made with the same encoder. What is in both is kept once, as the first has it.",
                ),
            ],
            outputs=[
                StyleMemory.Output(
                    display_name="memory", tooltip="All items of both. Goes into Retrieve Style or Save Style Memory."
                )
            ],
        )

    @classmethod
    def execute(cls, memory: StyleMemory.Type, other: StyleMemory.Type) -> io.NodeOutput:
        return io.NodeOutput(merge_memories([memory, other]))


class SaveMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionSaveMemory",
            display_name="Save Style Memory",
            category=CATEGORY,
            description="Saves a wardrobe as one file, which Load Style Memory lists after pressing R.",
            search_aliases=["export memory", "share wardrobe"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                StyleMemory.Input(
                    "memory", tooltip="The memory to save, with everything that was added to it, as one file."
                ),
                io.String.Input(
                    "name", default=NAME, tooltip="What it is called. It is written to models/humandiffusion/memories."
                ),
                io.Boolean.Input("replace", default=False, tooltip=_REPLACE),
            ],
            outputs=[],
        )

    @classmethod
    def validate_inputs(cls, name: str = NAME) -> bool | str:
        return folders.output_name(name)

    @classmethod
    def execute(cls, memory: StyleMemory.Type, name: str, replace: bool) -> io.NodeOutput:
        return io.NodeOutput(ui={"text": [memories.save(memory, name, replace).name]})


class RememberLook(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionRememberLook",
            display_name="Remember Look",
            category=CATEGORY,
            description="Adds the garments of a picture to a wardrobe of yours, to be found again by Retrieve Style.",
            search_aliases=["add to memory", "learn garment", "update memory", "save style"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                io.Image.Input("image", tooltip="The picture; of a batch, each one is remembered."),
                SemanticPose.Input(
                    "pose",
                    tooltip="Where its garments are: from Pose From Image, or the map that it was painted with. One "
                    "for all pictures, or one for each.",
                ),
                PartEncoder.Input("encoder", tooltip="The one that the memory was made with."),
                io.String.Input(
                    "name",
                    default=NAME,
                    tooltip="Which memory of yours to add to; if there is none of that name, it is begun. A small file "
                    "is written beside it, until it is saved as one.",
                ),
                io.String.Input(
                    "parts",
                    default="",
                    tooltip="What to remember, with commas between: top, pants. Empty takes all. A face is never "
                    "remembered.",
                ),
                io.String.Input("licence", default=_LICENCE, tooltip="What the picture may be used for."),
                io.String.Input("source", default="remembered", tooltip="Where it is from; kept with every garment."),
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="From Describe Person: what its garments are called. Without it their colour and kind are "
                    "measured.",
                ),
            ],
            outputs=[
                StyleMemory.Output(
                    display_name="memory", tooltip="The memory with what was added. Goes into Retrieve Style."
                ),
                io.String.Output(display_name="report", tooltip="What was new, with the ids for locks."),
            ],
        )

    @classmethod
    def validate_inputs(cls, name: str = NAME, parts: str = "", licence: str = _LICENCE) -> bool | str:
        try:
            _parts(parts)
        except ValueError as error:
            return f"parts: {error}"
        return folders.output_name(name) if licence.strip() else "licence: got none; say what may be done with it"

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        pose: SemanticPose.Type,
        encoder: PartEncoder.Type,
        name: str,
        parts: str,
        licence: str,
        source: str,
        prompts: PartPrompts.Type | None = None,
    ) -> io.NodeOutput:
        said = () if prompts is None else prompts.parts
        memory, fresh = memories.remember(
            image[..., :3],
            pose,
            encoder,
            name,
            parts=_parts(parts),
            licence=licence.strip(),
            source=source.strip() or "remembered",
            captions={prompt.part: prompt.phrase for prompt in said if prompt.phrase},
        )
        told = [f"{item.caption} ({item.id})" for item in fresh] or ["nothing new: all of it was remembered already"]
        return io.NodeOutput(memory, "\n".join(told), ui={"text": told})


def _parts(names: str) -> list[int] | None:
    """Part indices of names with commas between; None for none."""
    return [part_index(name) for name in names.split(",") if name.strip()] or None
