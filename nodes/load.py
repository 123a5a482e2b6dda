"""Loaders: the native model, the part encoder, the style memory."""

from ..humandiffusion.smr.io import load_memory
from .bridge import folders
from .bridge.encoders import load_encoder
from .bridge.native_model import load_native_model
from .types import PartEncoder, StyleMemory, io


class LoadModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadModel",
            display_name="Load HumanDiffusion Model",
            category="HumanDiffusion/loaders",
            description="Loads the denoiser that paints a person from a pose map, and the VAE that turns its result "
            "into a picture. The builtin one comes with the pack.",
            search_aliases=["human diffusion", "person model", "checkpoint"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "model_name",
                    options=folders.list_files(folders.DENOISERS),
                    default=folders.BUILTIN,
                    tooltip="Which model to use. 'builtin' comes with the pack; models of your own go into "
                    "models/humandiffusion/denoisers.",
                ),
            ],
            outputs=[
                io.Model.Output(
                    display_name="model",
                    tooltip="Goes into HumanDiffusion Sampler, KSampler or any other sampler. It needs the "
                    "conditioning of HumanDiffusion Conditioning, not that of CLIP Text Encode. Its latents are "
                    "pictures at half size: to enlarge them use Upscale Latent By. Upscale Latent takes them for a "
                    "Stable Diffusion model's and makes them four times too small.",
                ),
                io.Vae.Output(
                    display_name="vae",
                    tooltip="Goes into VAE Decode, and into VAE Encode to start from a picture of yours.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, model_name: str) -> bool | str:
        return folders.exists(folders.DENOISERS, model_name)

    @classmethod
    def fingerprint_inputs(cls, model_name: str) -> str:
        return folders.fingerprint(folders.DENOISERS, model_name)

    @classmethod
    def execute(cls, model_name: str) -> io.NodeOutput:
        return io.NodeOutput(*load_native_model(folders.resolve(folders.DENOISERS, model_name)))


class LoadPartEncoder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadPartEncoder",
            display_name="Load Part Encoder",
            category="HumanDiffusion/loaders",
            description="Loads the encoder that understands phrases ('a red plaid shirt') and pictures of garments "
            "alike.",
            search_aliases=["garment encoder", "text encoder", "clip"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "encoder_name",
                    options=folders.list_models(folders.ENCODERS),
                    default=folders.BUILTIN,
                    tooltip="Which encoder to use. It must be the one that the style memory and the model were made "
                    "with; 'builtin' fits their 'builtin'. Encoders of your own go into "
                    "models/humandiffusion/encoders: files trained here, and the folders of any CLIP or SigLIP, with "
                    "config.json, model.safetensors and the tokenizer's files. Nothing is downloaded.",
                ),
            ],
            outputs=[
                PartEncoder.Output(display_name="encoder", tooltip="Goes into Retrieve Style and Describe Person.")
            ],
        )

    @classmethod
    def validate_inputs(cls, encoder_name: str) -> bool | str:
        return folders.model_exists(folders.ENCODERS, encoder_name)

    @classmethod
    def fingerprint_inputs(cls, encoder_name: str) -> str:
        return folders.model_fingerprint(folders.ENCODERS, encoder_name)

    @classmethod
    def execute(cls, encoder_name: str) -> io.NodeOutput:
        return io.NodeOutput(load_encoder(folders.model_path(folders.ENCODERS, encoder_name)))


class LoadMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadMemory",
            display_name="Load Style Memory",
            category="HumanDiffusion/loaders",
            description="Loads the wardrobe: the memory of real garments in which Retrieve Style looks up what you "
            "describe.",
            search_aliases=["wardrobe", "style bank", "garment memory"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "memory_name",
                    options=folders.list_files(folders.MEMORIES),
                    default=folders.BUILTIN,
                    tooltip="Which memory to use. 'builtin' comes with the pack; memories of your own go into "
                    "models/humandiffusion/memories.",
                ),
            ],
            outputs=[StyleMemory.Output(display_name="memory", tooltip="Goes into Retrieve Style.")],
        )

    @classmethod
    def validate_inputs(cls, memory_name: str) -> bool | str:
        return folders.exists(folders.MEMORIES, memory_name)

    @classmethod
    def fingerprint_inputs(cls, memory_name: str) -> str:
        return folders.fingerprint(folders.MEMORIES, memory_name)

    @classmethod
    def execute(cls, memory_name: str) -> io.NodeOutput:
        return io.NodeOutput(load_memory(folders.resolve(folders.MEMORIES, memory_name)))
