"""A large picture of the native model, refined in tiles: whose features a place attends to, and whether seams show."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from common import Figures
from torch import Tensor

TEXT = "A woman with long brown hair in a cream sweater, a red skirt and black boots, with a brown bag"
PRESET, LARGE, TILE, OVERLAP, GRID = "walking-skirt", (768, 512), (384, 256), 64, 64
DENOISE = 0.35


def tiles(pipeline: Any, steps: int, guidance: float) -> Figures:
    """A picture of 256 x 384 enlarged twice, then each tile sampled from there, as Crop Tiles, KSampler and Join Tiles
    do it; once with each tile's own map, once without overlap, once with the whole map squeezed into every tile.
    """
    from humandiffusion.editing.tiles import join_tiles, tile_crops, tile_pictures, tile_poses
    from humandiffusion.pose.geometry import resize
    from humandiffusion.pose.presets import load_preset

    pose = load_preset(PRESET)
    generator = torch.Generator().manual_seed(1)
    small = pipeline(TEXT, pose, generator=generator, num_inference_steps=steps, output_type="pt").images
    large = F.interpolate(small.float(), LARGE, mode="bicubic").clamp(0, 1).movedim(1, -1)
    crops, hard = (tile_crops(LARGE, TILE, overlap, GRID) for overlap in (OVERLAP, 0))
    own, squeezed = tile_poses(pose, crops), resize(pose, TILE)

    refined, outside = [], {"tiles_outside": 0.0, "tiles_outside_without_maps": 0.0}
    for i, tile in enumerate(tile_pictures(large, crops)):
        with _attention(pipeline) as seen:
            refined.append(_refined(pipeline, tile, own.select(i), i, steps, guidance))
        outside["tiles_outside"] = max(outside["tiles_outside"], _elsewhere(seen, own.labels[i]))
        with _attention(pipeline) as seen:
            _refined(pipeline, tile, squeezed, i, 1, guidance)
        outside["tiles_outside_without_maps"] = max(
            outside["tiles_outside_without_maps"], _elsewhere(seen, own.labels[i])
        )
    apart = [
        _refined(pipeline, tile, tile_poses(pose, hard).select(i), i, steps, guidance)
        for i, tile in enumerate(tile_pictures(large, hard))
    ]
    changes = [join_tiles(torch.stack(made), at) - large for made, at in ((refined, crops), (apart, hard))]
    edges = [sorted({start for crop in at for start in (crop.top, crop.top + TILE[0])}) for at in (crops, hard)]
    return {
        "tiles": len(crops),
        **outside,
        "seam": _seam(changes[0], edges[0]),
        "seam_without_overlap": _seam(changes[1], edges[1]),
    }


def _refined(pipeline: Any, tile: Tensor, pose: Any, seed: int, steps: int, guidance: float) -> Tensor:
    """A tile [h, w, 3] painted anew by DENOISE."""
    from humandiffusion.editing.masked_sampling import masked_sigmas, sample_masked
    from humandiffusion.editing.native import area_latent
    from humandiffusion.guidance import GuidedDenoiser
    from humandiffusion.pose.occupancy import occupancy
    from humandiffusion.sampling import starting_noise

    known = area_latent(tile[None])
    shares = occupancy(pose, (known.shape[2], known.shape[3]))
    model = GuidedDenoiser(pipeline.unet.net, shares, [pipeline.retrieve(TEXT)], "region", False)
    noise, everywhere = starting_noise(seed, tuple(known.shape)), torch.ones_like(known[:, :1])
    count = max(1, round(steps * DENOISE))
    latent = sample_masked(model, known, noise, everywhere, masked_sigmas(count, DENOISE), guidance)
    decoded = pipeline.decoder.net(latent.to(pipeline.decoder.dtype)).float()
    return ((decoded[0] + 1) / 2).clamp(0, 1).movedim(0, -1)


@contextmanager
def _attention(pipeline: Any) -> Iterator[list[tuple[Tensor, tuple[int, int]]]]:
    """What each MAA gives to each part at each cell, [N, P] of the positive, and the size of its feature map."""
    seen: list[tuple[Tensor, tuple[int, int]]] = []

    def look(module: Any, given: tuple[Any, ...]) -> None:
        from humandiffusion.layers import norm32, split_heads

        h, (k, _), bias = given
        q = split_heads(module.q(norm32(module.norm, h[:1]).flatten(2).mT), module.heads)
        logits = q @ k[:1].mT / q.shape[-1] ** 0.5 + (0 if bias is None else bias[:1])
        seen.append((logits.softmax(-1).mean(1)[0, :, :-1], (h.shape[-2], h.shape[-1])))

    handles = [maa.register_forward_pre_hook(look) for maa in pipeline.unet.net.maa]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _elsewhere(seen: list[tuple[Tensor, tuple[int, int]]], labels: Tensor) -> float:
    """The largest share of attention that a cell gives to a part of which its own pixels show nothing."""
    shown = F.one_hot(labels.long(), 24).movedim(-1, 0).float()
    most = 0.0
    for mass, size in seen:
        absent = F.adaptive_max_pool2d(shown, size).flatten(1).mT == 0
        most = max(most, float(mass[absent].max()))
    return most


def _seam(change: Tensor, edges: list[int]) -> float:
    """How much more a change [1, H, W, 3] jumps across the rows at which tiles begin and end than across all rows."""
    jumps = change.diff(dim=1).abs().mean((0, 2, 3))
    inner = [edge - 1 for edge in edges if 0 < edge < change.shape[1]]
    return float(jumps[inner].mean() / jumps.mean())
