"""ComfyUI's node API, pinned in one line, and the socket types of this pack. What each holds: the class named beside "
"it."""

from comfy_api.latest import ComfyExtension, io, ui

SemanticPose = io.Custom("SEMANTIC_POSE")  # humandiffusion.pose.SemanticPose
PartPrompts = io.Custom("PART_PROMPTS")  # humandiffusion.prompts.PartPrompts
PartEncoder = io.Custom("PART_ENCODER")  # humandiffusion.encoders.base.PartEncoder
StyleMemory = io.Custom("STYLE_MEMORY")  # humandiffusion.smr.memory.StyleMemory
PartFeatures = io.Custom("PART_FEATURES")  # humandiffusion.smr.features.PartFeatures
PartAdapter = io.Custom("PART_ADAPTER")  # nodes.bridge.adapters.LoadedAdapter
PersonParser = io.Custom("PERSON_PARSER")  # nodes.bridge.parsers.LoadedParser
PartCrop = io.Custom("PART_CROP")  # humandiffusion.editing.crop.CutPart
PictureTiles = io.Custom("PICTURE_TILES")  # list of humandiffusion.editing.crop.Crop

__all__ = [
    "ComfyExtension",
    "PartAdapter",
    "PartCrop",
    "PartEncoder",
    "PartFeatures",
    "PartPrompts",
    "PersonParser",
    "PictureTiles",
    "SemanticPose",
    "StyleMemory",
    "io",
    "ui",
]
