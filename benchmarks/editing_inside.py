"""The part of editing.py that runs in ComfyUI's interpreter: editing_inside.py COMFYUI FOLDER SECTION [--edits N].

Its last line of output is a JSON object of figures. Stable Diffusion here has random weights of the true layout.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import random_models
import sd_scene
import torch
import torch.nn.functional as F
from sd_flops import count_flops, counted_scene
from sd_scene import PARTS, Figures, Scene, part
from torch import Tensor

LARGE = (1536, 1024)  # of a picture: height, width
SHARE = 0.05  # of it, of the part that is edited
STEPS = 20


def sd(args: argparse.Namespace) -> Figures:
    """Edits of random pictures by a small random SD 1.5: how many pixels change where the mask is 0."""
    from comfy.sd import load_checkpoint_guess_config

    edit, presets = part("nodes.edit").EditPart, part("humandiffusion.pose.presets")
    names, parts = list(presets.preset_names()), part("humandiffusion.parts").PART_NAMES
    distance = part("humandiffusion.pose.distances").distance
    path = str(_checkpoint(args.folder))
    model, clip, vae, _ = load_checkpoint_guess_config(path, te_model_options=random_models.FEW_LAYERS)
    outside, painted, farthest = 0, 0.0, 0.0
    for turn in range(args.edits):
        pose = presets.load_preset(names[turn % len(names)], (192, 128))
        there = torch.unique(pose.labels).tolist()
        chosen = there[(turn // len(names)) % len(there)]
        picture = torch.rand(1, 192, 128, 3, generator=torch.Generator().manual_seed(turn))
        given = {"seed": turn, "steps": 1, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
        given |= {"grow": 4.0, "feather": 8.0, "resolution": 64, "phrase": "green velvet", "clip": clip, "pose": pose}
        done, mask, _ = edit.execute(model, vae, picture, parts[chosen], **given).result
        changed = (done[0] != picture[0]).any(-1)
        outside += int((changed & (mask[0] == 0)).sum())
        painted += float(changed[mask[0] == 1].float().mean()) / args.edits
        farthest = max(farthest, float(distance(pose.labels[0] == chosen)[changed].max()))
    # Lengths are told of a picture of 256 x 384; this one is half as high.
    return {"sd_edits": args.edits, "sd_outside_changed": outside, "sd_painted": painted, "sd_farthest": 2 * farthest}


def flops(args: argparse.Namespace) -> Figures:
    """FLOPs of an edit of a part that covers 5 % of 1024 x 1536 over those of sampling it whole: U-Net and VAE."""
    pose, chosen, share = _small_part()
    figures: Figures = {"edited_share": share}
    editing = part("nodes.bridge.editing")
    plan_edit = part("humandiffusion.editing.plan").plan_edit
    picture = torch.zeros(1, *LARGE, 3)

    scene = counted_scene("sd15", argparse.Namespace(folder=args.folder, quick=False), (64, 64))
    crop = plan_edit(picture, pose, chosen, resolution=editing.SD_RESOLUTIONS["SD 1.5"], grid=editing.SD_GRID)
    edited, whole = (_sd_flops(scene, one) for one in (crop.map, pose))
    figures |= {"sd_crop": _told(crop.crop.size), "sd_flops_ratio": edited / whole, "sd_gflops_whole": whole / 1e9}

    model, vae = part("nodes.bridge.native_model").load_native_model("builtin")
    settings = editing.Painter(model, vae).crop_settings(0)
    crop = plan_edit(picture, pose, chosen, **settings)
    net, decoder = model.model.diffusion_model.unet, vae.first_stage_model.decoder
    edited, whole = (_native_flops(net, decoder, one) for one in (crop.map, pose))
    return figures | {
        "native_crop": _told(crop.crop.size),
        "native_flops_ratio": edited / whole,
        "native_gflops_whole": whole / 1e9,
    }


def sd_tiles(args: argparse.Namespace) -> Figures:
    """Of a small random SD 1.5, in tiles with maps of their own: how much of its attention a place where a part is not
    gives to that part, at most; and the same with the whole map in each tile, as a node that cuts no map has it.
    """
    from comfy.sd import load_checkpoint_guess_config

    size, path = (96, 64), str(_checkpoint(args.folder))
    model, clip, *_ = load_checkpoint_guess_config(path, output_vae=False, te_model_options=random_models.FEW_LAYERS)
    scene = Scene(model, clip, size)
    whole = part("humandiffusion.pose.presets").load_preset("walking-skirt", (8 * size[0], 8 * size[1]))
    cutting = part("humandiffusion.editing.tiles")
    crops = cutting.tile_crops((8 * size[0], 8 * size[1]), (384, 256), 64, 64)
    own = cutting.tile_poses(whole, crops)
    squeezed = part("humandiffusion.pose.geometry").resize(whole, (384, 256))
    outside: dict[str, float] = {"sd_tiles_outside": 0.0, "sd_tiles_outside_without_maps": 0.0}
    for i in range(own.batch):
        tile = own.select(i)
        for name, pose in (("sd_tiles_outside", tile), ("sd_tiles_outside_without_maps", squeezed)):
            seen = _Outside(tile.labels)
            given = {"prompts": scene.prompts(PARTS), "pose": pose, "feather": 0.0}
            aligned, positive, _ = scene.aligned(**given)
            options = aligned.model_options["transformer_options"]
            aligned.model_options["transformer_options"] = {**options, part("nodes.bridge.sd_forward").PROBE: seen}
            seen.regions = part("nodes.bridge.sd_conds").regions_of(positive[0][1])
            sd_scene.ksample((aligned, positive, scene.negative), (48, 32))
            outside[name] = max(outside[name], seen.most)
    return {"sd_tiles": len(crops), **outside}


class _Outside:
    """A probe: the largest share of attention that a cell gives to a part which its own pixels do not show."""

    def __init__(self, labels: Tensor) -> None:
        self.labels, self.regions, self.most = labels, (), 0.0

    def see(self, site: Any, rows: Any, q: Tensor, k: Tensor, heads: int, bias: Tensor) -> None:
        mass = part("humandiffusion.mca.mass").attention_mass(q, k, heads, bias, rows)
        for channel, index in enumerate(self.regions[0].parts, start=1):
            shown = F.adaptive_max_pool2d((self.labels == index).float()[:, None], site.size)[:, 0].flatten(1) > 0
            elsewhere = mass[:, channel][~shown.expand(len(mass), -1)]
            if len(elsewhere):
                self.most = max(self.most, float(elsewhere.max()))


def _small_part() -> tuple[Any, int, float]:
    """Of all presets at the large size, the map and part whose share is nearest to SHARE."""
    presets = part("humandiffusion.pose.presets")
    found = []
    for name in presets.preset_names():
        labels = presets.load_preset(name).labels
        shares = torch.bincount(labels.flatten().long(), minlength=24)[1:] / labels.numel()
        nearest = int((shares - SHARE).abs().argmin())
        found.append((abs(float(shares[nearest]) - SHARE), name, nearest + 1))
    _, name, index = min(found)
    pose = presets.load_preset(name, LARGE)
    return pose, index, float((pose.labels == index).float().mean())


def _sd_flops(scene: Scene, pose: Any) -> float:
    """A run of STEPS steps for a picture of the map's size, with its VAE: there and back."""
    size = pose.height // 8, pose.width // 8
    step = count_flops(scene.aligned(scene.prompts(PARTS), pose=pose), size)
    return STEPS * step + _vae_flops(size)


