"""The frozen Stable Diffusion beside which an adapter learns: a folder of diffusers, taken apart."""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from ..adapters.layouts import FAMILY_NAMES, Family
from ..adapters.mca_layout import McaLayout
from ..errors import InputError
from ..mca.diffusers_attention import cross_attentions
from ..mca.sites import SD15, SDXL, Architecture

_PIPELINES: dict[str, Family] = {"StableDiffusionPipeline": "sd15", "StableDiffusionXLPipeline": "sdxl"}
_SD2_WIDTH = 1024
SIZES: dict[Family, tuple[int, int]] = {"sd15": (768, 512), "sdxl": (1216, 832)}  # of pictures, h and w
Added = dict[str, Tensor] | None
"""What SDXL's U-Net is told beside the prompt: `text_embeds` [B, D'] and `time_ids` [B, 6]; None for SD 1.5."""


@dataclass(frozen=True, eq=False)
class FrozenBase:
    """A pipeline of diffusers whose weights do not change; `name` is its folder's."""

    pipeline: Any
    family: Family
    name: str

    @property
    def unet(self) -> Any:
        """The UNet2DConditionModel."""
        return self.pipeline.unet

    @property
    def architecture(self) -> Architecture:
        """Where it looks at the text."""
        return SD15 if self.family == "sd15" else SDXL

    @property
    def grid(self) -> int:
        """Of what a picture's sides are multiples."""
        return 8 << (len(self.unet.config.block_out_channels) - 1)

    def layout(self, feature_dim: int, encoder_id: str, width: int) -> McaLayout:
        """Of an adapter for its U-Net, with part tokens of `width`."""
        heads = math.gcd(max(width // 64, 1), width)
        sites = tuple(int(site.to_q.out_features) for _, site in cross_attentions(self.unet))
        levels = tuple(self.unet.config.block_out_channels)
        return McaLayout(
            self.family, self.unet.config.cross_attention_dim, sites, levels, feature_dim, encoder_id, width, heads
        )

    def freeze(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move it; the VAE stays in float32, in which it was published (SDXL's overflows in half precision)."""
        for name, part in self.pipeline.components.items():
            if isinstance(part, torch.nn.Module):
                part.requires_grad_(False).eval().to(device, torch.float32 if name == "vae" else dtype)

    @torch.no_grad()
    def encode_pictures(self, pictures: Tensor) -> Tensor:
        """sRGB uint8 [B, 3, H, W] -> latents [B, 4, H / 8, W / 8] float32, on the CPU. The mean of the VAE's normal
        distribution, whose deviation is far below any noise of training.
        """
        vae = self.pipeline.vae
        x = pictures.to(vae.device).float() / 127.5 - 1
        return cast(Tensor, (vae.encode(x).latent_dist.mean * vae.config.scaling_factor).float().cpu())

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Latents [B, 4, h, w] -> sRGB [B, 3, 8 h, 8 w] in 0..1, on the CPU."""
        vae = self.pipeline.vae
        x = latents.to(vae.device, torch.float32) / vae.config.scaling_factor
        return cast(Tensor, (vae.decode(x).sample / 2 + 0.5).clamp(0, 1).float().cpu())

    @torch.no_grad()
    def read(self, captions: list[str], size: tuple[int, int]) -> tuple[Tensor, Added]:
        """Prompts [B, 77, D] of captions for pictures of `size` (h, w)."""
        made = self.pipeline.encode_prompt(
            prompt=captions, device=self.unet.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        if self.family == "sd15":
            return made[0], None
        times = torch.tensor([*size, 0, 0, *size], dtype=made[0].dtype, device=made[0].device)
        return made[0], {"text_embeds": made[2], "time_ids": times.expand(len(captions), -1)}


def load_base(folder: Path) -> FrozenBase:
    """A folder with model_index.json and safetensors weights; nothing is downloaded. Raises InputError for any other
    family, by name.
    """
    family = _family(folder)
    from diffusers import DiffusionPipeline

    spare: dict[str, Any] = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    try:
        pipeline = DiffusionPipeline.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, **(spare if family == "sd15" else {})
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"--base: {folder} is not a whole folder of diffusers ({reason}); save it anew") from error
    width = pipeline.unet.config.cross_attention_dim
    if width == _SD2_WIDTH:
        raise InputError(f"--base: {folder} is a Stable Diffusion 2, wanted {_wanted()}")
    pipeline.set_progress_bar_config(disable=True)
    # That a long caption is cut at 77 tokens is not worth a line a step.
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    return FrozenBase(pipeline, family, folder.resolve().name)


def _family(folder: Path) -> Family:
    index = folder / "model_index.json"
    if not index.is_file():
        how = (
            "; make a folder of that file once with StableDiffusionPipeline (or StableDiffusionXLPipeline) of "
            "diffusers: .from_single_file(FILE).save_pretrained(FOLDER)"
            if folder.is_file()
            else ""
        )
        raise InputError(f"--base: {folder} holds no model_index.json, wanted {_wanted()}{how}")
    try:
        kind = str(json.loads(index.read_text(encoding="utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"--base: {index} cannot be read ({' '.join(str(error).split())[:120]})") from error
    if kind not in _PIPELINES:
        raise InputError(f"--base: {folder} is a {kind}, wanted {_wanted()}")
    return _PIPELINES[kind]


def _wanted() -> str:
    return f"a folder of diffusers with {' or '.join(FAMILY_NAMES.values())}"
