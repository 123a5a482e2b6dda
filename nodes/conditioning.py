"""Map and part features become what ComfyUI's samplers take."""

from ..humandiffusion.sampling import GRID
from .bridge.native_conds import MODES, empty_latent, native_conditioning, picture_size
from .types import PartFeatures, SemanticPose, io

LARGEST = 4096


class Conditioning(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionConditioning",
            display_name="HumanDiffusion Conditioning",
            category="HumanDiffusion/sampling",
            description="Joins the pose map and the styles found for KSampler and other samplers, and makes a latent "
            "of the right size.",
            search_aliases=["native conditioning", "positive", "negative", "empty latent"],
            is_experimental=True,
            inputs=[
                PartFeatures.Input("features", tooltip="From Retrieve Style: what each part looks like."),
                SemanticPose.Input(
                    "pose", tooltip="From Load Pose: where each part is. A batch of maps makes one picture each."
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=LARGEST,
                    step=GRID,
                    tooltip="Width of the picture, a multiple of 32. 0 takes the map's, to the nearest multiple of "
                    "32. The map is scaled to fit and filled up with background, never squashed. Samplers then want "
                    "latents of these proportions.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=LARGEST,
                    step=GRID,
                    tooltip="Height of the picture, a multiple of 32. 0 takes the map's, to the nearest multiple of "
                    "32.",
                ),
                io.Int.Input(
                    "batch_size",
                    default=1,
                    min=1,
                    max=64,
                    tooltip="How many pictures to make of each map; each gets its own noise.",
                ),
                io.Combo.Input(
                    "alignment",
                    options=list(MODES),
                    default=MODES[0],
                    optional=True,
                    advanced=True,
                    tooltip="'region': each garment paints inside its own place on the map. 'free': the model may "
                    "spread it anywhere.",
                ),
                io.Boolean.Input(
                    "negative_without_map",
                    default=False,
                    optional=True,
                    advanced=True,
                    tooltip="Also take the map from the negative, so that a higher cfg presses for the shape too.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(
                    display_name="positive",
                    tooltip="The person as described. Works with Load HumanDiffusion Model only.",
                ),
                io.Conditioning.Output(
                    display_name="negative", tooltip="The same map with nothing described: what cfg steers away from."
                ),
                io.Latent.Output(
                    display_name="latent",
                    tooltip="Empty, of the map's size. Goes into the sampler's latent input. For a second, larger pass "
                    "enlarge the sampler's result with Upscale Latent By, not with Upscale Latent.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, width: int = 0, height: int = 0) -> bool | str:
        for name, value in (("width", width), ("height", height)):
            if value % GRID or not 0 <= value <= LARGEST:
                near = min(LARGEST, max(1, round(value / GRID)) * GRID)
                return f"{name} {value}: wanted a multiple of {GRID} of at most {LARGEST}, as {near}, or 0"
        return True

    @classmethod
    def execute(
        cls,
        features: PartFeatures.Type,
        pose: SemanticPose.Type,
        width: int,
        height: int,
        batch_size: int,
        alignment: str = MODES[0],
        negative_without_map: bool = False,
    ) -> io.NodeOutput:
        size = picture_size(pose, width, height, GRID)
        positive, negative = native_conditioning(
            features, pose, mode=alignment, drop_map=negative_without_map, shape=size
        )
        latent = empty_latent(len(features.features), pose, size, batch_size)
        return io.NodeOutput(positive, negative, latent)
