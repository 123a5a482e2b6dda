"""One scene for all figures of the Stable Diffusion benchmark, inside ComfyUI: a map of 16 parts, 8 tokens each."""

import asyncio
import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import random_models
import torch
from random_weights import random_values, write_safetensors
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
Figures = dict[str, float | int | str | None]
_PACK = "humandiffusion_pack"
PARTS = 16
SMALL = (24, 16)  # of a latent, for a quick look
_COLOURS = "red blue green yellow black white grey brown pink purple orange gold silver cream olive navy".split()
PHRASES = [f"a dark {colour} shirt with white dots" for colour in _COLOURS]  # seven words and the end: eight tokens
NEGATIVE = "a picture of very poor quality here"


def start(comfyui: str) -> str:
    """Start ComfyUI, on a GPU if there is one, with the attention that it uses there, and this pack. The device."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = [] if device == "cuda" else ["--cpu"]
    random_models.start_comfyui(comfyui, *options, "--use-pytorch-cross-attention")
    logging.disable(logging.WARNING)
    import comfy.utils

    comfy.utils.PROGRESS_BAR_ENABLED = False
    spec = importlib.util.spec_from_file_location(_PACK, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    assert spec is not None and spec.loader is not None
    pack = importlib.util.module_from_spec(spec)
    sys.modules[_PACK] = pack
    spec.loader.exec_module(pack)
    asyncio.run(asyncio.run(pack.comfy_entrypoint()).on_load())
    return device if device == "cpu" else torch.cuda.get_device_name()


def part(name: str) -> ModuleType:
    """A module of the pack, as `humandiffusion.parts`."""
    return importlib.import_module(f"{_PACK}.{name}")


def ksample(conditions: Sequence[Any], size: tuple[int, int], steps: int = 1, batch: int = 1, **options: Any) -> Tensor:
    """KSampler, euler and normal, guided: MODEL, positive, negative -> latent [B, 4, h, w]."""
    import nodes as core

    model, positive, negative = conditions
    given = {"seed": 1, "steps": steps, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    latent = {"samples": torch.zeros(batch, 4, *size), **options}
    return core.common_ksampler(model, positive=positive, negative=negative, latent=latent, **given)[0]["samples"]


class Scene:
    """A MODEL and its CLIP, a map for a latent of `size`, and the conditions of plain and aligned sampling."""

    def __init__(self, model: Any, clip: Any, size: tuple[int, int]) -> None:
        self.model, self.clip, self.size = model, clip, size
        self.pose = grid_pose((8 * size[0], 8 * size[1]))
        self.positive, self.negative = self.encode("a photo of a person in the street"), self.encode("blurry")

    def encode(self, text: str) -> Any:
        """CLIP Text Encode."""
        import nodes as core

        return core.CLIPTextEncode().encode(self.clip, text)[0]

    @property
    def plain(self) -> tuple[Any, Any, Any]:
        """What KSampler gets without us."""
        return self.model, self.positive, self.negative

    def prompts(self, count: int, changed: int | None = None, negative: str = "") -> Any:
        """Phrases of the first `count` parts; that of part `changed` is another."""
        told = part("humandiffusion.prompts")
        phrases = [PHRASES[-1 - i] if i + 1 == changed else PHRASES[i] for i in range(count)]
        return told.PartPrompts(
            tuple(told.PartPrompt(i + 1, phrase, negative=negative) for i, phrase in enumerate(phrases))
        )

    def aligned(self, prompts: Any, pose: Any = None, **options: Any) -> tuple[Any, Any, Any]:
        """What Apply MCA gives; `options` are those of a Region, or features and adapter."""
        looks = {name: options.pop(name) for name in ("features", "adapter") if name in options}
        region = part("humandiffusion.mca.regions").Region(pose or self.pose, **{"feather": 8.0, **options})
        return part("nodes.bridge.sd_align").apply_mca(*self.plain, self.clip, prompts, region, **looks)

    def masked(self, count: int) -> tuple[Any, Any, Any]:
        """The same regions without us: a prompt and a ConditioningSetMask for each."""
        import nodes as core

        conditions = []
        for i in range(count):
            mask = (self.pose.labels == i + 1).float()
            conditions += core.ConditioningSetMask().append(self.encode(PHRASES[i]), mask, "default", 1.0)[0]
        return self.model, conditions, self.negative

    def looks(self, folder: Path, sites: Sequence[int]) -> dict[str, Any]:
        """Features of all parts and a random adapter of the base layout."""
        path = folder / f"adapter_{len(sites)}.safetensors"
        if not path.is_file():
            shapes = random_models.adapter_shapes(self.positive[0][0].shape[-1], sites)
            write_safetensors(path, shapes, random_values(5), "random weights; never trained")
        adapter = part("nodes.bridge.adapters").load_adapter(str(path))
        vectors = torch.nn.functional.normalize(torch.randn(1, 24, 1024), dim=-1)
        tower = adapter.layout.tower.name
        features = part("humandiffusion.smr.features").PartFeatures(
            features=vectors,
            present=torch.ones(1, 24, dtype=torch.bool),
            prompts=self.prompts(PARTS),
            encoder_id=f"clip-{tower}-random",
        )
        return {"features": features, "adapter": adapter}

    def trained(self, folder: Path) -> dict[str, Any]:
        """Features of all parts and a random MCA adapter in the sizes of training."""
        layouts, net = part("humandiffusion.adapters.mca_layout"), part("nodes.bridge.sd_model")
        context, base = self.positive[0][0].shape[-1], self.model.model.diffusion_model
        family = "sd15" if context == 768 else "sdxl"
        layout = layouts.McaLayout(family, context, *net.widths(base), 128, "random-1")
        path = folder / f"trained_{layout.sites}.safetensors"
        if not path.is_file():
            module = part("humandiffusion.adapters.mca_adapter").McaAdapter(layout)
            part("humandiffusion.adapters.mca_io").save_mca_adapter(path, module)
        features = part("humandiffusion.smr.features").PartFeatures(
            features=torch.nn.functional.normalize(torch.randn(1, 24, 128), dim=-1),
            present=torch.ones(1, 24, dtype=torch.bool),
            prompts=self.prompts(PARTS),
            encoder_id="random-1",
        )
        return {"features": features, "adapter": part("nodes.bridge.adapters").load_adapter(str(path))}

    def check_tokens(self) -> None:
        """Every phrase has eight tokens, as the figures say."""
        architecture = part("nodes.bridge.sd_model").architecture_of(self.model.model)
        count: Callable[..., Any] = part("nodes.bridge.sd_text").phrase_tokens
        lengths = {len(count(self.clip, phrase, architecture)[0]) for phrase in (*PHRASES, NEGATIVE)}
        assert lengths == {8}, lengths


def grid_pose(size: tuple[int, int], mirrored: bool = False) -> Any:
    """A map of 16 parts, four by four in the middle, background around them."""
    height, width = size
    labels = torch.zeros(1, height, width, dtype=torch.uint8)
    rows = torch.linspace(height * 0.1, height * 0.9, 5).long().tolist()
    columns = torch.linspace(width * 0.2, width * 0.8, 5).long().tolist()
    for i in range(PARTS):
        row, column = divmod(i, 4)
        labels[0, rows[row] : rows[row + 1], columns[column] : columns[column + 1]] = i + 1
    return part("humandiffusion.pose.semantic_pose").SemanticPose(labels.flip(2) if mirrored else labels)
