"""Painting the crop of an edit, with the native model or Stable Diffusion, by KSampler's own sampling."""

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from nodes import common_ksampler  # ComfyUI's module of that name

from ...humandiffusion.adapters.mca_layout import McaLayout
from ...humandiffusion.editing.crop import RESOLUTION
from ...humandiffusion.editing.plan import EditPlan
from ...humandiffusion.editing.wishes import edit_features
from ...humandiffusion.errors import InputError
from ...humandiffusion.mca.regions import Region
from ...humandiffusion.prompts import PartPrompt, PartPrompts
from ...humandiffusion.sampling import GRID
from ...humandiffusion.smr.features import PartFeatures
from ...humandiffusion.smr.io import load_memory
from .encoders import load_encoder
from .folders import BUILTIN
from .native_conds import native_conditioning
from .native_model import is_native_model
from .sd_align import apply_mca
from .sd_conds import is_marked
from .sd_model import architecture_of

# The size of picture that each family was trained for, as the side of a square of that many pixels.
SD_RESOLUTIONS = {"SD 1.5": 512, "SDXL": 1024}
SD_GRID = 64
SD_FEATHER = 8.0


@dataclass(frozen=True)
class Painter:
    """What paints: a MODEL, its VAE, and beside them what either family needs to know what a part looks like.

    `encoder` and `memory` are the native model's, and a trained MCA adapter's, builtin if None; all others Stable
    Diffusion's. `prompts` says what the other parts are (Stable Diffusion; the native model looks at the picture).
    """

    model: Any
    vae: Any
    encoder: Any = None
    memory: Any = None
    clip: Any = None
    positive: list[Any] | None = None
    negative: list[Any] | None = None
    prompts: PartPrompts | None = None
    adapter: Any = None
    clip_vision: Any = None

    def check(self) -> None:
        """Raises InputError if the MODEL is of neither family, or its family needs what is not there."""
        if is_native_model(self.model):
            for name in ("positive", "negative", "adapter", "clip_vision"):
                if getattr(self, name) is not None:
                    raise InputError(f"{name}: got one, but the MODEL is HumanDiffusion's own, which takes none here")
            return
        name = architecture_of(self.model.model).name
        if self.clip is None:
            raise InputError(
                f"clip: got none, and the MODEL is of {name}, whose parts are described through its CLIP; "
                "connect the CLIP of the same checkpoint"
            )
        for name in ("positive", "negative"):
            if is_marked(getattr(self, name) or []):
                raise InputError(
                    f"{name}: got one that went through Apply MCA, whose map is the whole picture's and would be seen "
                    "again inside the part; connect the one before Apply MCA, Edit Part aligns it itself"
                )

    def crop_settings(self, resolution: int) -> dict[str, Any]:
        """Settings of `plan_edit` for the model; `resolution` 0 is the one that it was trained for.

        The native model knows whole people, so that a small part is rather shown with more around it than enlarged.
        """
        if is_native_model(self.model):
            return {"resolution": resolution or RESOLUTION, "grid": GRID, "largest": 1.0}
        return {"resolution": resolution or SD_RESOLUTIONS[architecture_of(self.model.model).name], "grid": SD_GRID}

    def paint(
        self, plan: EditPlan, phrase: str, reference: Tensor | None, reference_mask: Tensor | None, **settings: Any
    ) -> Tensor:
        """The patch [1, h, w, 3] of the plan's crop; `settings` are KSampler's. Raises InputError."""
        wanted, around = plan.wishes(phrase, reference, reference_mask)
        say = self._say_native if is_native_model(self.model) else self._say_sd
        model, positive, negative = say(plan, wanted, around)
        samples = self.vae.encode(plan.area)
        hole = plan.latent_hole((samples.shape[-2], samples.shape[-1]))
        start = {"samples": samples, "noise_mask": hole}
        (done,) = common_ksampler(model, positive=positive, negative=negative, latent=start, **settings)
        return self.vae.decode(done["samples"])

    def _say_native(self, plan: EditPlan, wanted: PartPrompt, around: tuple[PartPrompt, ...]) -> tuple[Any, Any, Any]:
        return self.model, *native_conditioning(self._features(wanted, around), plan.map)

    def _features(self, wanted: PartPrompt, around: tuple[PartPrompt, ...]) -> PartFeatures:
        encoder = self.encoder or load_encoder(BUILTIN)
        memory = load_memory(BUILTIN) if self.memory is None else self.memory
        return edit_features(encoder, memory, wanted, around)

    def _say_sd(self, plan: EditPlan, wanted: PartPrompt, around: tuple[PartPrompt, ...]) -> tuple[Any, Any, Any]:
        if wanted.image is not None and self.adapter is None:
            name = architecture_of(self.model.model).name
            raise InputError(
                f"adapter: got none, and the MODEL is of {name}, which sees a reference picture, or the look that a "
                "part is to keep, through one only; connect Load Adapter, or say it in words"
            )
        here = plan.map.present().any(0)
        others = (self.prompts or PartPrompts()).with_part(wanted)
        prompts = PartPrompts(parts=tuple(prompt for prompt in others.parts if bool(here[prompt.part])))
        positive = self._text(", ".join(prompt.phrase for prompt in prompts.parts if prompt.phrase), self.positive)
        region = Region(plan.map, feather=SD_FEATHER)
        looks: dict[str, Any] = {"adapter": self.adapter, "clip_vision": self.clip_vision}
        if self.adapter is not None and isinstance(self.adapter.layout, McaLayout):
            looks["features"] = self._features(wanted, around)
        if self.adapter is None:
            prompts = replace(prompts, parts=tuple(replace(one, image=None, mask=None) for one in prompts.parts))
        return apply_mca(self.model, positive, self._text("", self.negative), self.clip, prompts, region, **looks)

    def _text(self, text: str, given: list[Any] | None) -> list[Any]:
        return self.clip.encode_from_tokens_scheduled(self.clip.tokenize(text)) if given is None else given
