"""Training the picture decoder: true to the latent where that shows something, like a photo where it shows nothing."""

import argparse
import json
import math
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from ..cli.common import appearing_whole
from ..models.decoder import DecoderConfig, PictureDecoder
from ..safetensors_io import write_tensors
from .decoder_data import Pairs, Photos, load_photos, load_reconstructions
from .decoder_sheet import decoder_sheet
from .discriminator import ProjectedDiscriminator, discriminator_loss, generator_loss
from .perceptual import PooledMatch, VggFeatures, fidelity_loss, load_vgg_features, style_loss
from .run import (
    Ema,
    Progress,
    add_common_arguments,
    descend,
    endless_loader,
    resume,
    seed_net,
    start,
    steps,
    training_data,
)

# The whole picture is looked at smaller, so that deep features see its scene; a cut at full size shows the grain.
VIEW = (0.5, 0.5)
CUT = 160
PLACES = {"view2": "2_2", "view3": "3_3", "view4": "4_3", "view5": "5_3", "cut2": "2_2", "cut3": "3_3"}
_STYLED = ("view3", "view4", "cut2", "cut3")
_FAITHFUL = ("view3", "cut2")
_MATCHED = ("view3", "view4", "view5")
WEIGHTS = {"pixel": 4.0, "fidelity": 1.0, "colour": 10.0, "style": 0.5, "match": 2.0, "adversary": 0.3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train decoder`."""
    add_common_arguments(parser, steps=4000, batch=6)
    parser.add_argument("--pairs", type=Path, default=None, help="folder of .npz files with the denoiser's own latents")
    parser.add_argument("--pairs-share", type=float, default=0.75, help="their share of pairs (default %(default)s)")
    parser.add_argument("--start-from", type=Path, default=None, help="weights to begin with (.safetensors)")
    for name, weight in WEIGHTS.items():
        parser.add_argument(f"--{name}", type=float, default=weight, help=f"weight of that loss (default {weight})")


def run(args: argparse.Namespace) -> None:
    """Train; `decoder.safetensors` (the average), `decoder.json` and sample sheets appear in `args.out` as it goes."""
    accelerator = start(args, resting=True)
    found = training_data(args, accelerator, multiple=2, parse=False)
    photos = load_photos(found.train)
    recon = load_reconstructions(args.pairs, photos) if args.pairs else None
    samples = load_photos(found.samples.first(8))
    vgg = load_vgg_features(torch.bfloat16 if args.precision == "bf16" else torch.float32).to(accelerator.device)
    _calibrate(vgg, photos)

    config = DecoderConfig()
    seed_net(args)
    decoder = PictureDecoder(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    soften_start(decoder)
    if args.start_from:
        decoder.load_state_dict(load_file(args.start_from))
    critic = ProjectedDiscriminator(PLACES).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema, progress, match = Ema(decoder, 0.995), Progress(args.out), PooledMatch(600)
    peak = args.lr or 4e-4
    # A texel is seen by few pictures, a weight by all: textures take larger steps.
    textures = [parameter for name, parameter in decoder.named_parameters() if name.startswith("textures.")]
    weights = [parameter for name, parameter in decoder.named_parameters() if not name.startswith("textures.")]
    groups = [{"params": weights, "scale": 1.0}, {"params": textures, "scale": 10.0}]
    optimiser = torch.optim.Adam(groups, lr=peak, betas=(0.5, 0.99))
    rival = torch.optim.Adam(critic.parameters(), lr=peak, betas=(0.0, 0.99))
    decoder, critic, optimiser, rival = accelerator.prepare(decoder, critic, optimiser, rival)
    accelerator.register_for_checkpointing(ema, progress, match)
    if args.resume:
        resume(accelerator, args.out)
    pairs = Pairs(photos, recon, args.pairs_share, args.seed)
    batches = iter(endless_loader(pairs, args, accelerator, progress))

    save = partial(_save, ema, config, args.out, progress, samples)
    nets = (decoder, critic)
    for _ in steps(args, accelerator, progress, optimiser, rival, nets=nets, peak=peak, name="decoder", save=save):
        batch = {name: tensor.to(accelerator.device) for name, tensor in next(batches).items()}
        # In turn: the whole picture, a cut at full size. Both at once would cost twice as much for little more.
        near = progress.step % 2 == 1
        if near:
            batch = cut_batch(batch)
        with accelerator.autocast():
            made = decoder(
                batch["latent"].contiguous(memory_format=torch.channels_last), *any_texture(config, args.batch)
            )
            made = made.float()
            with torch.no_grad():
                real = look(vgg, batch["target"], near)
            fake = look(vgg, made, near)
            critic.requires_grad_(False)
            losses = decoder_losses(batch, made, real, fake, match)
            # The bare critic, because nothing of it is to be learnt, nor shared between processes, here.
            losses["adversary"] = generator_loss(accelerator.unwrap_model(critic)(fake))
        total = sum(getattr(args, name) * loss for name, loss in losses.items())
        descend(accelerator, total, decoder, optimiser, clip=2.0)

        critic.requires_grad_(True)
        with accelerator.autocast():
            # One forward of both: many processes share gradients, and the buffers of its norms, once a forward.
            told = critic({name: torch.cat((real[name], fake[name].detach())) for name in fake})
            losses["critic"] = discriminator_loss(*zip(*(one.chunk(2) for one in told), strict=True))
        descend(accelerator, losses["critic"], critic, rival, clip=math.inf)

        if accelerator.sync_gradients:
            ema.update(accelerator.unwrap_model(decoder))
        progress.losses = {name: loss.detach() for name, loss in losses.items()}


def decoder_losses(
    batch: dict[str, Tensor],
    made: Tensor,
    real: dict[str, Tensor],
    fake: dict[str, Tensor],
    match: PooledMatch,
) -> dict[str, Tensor]:
    """All losses but the adversary's: true to the photo where the latent shows it, elsewhere to its style."""
    person = torch.where(batch["mapped"][..., None, None] > 0, batch["person"], 0.5)
    trust = agreement(batch["latent"], batch["target"])
    importance = F.interpolate(trust, scale_factor=2, mode="nearest") * (0.1 + 0.9 * person)
    outside = 1.05 - batch["person"]
    losses = {
        "pixel": ((made - batch["target"]).abs().mean(1, keepdim=True) * importance).mean(),
        "colour": colour_loss(made, batch["latent"], person),
    }
    near = "cut2" in fake
    style = [
        style_loss(fake[name], real[name], _resized(region, fake[name]))
        for name in fake
        for region in ((outside,) if near else (outside, 1.05 - outside))
        if name in _STYLED
    ]
    losses["style"] = torch.stack(style).mean()
    apart = [fidelity_loss(fake[name], real[name], importance) for name in fake if name in _FAITHFUL]
    losses["fidelity"] = torch.stack(apart).sum()
    if not near:
        losses["match"] = match([fake[name] for name in _MATCHED], [real[name] for name in _MATCHED])
    return losses


def agreement(latent: Tensor, target: Tensor) -> Tensor:
    """How far the latent shows the photo, [B, 1, h, w]: 1 where both are the same all around, else less."""
    gap = (F.avg_pool2d(target, 2) - latent).abs().mean(1, keepdim=True)
    around = F.avg_pool2d(F.pad(gap, (4, 4, 4, 4), mode="replicate"), 9, 1)
    return torch.exp(-((around / 0.1) ** 2))


def colour_loss(made: Tensor, latent: Tensor, person: Tensor) -> Tensor:
    """The picture made smaller is the latent: over 4 latent pixels on the person, loosely over 16 behind it."""
    gap = F.avg_pool2d(made, 2) - latent
    near, far = F.avg_pool2d(gap, 4), F.avg_pool2d(gap, 16)
    inside = F.avg_pool2d(person, 8)
    return (near.abs().mean(1, keepdim=True) * inside).mean() + 0.2 * far.abs().mean()


def look(vgg: VggFeatures, picture: Tensor, near: bool) -> dict[str, Tensor]:
    """Features by the names of `PLACES`: of a cut as it is (`near`), or of the whole picture made smaller."""
    if near:
        cut = vgg(picture, "3_3")
        return {name: cut[tap] for name, tap in PLACES.items() if name.startswith("cut")}
    size = [round(side * share / 16) * 16 for side, share in zip(picture.shape[-2:], VIEW, strict=True)]
    view = vgg(F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False))
    return {name: view[tap] for name, tap in PLACES.items() if name.startswith("view")}


def any_texture(config: DecoderConfig, count: int) -> tuple[Tensor, tuple[int, int]]:
    """Angles and a shift at random: no place of the textures may learn to be the middle of a picture."""
    cells = config.tile // config.multiple
    down, right = (int(torch.randint(0, cells, ())) * config.multiple for _ in range(2))
    return torch.rand(count, config.textures) * 2 * math.pi, (down, right)


def soften_start(decoder: nn.Module) -> None:
    """Begin as plain upscaling: the last layer writes next to nothing, residual branches little."""
    for name, parameter in decoder.named_parameters():
        if name.endswith("conv2.weight"):
            parameter.data.mul_(0.3)
        if name.startswith("last.") or name.endswith("texture.weight"):
            parameter.data.mul_(0.3)


def cut_batch(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same square of CUT pixels, at random, of every picture, map and latent of the batch."""
    height, width = (side - CUT for side in batch["target"].shape[-2:])
    top, left = (int(torch.randint(0, max(room, 0) // 16 + 1, ())) * 16 for room in (height, width))
    at_full = {name: batch[name][..., top : top + CUT, left : left + CUT] for name in ("target", "person")}
    latent = batch["latent"][..., top // 2 : (top + CUT) // 2, left // 2 : (left + CUT) // 2]
    return {**batch, **at_full, "latent": latent}


def _resized(region: Tensor, features: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(region, (features.shape[-2], features.shape[-1])).to(features)


def _calibrate(vgg: VggFeatures, photos: Photos) -> None:
    rows = torch.linspace(0, len(photos.ids) - 1, min(24, len(photos.ids))).long()
    size = [round(side * share / 16) * 16 for side, share in zip(photos.images.shape[-2:], VIEW, strict=True)]
    pictures = F.interpolate(photos.images[rows].float() / 127.5 - 1, size, mode="bilinear", antialias=True)
    vgg.calibrate(pictures.to(vgg.mean.device))


def _save(ema: Ema, config: DecoderConfig, out: Path, progress: Progress, samples: Photos) -> None:
    decoder = PictureDecoder(config)
    average = ema.weights_on_cpu()
    decoder.load_state_dict(average)
    write_tensors(out / "decoder.safetensors", {name: tensor.contiguous() for name, tensor in average.items()})
    about = {"config": vars(config), "steps": progress.step, "seconds": round(progress.seconds)}
    with appearing_whole(out / "decoder.json") as beside:
        beside.write_text(json.dumps(about), encoding="utf-8")
    decoder_sheet(decoder.eval(), samples, out / f"sheet-{progress.step:06d}.png")
