"""The native model with one of its ideas left out, trained as the whole one is: what the idea is worth is the
difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from ..models.config import DenoiserConfig
from ..models.unet import Mode


@dataclass(frozen=True)
class Ablation:
    """`sizes` of the U-Net that differ; `mode` of MAA, in training and in use; `blend` of SMR in use, if not 1.

    Without `memory` the U-Net is trained on a picture's own features, and used with those of the phrases themselves.
    Parts of which nobody speaks still take the memory's prior, as they do in the whole model.
    """

    about: str
    sizes: Mapping[str, bool] = field(default_factory=dict)
    mode: Mode = "region"
    memory: bool = True

    @property
    def blend(self) -> float:
        """SMR's g when the model is used."""
        return 1.0 if self.memory else 0.0

    def config(self, whole: DenoiserConfig) -> DenoiserConfig:
        """The sizes of the U-Net of which something is left out."""
        return replace(whole, **dict(self.sizes))  # type: ignore[arg-type]

    def features(self, both: Tensor) -> Tensor:
        """What is trained on: raw image queries and their refreshed twins [N, 2, P, D], or the raw ones twice."""
        return both if self.memory else both[:, :1].expand_as(both)


WHOLE = "none"
ABLATIONS: dict[str, Ablation] = {
    WHOLE: Ablation("the whole method"),
    "smr-off": Ablation("no SMR: trained on a picture's own features, used with the phrases' own", memory=False),
    "mca-off": Ablation("no MCA: neither SAA and MAA nor the pooled features", {"align": False}),
    "maa-free": Ablation("every cell may attend to every part of the map", mode="free"),
    "coarse-only": Ablation("the pooled features alone, no SAA and MAA", {"fine": False}),
}
