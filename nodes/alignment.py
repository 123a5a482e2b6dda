"""MCA on the artist's own Stable Diffusion checkpoint."""

import torch

from ..humandiffusion.mca.mass import mass_sheet
from ..humandiffusion.mca.regions import Region
from ..humandiffusion.parts import PART_NAMES
from .bridge.sd_align import apply_mca
from .bridge.sd_probe import probe_attention
from .types import PartAdapter, PartFeatures, PartPrompts, SemanticPose, io, ui

MODES = ("soft", "exclusive")


class ApplyMCA(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        def share(name: str, default: float, tooltip: str, **options: object) -> io.Float.Input:
            limits = {"min": 0.0, "max": 1.0, "step": 0.01, **options}
            return io.Float.Input(name, default=default, tooltip=tooltip, **limits)

        return io.Schema(
            node_id="HumanDiffusionApplyMCA",
            display_name="Apply MCA (SD 1.5, SDXL)",
            category="HumanDiffusion/stable diffusion",
            description="Gives every part of the pose map its own words inside your own checkpoint, at no extra pass: "
            "the shirt follows its phrase where the map has the shirt. Any sampler, LoRA and ControlNet goes on "
            "working.",
            search_aliases=["regional prompt", "attention couple", "region", "MCA", "align", "part prompt"],
            is_experimental=True,
            inputs=[
                io.Model.Input("model", tooltip="An SD 1.5 or SDXL model, with or without LoRA. Others are refused."),
                io.Conditioning.Input(
                    "positive",
                    tooltip="From CLIP Text Encode: the whole picture in words. It holds where no part has words of "
                    "its own, and a bit inside the parts.",
                ),
                io.Conditioning.Input(
                    "negative", tooltip="From CLIP Text Encode: what the whole picture should not be."
                ),
                io.Clip.Input("clip", tooltip="The CLIP that positive was made with: it reads the parts' phrases."),
                PartPrompts.Input(
                    "prompts",
                    tooltip="From Describe Person or Part Prompt. A part without a phrase follows positive; a phrase "
                    "whose part is not in the map has no effect.",
                ),
                SemanticPose.Input(
                    "pose",
                    tooltip="From Load Pose: where each part is. A latent must have its proportions, in any "
                    "size; HumanDiffusion Sampler takes others too, and fits the map in.",
                ),
                share(
                    "strength",
                    1.0,
                    "How strongly the parts' words hold. 0 is off, 1 makes them as strong as a prompt of their own, "
                    "more presses harder.",
                    max=4.0,
                    step=0.05,
                ),
                share("start", 0.0, "From which share of the steps on the parts count. 0 is from the first."),
                share("end", 1.0, "Until which share of the steps. Early steps place things, late ones draw detail."),
                share(
                    "coarse",
                    1.0,
                    "Weight where the model plans the picture as a whole. 0 leaves that to positive.",
                    max=4.0,
                    step=0.05,
                    advanced=True,
                ),
                share("middle", 1.0, "Weight where the model draws shapes.", max=4.0, step=0.05, advanced=True),
                share(
                    "fine", 1.0, "Weight where the model draws colour and texture.", max=4.0, step=0.05, advanced=True
                ),
                share(
                    "prompt_inside",
                    0.3,
                    "How much of positive remains inside a part that has words of its own: 0 none, 1 all of it. Some "
                    "keeps light and style of one piece.",
                    advanced=True,
                ),
                io.Combo.Input(
                    "regions",
                    options=list(MODES),
                    default=MODES[0],
                    advanced=True,
                    tooltip="'soft': where two parts meet, both have their share. 'exclusive': every spot belongs to "
                    "one part alone.",
                ),
                io.Float.Input(
                    "feather",
                    default=8.0,
                    min=0.0,
                    max=256.0,
                    step=1.0,
                    advanced=True,
                    tooltip="How soft the borders between parts are, in pixels of the picture.",
                ),
                PartFeatures.Input(
                    "features",
                    optional=True,
                    tooltip="From Retrieve Style: the look of real garments for each part. Needs adapter.",
                ),
                PartAdapter.Input(
                    "adapter",
                    optional=True,
                    tooltip="From Load Adapter: lets the model see the looks found, or the reference pictures of the "
                    "parts. One of your own training also draws the shapes of the map.",
                ),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="Needed by adapters of the 'plus' kind, and to use a part's reference picture without "
                    "features.",
                ),
                io.Float.Input(
                    "image_strength",
                    optional=True,
                    default=0.6,
                    min=0.0,
                    max=3.0,
                    step=0.05,
                    advanced=True,
                    tooltip="How strongly looks and reference pictures hold, beside the words. Only with an adapter. "
                    "For an MCA adapter of your own training 1 is as it was trained.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="Goes into KSampler or any other sampler."),
                io.Conditioning.Output(
                    display_name="positive", tooltip="With the parts' words; works with this node's model only."
                ),
                io.Conditioning.Output(
                    display_name="negative",
                    tooltip="With the parts' negative words; works with this node's model only.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: io.Model.Type,
        positive: io.Conditioning.Type,
        negative: io.Conditioning.Type,
        clip: io.Clip.Type,
        prompts: PartPrompts.Type,
        pose: SemanticPose.Type,
        strength: float,
        start: float,
        end: float,
        coarse: float,
        middle: float,
        fine: float,
        prompt_inside: float,
        regions: str,
        feather: float,
        features: PartFeatures.Type | None = None,
        adapter: PartAdapter.Type | None = None,
        clip_vision: io.ClipVision.Type | None = None,
        image_strength: float = 0.6,
    ) -> io.NodeOutput:
        region = Region(
            pose,
            strength=strength,
            scales=(coarse, middle, fine),
            start=start,
            end=end,
            remain=prompt_inside,
            exclusive=regions == "exclusive",
            feather=feather,
            image_strength=image_strength,
        )
        looks = {"features": features, "adapter": adapter, "clip_vision": clip_vision}
        return io.NodeOutput(*apply_mca(model, positive, negative, clip, prompts, region, **looks))


class AlignmentPreview(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionAlignmentPreview",
            display_name="Alignment Preview",
            category="HumanDiffusion/stable diffusion",
            description="Shows where the model listens to which part: bright is much attention. One look at one moment "
            "of the run, a fraction of a step's time.",
            search_aliases=["attention map", "heat map", "attention mass", "debug regions"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                io.Model.Input("model", tooltip="From Apply MCA."),
                io.Conditioning.Input("positive", tooltip="From Apply MCA."),
                io.Latent.Input(
                    "latent", tooltip="The latent that you sample: an empty one, or a finished one to look at."
                ),
                io.Float.Input(
                    "percent",
                    default=0.3,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="The moment of the run to look at: 0 is its start, 1 its end.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    advanced=True,
                    tooltip="Of the noise in the latent.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="image",
                    tooltip="A row for each scale, a column for the prompt and for each part. The figure below a field "
                    "is the mean share of attention where the part is.",
                )
            ],
        )

    @classmethod
    def execute(
        cls, model: io.Model.Type, positive: io.Conditioning.Type, latent: io.Latent.Type, percent: float, seed: int
    ) -> io.NodeOutput:
        masses, regions = probe_attention(model, positive, latent, percent, seed)
        names = ["prompt", *(PART_NAMES[part] for region in regions for part in region.parts)]
        if not masses:  # a note and no error: the picture of the same run is to be painted all the same
            masses, names = (
                {},
                [f"No part counts at {percent:.0%} of the run: look between start and end of Apply MCA."],
            )
        pictures = max((len(mass) for mass in masses.values()), default=1)
        sheets = [mass_sheet({scale: mass[i] for scale, mass in masses.items()}, names) for i in range(pictures)]
        image = torch.stack(sheets)
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))