def _vae_flops(size: tuple[int, int]) -> int:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    vae = random_models.autoencoder(small=False)
    latent, picture = (torch.empty(1, *shape, device="meta") for shape in ((4, *size), (3, 8 * size[0], 8 * size[1])))
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        vae.decode(latent)
        vae.encode(picture)
    return counter.get_total_flops()


def _native_flops(net: Any, decoder: Any, pose: Any) -> float:
    """A guided run of STEPS steps for a picture of the map's size, and its decoding. Early steps paint at half size."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    size = pose.height // 2, pose.width // 2
    shares = part("humandiffusion.pose.occupancy").occupancy(pose, size)
    context = net.prepare(shares, torch.ones(1, 24, net.config.feature_dim), torch.ones(1, 24), size=size)
    latent, counted = torch.zeros(1, 3, *size), []
    for sigma in (1.0, 0.0):
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            net.denoise(latent, torch.tensor([sigma]), context)
        counted.append(counter.get_total_flops())
    sigmas = part("humandiffusion.sampling").normal_sigmas(STEPS)[:-1]
    steps = sum(counted[0] if float(sigma) > net.config.coarse_above else counted[1] for sigma in sigmas)
    with FlopCounterMode(display=False) as counter:
        decoder(latent)
    return 2 * steps + counter.get_total_flops()


def _checkpoint(folder: Path) -> Path:
    path = folder / "small_sd15.safetensors"
    if not path.is_file():
        random_models.write_checkpoint(path, random_models.SMALL_SD15)
    return path


def _told(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


SECTIONS: dict[str, Callable[[argparse.Namespace], Figures]] = {one.__name__: one for one in (sd, flops, sd_tiles)}


def main() -> None:
    """Run one section and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comfyui")
    parser.add_argument("folder", type=Path)
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--edits", type=int, default=100)
    args = parser.parse_args()
    sd_scene.start(args.comfyui)
    # Counting needs autograd's bookkeeping on the tensors; the rest runs as ComfyUI runs it.
    with torch.no_grad() if args.section == "flops" else torch.inference_mode():
        print(json.dumps(SECTIONS[args.section](args)))


if __name__ == "__main__":
    main()
