"""Sample sheet of an adapter for Stable Diffusion: map, photo, the base alone, and the base with the adapter."""

from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..adapters.mca_adapter import McaAdapter
from ..encoders.base import PartEncoder
from ..mca.aligned_chunks import Alignment
from ..mca.feature_rows import FeatureRows
from ..mca.regions import AlignedRows
from ..pose.render import render
from ..pose.semantic_pose import SemanticPose
from ..smr.memory import StyleMemory
from .data.photo_data import PhotoData
from .refreshed import refreshed
from .sd_base import FrozenBase
from .sd_pictures import PLAIN, seen_in
from .sheets import save_sheet
from .variants import Variants

STEPS = 20
GUIDANCE = 5.0
_HEIGHT = 384  # of a picture on the sheet


@torch.no_grad()
def adapter_sheet(
    base: FrozenBase,
    photos: PhotoData,
    encoder: PartEncoder,
    memory: StyleMemory | None,
    alignment: Alignment,
    adapter: McaAdapter,
    path: Path,
) -> None:
    """One column for each of `photos`, painted from its map and its own parts' refreshed features; the prompt says no
    more than that there is a person. `alignment` is the open one of the base's U-Net.
    """
    adapter = adapter.to(base.unet.device)
    columns = []
    for number in range(len(photos.ids)):
        one = replace(photos, ids=photos.ids[number : number + 1])
        image, labels = one.photo(one.ids[0])
        shares, queries = seen_in(image.float() / 255, labels, encoder)
        features = queries[None].float()
        if memory is not None:
            made = Variants(torch.zeros(1), shares[None], queries[None], torch.zeros(1, dtype=torch.long))
            features = refreshed(made, memory, one)[:, 1].float()
        occupancy = shares[None].float() / shares[None].float().sum(1, keepdim=True)
        asked = _rows(adapter, features, occupancy)
        unasked = _rows(adapter, torch.zeros_like(features), occupancy)
        drawn = []
        for chunks in ((None, None), (unasked, asked)):
            alignment.chunks = chunks
            drawn.append(_paint(base, image.shape[-2:], number))
        map_ = render(SemanticPose(labels[None]))[0].movedim(-1, 0)
        columns.append(torch.cat([_small(one_) for one_ in (map_, image.float() / 255, *drawn)], 1))
    alignment.chunks = (None,)
    sheet = torch.cat(columns, 2)
    save_sheet(sheet[None] * 2 - 1, path)


def _rows(adapter: McaAdapter, features: Tensor, occupancy: Tensor) -> AlignedRows:
    present = (features.square().sum(-1) > 0).float()
    everywhere = torch.ones_like(occupancy[:, :1])
    return AlignedRows(None, {}, (FeatureRows(adapter, features, present, occupancy, everywhere, torch.ones(1, 3)),))


def _paint(base: FrozenBase, size: torch.Size, seed: int) -> Tensor:
    """One picture [3, H, W] in 0..1 by the base's own scheduler."""
    latent = base.pipeline(
        PLAIN,
        height=size[0],
        width=size[1],
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=torch.Generator().manual_seed(seed),
        output_type="latent",
    ).images
    return base.decode(latent)[0]


def _small(picture: Tensor) -> Tensor:
    size = (_HEIGHT, round(_HEIGHT * picture.shape[2] / picture.shape[1]))
    return F.interpolate(picture[None], size, mode="bilinear", antialias=True, align_corners=False)[0].clamp(0, 1)
