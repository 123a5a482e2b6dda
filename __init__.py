"""HumanDiffusion for ComfyUI: a sentence and an editable semantic pose map become a picture of a person."""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    """Called by ComfyUI once it has loaded this folder as a package."""
    from .nodes.extension import HumanDiffusionExtension

    return HumanDiffusionExtension()
