"""Noise for the frames of a film."""

from typing import Any

from torch import Tensor

from ..humandiffusion.animation.noise import WAYS, frame_noise
from ..humandiffusion.mca.coverage import PICTURE_SCALE as SD_SCALE
from .bridge.native_conds import CHANNELS, PICTURE_SCALE
from .types import SemanticPose, io


class FrameNoise(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionFrameNoise",
            display_name="Frame Noise",
            category="HumanDiffusion/sampling",
            description="Starting noise for an animation that keeps garments alike from frame to frame: the noise goes "
            "along with each part of the map.",
            search_aliases=["animation noise", "consistent noise", "temporal", "video"],
            is_experimental=True,
            inputs=[
                SemanticPose.Input(
                    "pose", tooltip="The frames' maps, from Interpolate Pose: the batch that the conditioning gets too."
                ),
                io.Int.Input(
                    "noise_seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=True,
                    tooltip="Another seed gives another person in the same clothes; the same one repeats the film.",
                ),
                io.Combo.Input(
                    "way",
                    options=list(WAYS),
                    default=WAYS[0],
                    tooltip="'moved': each part takes its noise along. 'shared': all frames have the same noise, which "
                    "stays where it is. 'independent': each frame its own, as without this node.",
                ),
            ],
            outputs=[
                io.Noise.Output(
                    display_name="noise", tooltip="Goes into SamplerCustomAdvanced, with any model and sampler."
                )
            ],
        )

    @classmethod
    def execute(cls, pose: SemanticPose.Type, noise_seed: int, way: str) -> io.NodeOutput:
        return io.NodeOutput(Noise(noise_seed, pose, way))


class Noise:
    """What ComfyUI asks of a NOISE: its seed, and noise for a latent."""

    def __init__(self, seed: int, pose: Any, way: str) -> None:
        self.seed, self.pose, self.way = seed, pose, way

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        shape = tuple(input_latent["samples"].shape)
        pixels = PICTURE_SCALE if shape[1:2] == (CHANNELS,) else SD_SCALE
        return frame_noise(self.seed, shape, self.pose, self.way, pixels=pixels)
