"""Map and part features to a latent, in one node."""

from ..humandiffusion.errors import InputError
from ..humandiffusion.sampling import GRID
from .bridge.native_conds import empty_latent, picture_size
from .bridge.native_model import is_native_model
from .bridge.sampling import SAMPLERS, SCHEDULERS, conditioning_for, sample_passes, sd_latent
from .types import PartFeatures, SemanticPose, io


class Sampler(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionSampler",
            display_name="HumanDiffusion Sampler",
            category="HumanDiffusion/sampling",
            description="Paints the person: pose map and styles in, latent out. The same as HumanDiffusion "
            "Conditioning and KSampler, and, with more than one pass, from coarse to fine.",
            search_aliases=["ksampler", "sample", "generate person"],
            is_experimental=True,
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="From Load HumanDiffusion Model; or from Apply MCA, with its positive and negative.",
                ),
                SemanticPose.Input(
                    "pose",
                    tooltip="From Load Pose: where each part is. Its size, to the nearest multiple of 32 (of 64 with "
                    "Stable Diffusion), is the picture's. There the parts are where Apply MCA's map has them: connect "
                    "the same map.",
                ),
                PartFeatures.Input(
                    "features", optional=True, tooltip="From Retrieve Style. Needed with HumanDiffusion's own model."
                ),
                io.Conditioning.Input(
                    "positive",
                    optional=True,
                    tooltip="Needed with a Stable Diffusion model: that of Apply MCA. With HumanDiffusion's own: that "
                    "of HumanDiffusion Conditioning, instead of features.",
                ),
                io.Conditioning.Input(
                    "negative",
                    optional=True,
                    tooltip="Needed with a Stable Diffusion model: that of Apply MCA. With HumanDiffusion's own it is "
                    "made here if nothing is connected.",
                ),
                io.Latent.Input(
                    "latent",
                    optional=True,
                    tooltip="Needed if denoise is below 1: the picture to start from, through VAE Encode. Otherwise "
                    "its size and batch count. It may have any shape: the map is fitted in, never squashed.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=True,
                    tooltip="Another seed gives another person in the same clothes and pose; the same one repeats "
                    "the picture.",
                ),
                io.Int.Input(
                    "steps",
                    default=20,
                    min=1,
                    max=1000,
                    tooltip="How often the picture is refined. More is slower and finer; 20 is enough.",
                ),
                io.Float.Input(
                    "cfg",
                    default=2.0,
                    min=0.0,
                    max=30.0,
                    step=0.1,
                    round=0.01,
                    tooltip="How strongly the described styles are pressed. 1 is off and twice as fast; much above 4 "
                    "the colours burn out.",
                ),
                io.Combo.Input(
                    "sampler_name", options=SAMPLERS, default="euler", tooltip="The method of refining, as in KSampler."
                ),
                io.Combo.Input(
                    "scheduler",
                    options=SCHEDULERS,
                    default="normal",
                    tooltip="How the noise falls from step to step, as in KSampler.",
                ),
                io.Float.Input(
                    "denoise",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of the latent is painted anew: 1 all, 0.5 keeps its coarse look.",
                ),
                io.Int.Input(
                    "passes",
                    optional=True,
                    default=1,
                    min=1,
                    max=3,
                    advanced=True,
                    tooltip="1 paints at full size. 2 paints at half size first, enlarges that and refines it; 3 "
                    "begins at a quarter. For pictures larger than the model was trained on.",
                ),
                io.Float.Input(
                    "refine",
                    optional=True,
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    advanced=True,
                    tooltip="How much each pass after the first repaints: its denoise.",
                ),
            ],
            outputs=[
                io.Latent.Output(
                    display_name="latent",
                    tooltip="The finished latent. Goes into VAE Decode, or through Upscale Latent By into another "
                    "pass. Upscale Latent, with fixed pixels, is for Stable Diffusion's latents only.",
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        model: io.Model.Type,
        pose: SemanticPose.Type,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        denoise: float,
        passes: int = 1,
        refine: float = 0.5,
        features: PartFeatures.Type | None = None,
        positive: io.Conditioning.Type | None = None,
        negative: io.Conditioning.Type | None = None,
        latent: io.Latent.Type | None = None,
    ) -> io.NodeOutput:
        positive, negative = conditioning_for(model, pose, features, positive, negative)
        if latent is None and denoise < 1:
            raise InputError(
                f"latent: got none with denoise {denoise}, wanted the picture to start from; use VAE Encode, or "
                "denoise 1"
            )
        if latent is None and is_native_model(model):
            latent = empty_latent(len(positive[0][0]), pose, picture_size(pose, 0, 0, GRID), 1)
        elif latent is None:
            latent = sd_latent(model, pose)
        result = sample_passes(
            model,
            positive,
            negative,
            latent,
            seed=seed,
            steps=steps,
            cfg=cfg,
            sampler_name=sampler_name,
            scheduler=scheduler,
            denoise=denoise,
            passes=passes,
            refine=refine,
        )
        return io.NodeOutput(result)
