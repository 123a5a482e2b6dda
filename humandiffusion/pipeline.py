"""Text and a semantic pose map become a picture: the native model as a diffusers pipeline, without ComfyUI."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from .describe import describe
from .diffusers_components import DecoderComponent, EncoderComponent, MemoryComponent, UNetComponent
from .encoders.builtin import load_encoder
from .errors import InputError
from .guidance import GuidedDenoiser
from .models.io import load_denoiser
from .models.unet import Mode
from .pose.geometry import fit
from .pose.occupancy import occupancy
from .pose.semantic_pose import SemanticPose
from .prompts import PartPrompts
from .sampling import check_size, nearest_on_grid, normal_sigmas
from .smr.features import PartFeatures, retrieve
from .smr.io import load_memory

# The decoder doubles the latent's height and width.
LATENT_SCALE = 2
Prompt = str | PartPrompts | PartFeatures


@dataclass
class HumanDiffusionOutput(BaseOutput):
    """`images`: a list of PIL pictures, or what `output_type` asks for. `features`: what each was made of."""

    images: Any
    features: list[PartFeatures]


class HumanDiffusionPipeline(DiffusionPipeline):
    """SMR, then the native denoiser with MCA, then the picture decoder.

    `from_files` builds it of our own files, `from_pretrained` of a folder that `save_pretrained` wrote.
    """

    _callback_tensor_inputs = ["latents"]

    def __init__(
        self,
        unet: UNetComponent,
        decoder: DecoderComponent,
        scheduler: Any,
        encoder: EncoderComponent,
        memory: MemoryComponent,
    ) -> None:
        super().__init__()
        _check_same_encoder(unet, encoder, memory)
        # On a CPU, convolutions are up to three times faster so.
        unet.to(memory_format=torch.channels_last)
        decoder.to(memory_format=torch.channels_last)
        self.register_modules(unet=unet, decoder=decoder, scheduler=scheduler, encoder=encoder, memory=memory)
        self.image_processor = VaeImageProcessor(vae_scale_factor=LATENT_SCALE)

    @classmethod
    def from_files(
        cls, *, model: str | Path = "builtin", encoder: str | Path = "builtin", memory: str | Path = "builtin"
    ) -> "HumanDiffusionPipeline":
        """Build it of the files that ship (`builtin`) or others. Raises InputError."""
        part_encoder = load_encoder(encoder)
        style_memory = load_memory(memory)
        denoiser = load_denoiser(model)
        return cls(
            unet=UNetComponent.of(denoiser.unet, denoiser.metadata["encoder_id"]),
            decoder=DecoderComponent.of(denoiser.decoder),
            scheduler=FlowMatchEulerDiscreteScheduler(),
            encoder=EncoderComponent.of(part_encoder),
            memory=MemoryComponent.of(style_memory),
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path, **options: Any) -> "HumanDiffusionPipeline":
        """As diffusers has it, but weights are read from safetensors only."""
        pipeline: HumanDiffusionPipeline = super().from_pretrained(folder, **{**options, "use_safetensors": True})
        return pipeline

    @property
    def guidance_scale(self) -> float:
        """Read at every step, so that a callback may change it."""
        return self._guidance_scale

    @guidance_scale.setter
    def guidance_scale(self, value: float) -> None:
        self._guidance_scale = value

    @torch.no_grad()
    def __call__(
        self,
        prompt: Prompt | Sequence[Prompt],
        pose: SemanticPose | Sequence[SemanticPose],
        *,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 20,
        guidance_scale: float = 2.0,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        mode: Mode = "region",
        drop_map: bool = False,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: Callable[..., dict[str, Any]] | PipelineCallback | MultiPipelineCallbacks | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
    ) -> Any:
        """Make one picture for each pair of prompt and map; one prompt or one map serves all of the other.

        Returns a `HumanDiffusionOutput`, or its two fields as a tuple if `return_dict` is False.

        `prompt` is a sentence, part prompts, or features already retrieved. `height` and `width`, multiples of the
        model's grid (32), are the picture's size; without them it is the map's own to the nearest multiple. A map of
        another size is scaled to fit and filled up with background, never squashed. A list of generators gives each
        picture its own seed. `latents` [B, 3, height / 2, width / 2] is the starting noise instead. `drop_map`: the
        negative of the guidance drops the map as well as the features. `output_type`: pil, np, pt ([B, 3, H, W] in
        0..1) or latent. `callback_on_step_end(pipeline, step, timestep, {"latents": ...})` may return other latents.
        Raises InputError for anything wrong with what was given.
        """
        _check_scheduler(self.scheduler)
        if isinstance(callback_on_step_end, (PipelineCallback, MultiPipelineCallbacks)):
            callback_on_step_end_tensor_inputs = callback_on_step_end.tensor_inputs
        _check_choices(mode, output_type, callback_on_step_end_tensor_inputs)
        poses = _poses(pose, height, width, self.unet.net.config.multiple * LATENT_SCALE)
        prompts, poses = _pair(_as_list(prompt), poses)
        features = [self.retrieve(one) for one in prompts]
        size = (poses[0].height // LATENT_SCALE, poses[0].width // LATENT_SCALE)
        shape = (len(poses), self.unet.net.config.latent_channels, *size)
        if latents is None:
            latents = _noise(shape, generator)
        elif tuple(latents.shape) != shape:
            raise InputError(f"latents: got shape {list(latents.shape)}, wanted {list(shape)}")

        self._guidance_scale = guidance_scale
        self._interrupt = False
        shares = torch.cat([occupancy(one, size) for one in poses])
        model = GuidedDenoiser(self.unet.net, shares, features, mode, drop_map)
        device = self._execution_device
        latents = latents.to(device, torch.float32).contiguous(memory_format=torch.channels_last)
        timesteps = self._set_timesteps(num_inference_steps, device)
        options = {"generator": generator} if "generator" in inspect.signature(self.scheduler.step).parameters else {}
        with self.progress_bar(total=len(timesteps)) as bar:
            for step, timestep in enumerate(timesteps):
                if self._interrupt:
                    break
                sigma = self.scheduler.sigmas[step].to(device, torch.float32)
                velocity = (latents - model(latents, sigma, self._guidance_scale)) / sigma
                latents = self.scheduler.step(velocity, timestep, latents, return_dict=False, **options)[0]
                if callback_on_step_end is not None:
                    latents = callback_on_step_end(self, step, timestep, {"latents": latents}).pop("latents", latents)
                bar.update()

        images = latents if output_type == "latent" else self._decode(latents, output_type)
        self.maybe_free_model_hooks()
        return HumanDiffusionOutput(images=images, features=features) if return_dict else (images, features)

    def retrieve(self, prompt: Prompt) -> PartFeatures:
        """Describe a sentence and refresh its part features through the memory; features pass as they are.

        Raises InputError for an empty sentence, prompts without any phrase or picture, or features of another encoder.
        """
        if isinstance(prompt, PartFeatures):
            if prompt.encoder_id != self.encoder.encoder_id:
                raise InputError(
                    f"part features: made by the part encoder {prompt.encoder_id}, but the model wants those of "
                    f"{self.encoder.encoder_id}; retrieve them anew"
                )
            return prompt
        if isinstance(prompt, str):
            if not prompt.strip():
                raise InputError("prompt: got an empty text, wanted a description, as 'a woman in a red dress'")
            prompt = describe(prompt, self.encoder)
        if not any(part.phrase.strip() or part.image is not None for part in prompt.parts):
            raise InputError("prompt: no part has a phrase or a picture; describe at least one part")
        return retrieve(self.encoder, self.memory.memory, prompt)

    def _set_timesteps(self, steps: int, device: torch.device) -> Tensor:
        sigmas = normal_sigmas(steps)[:-1]
        if "sigmas" in inspect.signature(self.scheduler.set_timesteps).parameters:
            self.scheduler.set_timesteps(sigmas=sigmas.numpy(), device=device)
        else:
            self.scheduler.set_timesteps(steps, device=device)
        self.scheduler.set_begin_index(0)
        timesteps: Tensor = self.scheduler.timesteps
        return timesteps

    def _decode(self, latents: Tensor, output_type: str) -> Any:
        pictures = self.decoder.net(latents.to(self.decoder.dtype)).float().contiguous()
        return self.image_processor.postprocess(pictures, output_type=output_type)


def _noise(shape: tuple[int, ...], generator: torch.Generator | list[torch.Generator] | None) -> Tensor:
    if isinstance(generator, list) and len(generator) != shape[0]:
        raise InputError(f"generator: got {len(generator)} of them for {shape[0]} pictures; give one, or one for each")
    noise: Tensor = randn_tensor(shape, generator=generator, device=torch.device("cpu"), dtype=torch.float32)
    return noise


def _poses(
    pose: SemanticPose | Sequence[SemanticPose], height: int | None, width: int | None, grid: int
) -> list[SemanticPose]:
    """One map for each picture, all of one size on the grid."""
    given = [pose] if isinstance(pose, SemanticPose) else list(pose)
    singles = [one.select(i) for one in given for i in range(one.batch)]
    if not singles:
        raise InputError("pose: got no map, wanted one for each picture, or one for all")
    check_size(height or grid, width or grid, grid)
    sizes = {
        (height or nearest_on_grid(one.height, grid), width or nearest_on_grid(one.width, grid)) for one in singles
    }
    if len(sizes) > 1:
        told = ", ".join(f"{w}x{h}" for h, w in sorted(sizes))
        raise InputError(f"pose: got maps of different sizes ({told}); give height and width to fit them into one")
    size = sizes.pop()
    return [one if (one.height, one.width) == size else fit(one, size) for one in singles]


def _as_list(prompt: Prompt | Sequence[Prompt]) -> list[Prompt]:
    return [prompt] if isinstance(prompt, (str, PartPrompts, PartFeatures)) else list(prompt)


def _pair(prompts: list[Prompt], poses: list[SemanticPose]) -> tuple[list[Prompt], list[SemanticPose]]:
    count = max(len(prompts), len(poses))
    if len(prompts) not in (1, count) or len(poses) not in (1, count):
        got = f"{len(prompts)} prompts and {len(poses)} maps"
        raise InputError(f"prompt and pose: got {got}; give as many of both, or one of either")
    return prompts * (count // len(prompts)), poses * (count // len(poses))


def _check_same_encoder(unet: UNetComponent, encoder: EncoderComponent, memory: MemoryComponent) -> None:
    wanted = unet.config["encoder_id"]
    if encoder.encoder_id != wanted:
        raise InputError(
            f"part encoder: got {encoder.encoder_id!r}, but the model was trained with {wanted!r}; "
            "choose files that belong together"
        )
    memory.memory.check_encoder(encoder.encoder_id)


def _check_scheduler(scheduler: Any) -> None:
    """The model speaks of straight paths x_t = (1 - sigma) x0 + sigma noise; a scheduler must step along them."""
    config, name = scheduler.config, type(scheduler).__name__
    follows = name.startswith("FlowMatch") or (
        config.get("use_flow_sigmas", False) and config.get("prediction_type") == "flow_prediction"
    )
    if not follows or config.get("invert_sigmas") or config.get("use_dynamic_shifting"):
        raise InputError(
            f"scheduler: got {name}, which as configured does not step along flow-matching paths; use "
            "FlowMatchEulerDiscreteScheduler or FlowMatchHeunDiscreteScheduler, or one with use_flow_sigmas=True and "
            "prediction_type='flow_prediction'"
        )


def _check_choices(mode: str, output_type: str, tensor_inputs: Sequence[str]) -> None:
    if mode not in ("region", "free"):
        raise InputError(f"mode: got {mode!r}, wanted 'region' or 'free'")
    if output_type not in ("pil", "np", "pt", "latent"):
        raise InputError(f"output_type: got {output_type!r}, wanted pil, np, pt or latent")
    if any(name != "latents" for name in tensor_inputs):
        raise InputError(f"callback_on_step_end_tensor_inputs: got {list(tensor_inputs)}, wanted ['latents'] or []")
