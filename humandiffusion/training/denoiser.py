"""Training the native denoiser on images alone: reconstruct a photo from its own parts' refreshed features (paper,
figure).
"""

import argparse
import json
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from ..encoders.builtin import load_encoder
from ..errors import InputError
from ..models.blocks import zero_residuals
from ..models.config import DenoiserConfig
from ..models.io import plain_config
from ..models.unet import HumanUNet
from ..parts import BACKGROUND, BODY, FACE, NUM_PARTS
from ..pose.occupancy import coarsen
from ..safetensors_io import write_tensors
from ..smr.io import load_memory
from ..smr.memory import StyleMemory
from .ablate import ABLATIONS, WHOLE
from .data.photo_data import PhotoData
from .kept_variants import kept_variants
from .lighten import lighten, plain_attention
from .options import add_checkpointing_argument
from .perceptual_term import load_perceptual_term
from .refreshed import refreshed
from .run import Ema, Progress, add_common_arguments, crew_of, descend, resume, seed_net, start, steps, training_data
from .sheets import denoiser_sheet
from .variants import Variants

MULTIPLE = 64  # of a picture's sides, for latents at half size are seen at half size again
SAMPLES = 8  # photos of a sheet

# Three quarters of a photo are background: look harder at the person, and hardest at what is small.
_PART_WEIGHT = torch.full((NUM_PARTS,), 2.0)
_PART_WEIGHT[BACKGROUND] = 1.0
_PART_WEIGHT[FACE] = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train denoiser`."""
    add_common_arguments(parser, steps=20_000, batch=24)
    add_checkpointing_argument(parser)
    parser.add_argument("--encoder", default="builtin", help="part encoder: builtin or a .safetensors file")
    parser.add_argument("--memory", default="builtin", help="style memory: builtin or a .safetensors file")
    parser.add_argument(
        "--coarse-share", type=float, default=0.6, help="share of steps at half size (default %(default)s)"
    )
    parser.add_argument(
        "--variants", type=int, default=12, help="recoloured variants of each photo (default %(default)s)"
    )
    parser.add_argument("--start-from", type=Path, default=None, help="unet.safetensors to begin with")
    parser.add_argument(
        "--perceptual", type=float, default=0.0, help="weight of the perceptual term (default %(default)s, ours 0.1)"
    )
    parser.add_argument(
        "--ablate", choices=tuple(ABLATIONS), default=WHOLE, help="leave one idea out, to measure what it is worth"
    )


def run(args: argparse.Namespace) -> None:
    """Train; `unet.safetensors` (the average) and sample sheets appear in `args.out` as it goes."""
    encoder, memory = load_encoder(args.encoder), load_memory(args.memory)
    if memory.encoder_id != encoder.encoder_id:
        raise InputError(
            f"--memory: made with encoder {memory.encoder_id}, --encoder is {encoder.encoder_id}; give a pair"
        )
    accelerator = start(args)
    found = training_data(args, accelerator, multiple=MULTIPLE)
    variants = kept_variants(
        args.cache or args.out / "cache", found.train, encoder,
        count=args.variants, seed=args.seed, workers=args.workers, crew=crew_of(accelerator),
    )  # fmt: skip
    ablation = ABLATIONS[args.ablate]
    features = ablation.features(refreshed(variants, memory, found.train))
    priors = _priors(memory)

    config = ablation.config(DenoiserConfig(feature_dim=encoder.dim))
    seed_net(args)
    unet = HumanUNet(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    zero_residuals(unet)
    if args.start_from:
        unet.load_state_dict({name: tensor.float() for name, tensor in load_file(args.start_from).items()})
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    alike = load_perceptual_term(variants, dtype).to(accelerator.device) if args.perceptual else None
    ema, progress = Ema(unet, 0.9993), Progress(args.out)
    peak = args.lr or 4e-4
    optimiser = torch.optim.AdamW(unet.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    if args.checkpointing:
        lighten(unet)
    unet, optimiser = accelerator.prepare(unet, optimiser)
    accelerator.register_for_checkpointing(ema, progress)
    if args.resume:
        resume(accelerator, args.out)

    save = partial(_save, ema, config, encoder.encoder_id, args, memory, found.samples.first(SAMPLES))
    for turn in steps(args, accelerator, progress, optimiser, nets=(unet,), peak=peak, name="denoiser", save=save):
        draw = turn.generator()
        coarse = float(torch.rand((), generator=draw)) < args.coarse_share
        levels = (config.coarse_above, 1.0) if coarse else (0.0, config.coarse_above)
        batch = draw_batch(variants, features, priors, args.batch * (2 if coarse else 1), draw, levels)
        if coarse:
            batch = half_size(batch)
        batch = {name: tensor.to(accelerator.device) for name, tensor in batch.items()}
        with accelerator.autocast(), plain_attention(accelerator.device):
            given = (batch[name] for name in ("x", "sigma", "occupancy", "features", "present"))
            guess = unet(*given, ablation.mode)
        losses = {"loss": denoising_loss(guess.float(), batch)}
        if alike is not None:
            losses["perceptual"] = alike(guess, batch["x0"], batch["occupancy"][:, [BACKGROUND]])
        total = losses["loss"] + args.perceptual * losses.get("perceptual", 0.0)
        descend(accelerator, total, unet, optimiser, clip=1.0)
        if accelerator.sync_gradients:
            ema.update(accelerator.unwrap_model(unet))
        progress.losses = {name: loss.detach() for name, loss in losses.items()}
        progress.batch = len(batch["x"])


def draw_batch(
    variants: Variants, features: Tensor, priors: Tensor, size: int, draw: torch.Generator, levels: tuple[float, float]
) -> dict[str, Tensor]:
    """A random batch: noisy latents `x` and clean `x0` [B, 3, h, w], `sigma` [B] within `levels`, the map and features.

    `features` [N, 2, P, D] holds raw image queries and their refreshed twins. SMR's blend g is 1 for most pictures and
    uniform for the others; the background, whose prior is one scene and no mean, mostly keeps its own feature.
    Features are dropped per part (10 %; the background 20 %) and all at once (10 %), and a part of the body sometimes
    shows the memory's prior, as it does where nobody says anything of it.
    """
    rows = torch.randint(len(variants.photo), (size,), generator=draw)
    flip = torch.rand(size, generator=draw) < 0.5
    x0 = variants.latent[rows].float() / 127.5 - 1
    shares = variants.occupancy[rows].float() / 255
    shares = shares / shares.sum(1, keepdim=True)
    x0 = torch.where(flip[:, None, None, None], x0.flip(3), x0)
    shares = torch.where(flip[:, None, None, None], shares.flip(3), shares)

    queries, found = features[rows].float().unbind(1)
    g = torch.where(torch.rand(size, generator=draw) < 0.6, 1.0, torch.rand(size, generator=draw))
    g = g[:, None].repeat(1, NUM_PARTS)
    g[:, BACKGROUND] = (torch.rand(size, generator=draw) < 0.3).float()
    mixed = F.normalize(g[..., None] * found + (1 - g[..., None]) * queries, dim=-1)
    there = queries.square().sum(-1) > 0
    keep = torch.rand(size, NUM_PARTS, generator=draw) > 0.1
    keep[:, BACKGROUND] &= torch.rand(size, generator=draw) > 0.1
    keep &= (torch.rand(size, generator=draw) > 0.1)[:, None]
    body = torch.zeros(NUM_PARTS, dtype=torch.bool)
    body[list(BODY)] = True
    usual = (torch.rand(size, NUM_PARTS, generator=draw) < 0.2) & body & (priors.square().sum(-1) > 0)
    mixed = torch.where(usual[..., None], priors, mixed)

    spread = torch.sigmoid(0.3 + 1.2 * torch.randn(size, generator=draw))
    sigma = (levels[0] + (levels[1] - levels[0]) * spread).clamp(1e-3, 1)
    noise = torch.randn(x0.shape, generator=draw)
    level = sigma[:, None, None, None]
    x = torch.lerp(x0, noise, level).contiguous(memory_format=torch.channels_last)
    return {"x": x, "x0": x0, "sigma": sigma, "occupancy": shares, "features": mixed, "present": (there & keep).float()}


def half_size(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same pictures at half the height and width, noise and all, as the U-Net sees them above `coarse_above`."""
    shares = batch["occupancy"]
    small = {name: F.avg_pool2d(batch[name], 2) for name in ("x", "x0")}
    return {**batch, **small, "occupancy": coarsen(shares, (shares.shape[2] // 2, shares.shape[3] // 2))}


def denoising_loss(guess: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Squared error of x0 over sigma^2 (that of the velocity), weighted by part."""
    weight = torch.einsum("bphw,p->bhw", batch["occupancy"], _PART_WEIGHT.to(guess.device))
    weight = (weight / weight.mean((1, 2), keepdim=True)).repeat_interleave(4, 1).repeat_interleave(4, 2)
    error = (guess - batch["x0"]).square().mean(1) * weight
    return (error.mean((1, 2)) / batch["sigma"].clamp_min(0.2).square()).mean()


def _priors(memory: StyleMemory) -> Tensor:
    """The memory's prior for each part [P, D], 0 where it has none."""
    rows = [memory.prior(part) for part in range(NUM_PARTS)]
    return torch.stack([torch.zeros_like(memory.mean_image.float()) if row is None else row.float() for row in rows])


def _save(
    ema: Ema,
    config: DenoiserConfig,
    encoder_id: str,
    args: argparse.Namespace,
    memory: StyleMemory,
    samples: PhotoData,
) -> None:
    unet = HumanUNet(config)
    unet.load_state_dict(ema.weights_on_cpu())
    weights = {name: tensor.half().contiguous() for name, tensor in unet.state_dict().items()}
    about = {"config": json.dumps(plain_config(config)), "ablate": args.ablate}
    write_tensors(args.out / "unet.safetensors", weights, about)
    mode = ABLATIONS[args.ablate].mode
    denoiser_sheet(unet.eval(), samples, load_encoder(args.encoder), memory, args.out / "sheet.png", mode)
