"""Image features on Stable Diffusion: the adapter that reads them, and the part encoder that makes them."""

from .bridge import folders
from .bridge.adapters import load_adapter
from .bridge.clip_encoder import ClipPartEncoder
from .types import PartAdapter, PartEncoder, io


class LoadAdapter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadAdapter",
            display_name="Load Adapter",
            category="HumanDiffusion/loaders",
            description="Loads an IP-Adapter for SD 1.5 or SDXL, with which Apply MCA gives every part the look of a "
            "picture: your reference, or what Retrieve Style found. Or an MCA adapter of your own training, which "
            "draws the map's shapes as well.",
            search_aliases=["ip-adapter", "ipadapter", "image prompt", "reference", "mca adapter", "sd-adapter"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "adapter_name",
                    options=folders.list_adapters(),
                    tooltip="An IP-Adapter file (.safetensors) from models/ipadapter or "
                    "models/humandiffusion/adapters: base, light, plus, plus-face or full-face. Base takes what "
                    "Retrieve Style blended; plus and full look at a picture of the garment and stay closer to it. "
                    "Or a file of 'humandiffusion train sd-adapter': it takes what Retrieve Style blended with the "
                    "encoder of its training, and needs no CLIP Vision. FaceID and others are refused. It must be for "
                    "the same family as your model. IP-Adapter files for SD 1.5 and those with vit-h in their name "
                    "want CLIP-ViT-H-14-laion2B, the plain SDXL one and vit-G "
                    "want CLIP-ViT-bigG-14-laion2B.",
                ),
            ],
            outputs=[PartAdapter.Output(display_name="adapter", tooltip="Goes into Apply MCA.")],
        )

    @classmethod
    def validate_inputs(cls, adapter_name: str) -> bool | str:
        return folders.adapter_exists(adapter_name)

    @classmethod
    def fingerprint_inputs(cls, adapter_name: str) -> str:
        return folders.file_hash(folders.adapter_path(adapter_name))

    @classmethod
    def execute(cls, adapter_name: str) -> io.NodeOutput:
        return io.NodeOutput(load_adapter(folders.adapter_path(adapter_name)))


class PartEncoderFromCLIP(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPartEncoderFromCLIP",
            display_name="Part Encoder From CLIP",
            category="HumanDiffusion/loaders",
            description="Makes a part encoder of a CLIP text encoder and a CLIP vision model that were trained "
            "together. What it retrieves can go through a base adapter into your own checkpoint.",
            search_aliases=["clip", "clip vision", "garment encoder", "ip-adapter"],
            is_experimental=True,
            inputs=[
                io.Clip.Input(
                    "clip",
                    tooltip="Reads your phrases. For SD 1.5 adapters and SDXL ones with vit-h in their name: "
                    "CLIP-ViT-H-14-laion2B in Load CLIP, or the CLIP of an SD 2.1 checkpoint. For the plain SDXL "
                    "adapter: the CLIP of any SDXL checkpoint. The CLIP of an SD 1.5 checkpoint does not fit, and is "
                    "refused.",
                ),
                io.ClipVision.Input(
                    "clip_vision",
                    tooltip="Looks at pictures; the one that was trained with clip. For ViT-H: "
                    "CLIP-ViT-H-14-laion2B in Load CLIP Vision; for SDXL's own: CLIP-ViT-bigG-14-laion2B.",
                ),
            ],
            outputs=[
                PartEncoder.Output(
                    display_name="encoder",
                    tooltip="Goes into Retrieve Style, with a style memory that was made with the same encoder.",
                )
            ],
        )

    @classmethod
    def execute(cls, clip: io.Clip.Type, clip_vision: io.ClipVision.Type) -> io.NodeOutput:
        return io.NodeOutput(ClipPartEncoder(clip, clip_vision))
