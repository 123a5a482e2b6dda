"""The denoiser's own pictures of training photos, for the picture decoder to learn what it will be given."""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from ..cli.common import appearing_whole
from ..encoders.builtin import load_encoder
from ..errors import InputError
from ..models.unet import HumanUNet
from ..parts import BACKGROUND
from ..sampling import normal_sigmas
from ..smr.io import load_memory
from .assemble import config_of
from .data.photo_data import open_data
from .denoiser import MULTIPLE
from .kept_variants import kept_variants
from .options import add_data_arguments
from .refreshed import refreshed
from .variants import Variants

STEPS = 10
GUIDANCE = 1.5


@torch.no_grad()
def reconstruct(unet: HumanUNet, variants: Variants, features: Tensor, rows: Tensor, start: float, seed: int) -> Tensor:
    """Latents uint8 [N, h, w, 3]: the pictures `rows` noised up to `start` in 0..1 and denoised again with their
    features.

    Up from a start of 0.9 the picture is the denoiser's own in all but its lay-out; lower ones keep more of the
    photo, so that the decoder meets soft inputs whose sharp original it knows.
    """
    x0 = variants.latent[rows].float() / 127.5 - 1
    shares = variants.occupancy[rows].float() / 255
    shares = shares / shares.sum(1, keepdim=True)
    told = features[rows, 1].float()
    told[:, BACKGROUND] = features[rows, 0, BACKGROUND].float()
    present = (told.square().sum(-1) > 0).float()
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed))
    x = torch.lerp(x0, noise, start).contiguous(memory_format=torch.channels_last)
    size = x.shape[-2:]
    positive = unet.prepare(shares, told, present, size=size)
    negative = unet.prepare(shares, torch.zeros_like(told), torch.zeros_like(present), size=size)
    sigmas = torch.cat((torch.tensor([start]), normal_sigmas(STEPS)[normal_sigmas(STEPS) < start]))
    for sigma, after in zip(sigmas[:-1], sigmas[1:], strict=True):
        level = sigma.expand(len(x))
        null = unet.denoise(x, level, negative)
        guess = (null + GUIDANCE * (unet.denoise(x, level, positive) - null)).float()
        x = guess + (x - guess) * (after / sigma)
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train reconstructions`."""
    add_data_arguments(parser)
    parser.add_argument("--denoiser", type=Path, required=True, help="the --out folder of a run of `train denoiser`")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .npz files")
    parser.add_argument("--encoder", default="builtin", help="part encoder: builtin or a .safetensors file")
    parser.add_argument("--memory", default="builtin", help="style memory: builtin or a .safetensors file")
    parser.add_argument("--variants", type=int, default=12, help="as given to `train denoiser` (default %(default)s)")
    parser.add_argument("--count", type=int, default=800, help="how many pictures (default %(default)s)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> None:
    """Write `recon-XXXX.npz` files with arrays `recon` [N, h, w, 3] uint8 and `ids` [N], unchanged photos only."""
    weights = args.denoiser / "unet.safetensors"
    if not weights.is_file():
        raise InputError(f"--denoiser: {args.denoiser} holds no {weights.name}; wanted the --out of `train denoiser`")
    args.out.mkdir(parents=True, exist_ok=True)
    encoder, memory = load_encoder(args.encoder), load_memory(args.memory)
    cache = args.cache or args.denoiser / "cache"
    folders = [args.data, *args.more]
    photos = open_data(
        folders, cache, parser=args.parser, unmapped=args.unmapped == "parse", size=args.size, multiple=MULTIPLE
    ).train
    variants = kept_variants(cache, photos, encoder, count=args.variants, seed=args.seed, workers=args.workers)
    features = refreshed(variants, memory, photos)
    unet = HumanUNet(config_of(weights, encoder.dim))
    unet.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    unet = unet.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    draw = torch.Generator().manual_seed(args.seed)
    # The first variant of each photo is the photo as it is, whose full-size twin the decoder's data loader finds by id.
    first = torch.arange(0, len(variants.photo), len(variants.photo) // len(photos.ids))
    for part in tqdm(range(0, args.count, args.batch), desc="reconstructions", unit="batch"):
        rows = first[torch.randint(len(first), (args.batch,), generator=draw)]
        start = 0.45 + 0.5 * float(torch.rand(1, generator=draw))
        with torch.autocast("cpu", torch.bfloat16):
            recon = reconstruct(unet, variants, features, rows, start, args.seed + part)
        ids = np.array([photos.ids[i] for i in variants.photo[rows].tolist()])
        with appearing_whole(args.out / f"recon-{part:05d}.npz") as beside, beside.open("wb") as file:
            np.savez_compressed(file, recon=recon.numpy(), ids=ids)
