"""Training the parser that ships: part maps where there are any, and elsewhere the tags, which say what cannot be
there; a second run may learn from the first one's own maps of those photos (`--teacher`).
"""

import argparse
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from safetensors.torch import load_file
from torch import Tensor

from ..cli.common import whole_number
from ..errors import InputError
from ..parsing.io import save_parser
from ..parsing.load import load_builtin
from ..parsing.net import ParserConfig, ParserNet, fold_norms
from ..parts import BACKGROUND, NUM_PARTS
from ..safetensors_io import write_tensors
from .data.photo_data import UNKNOWN
from .decoder_data import Photos, load_photos
from .parser_data import Views, halved, load_lessons
from .parser_scores import scores
from .parser_sheet import parser_sheet
from .parser_teacher import taught
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

SHAPE = (3, 2)  # height to width of the views
RARE = 0.3  # exponent: how much more a pixel of a rare part counts
DICE, TAGS = 0.5, 0.3
GIVEN_BACK = 0.5  # to the background's logits in what is saved, for that makes people a little too large


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train parser`."""
    add_common_arguments(parser, steps=6000, batch=12)
    parser.add_argument(
        "--teacher", type=Path, default=None, help="parser (.safetensors) that maps photos that have tags alone"
    )
    parser.add_argument("--start-from", type=Path, default=None, help="folder of the run to begin from")
    parser.add_argument(
        "--width", type=whole_number(32), default=192, help="of the views, a multiple of 64 (default %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Train; `parser.safetensors` (the average) and a sheet of held-out photos appear in `args.out` as it goes."""
    accelerator = start(args)
    found = training_data(args, accelerator, parse=False)
    measured = found.held_out.with_maps() or found.train.with_maps()
    if not measured:
        raise InputError("--data: no photo has a map; wanted some to measure the parser with")
    lessons, held_out = load_lessons(found.train), load_photos(measured)
    if args.teacher:
        lessons = taught(lessons, load_builtin(args.teacher))
    while 2 * args.width <= lessons.photos.images.shape[3]:
        lessons = halved(lessons)
    config = ParserConfig()
    seed_net(args)
    net = ParserNet(config, norm=True).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if args.start_from:
        net.load_state_dict(load_file(args.start_from / "average.safetensors"))
    weights = part_weights(lessons.photos.labels).to(accelerator.device)
    ema, progress = Ema(net, 0.998), Progress(args.out)
    peak = args.lr or 2e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=0.02, fused=True)
    net, optimiser = accelerator.prepare(net, optimiser)
    accelerator.register_for_checkpointing(ema, progress)
    if args.resume:
        resume(accelerator, args.out)
    size = (args.width * SHAPE[0] // SHAPE[1], args.width)
    batches = iter(endless_loader(Views(lessons, size, args.seed), args, accelerator, progress))

    save = partial(_save, accelerator, ema, config, size[0] * size[1], args.out, progress, held_out)
    for _ in steps(args, accelerator, progress, optimiser, nets=(net,), peak=peak, name="parser", save=save):
        batch = {name: tensor.to(accelerator.device) for name, tensor in next(batches).items()}
        with accelerator.autocast():
            logits = net(batch["image"].contiguous(memory_format=torch.channels_last))
        losses = parser_losses(logits.float(), one_of_four(batch["labels"]), batch["allowed"], weights)
        descend(accelerator, losses["map"] + DICE * losses["dice"] + TAGS * losses["tags"], net, optimiser, clip=2.0)
        if accelerator.sync_gradients:
            ema.update(accelerator.unwrap_model(net))
        progress.losses = {name: loss.detach() for name, loss in losses.items()}


def parser_losses(logits: Tensor, labels: Tensor, allowed: Tensor, weights: Tensor) -> dict[str, Tensor]:
    """Logits [B, P, h, w], labels [B, h, w] (`UNKNOWN` where nobody knows), allowed [B, P], weights [P]: cross entropy,
    overlap of each part, and what is given to parts that the tags rule out."""
    log_shares = F.log_softmax(logits, 1)
    labels = labels.long()
    pixels = F.nll_loss(log_shares, labels, weights, ignore_index=UNKNOWN, reduction="sum")
    shares = log_shares.exp()
    ruled_out = torch.einsum("bphw,bp->bhw", shares, (~allowed).to(shares.dtype))
    return {
        "map": pixels / (labels != UNKNOWN).sum().clamp_min(1),
        "dice": dice_loss(shares, labels),
        "tags": -torch.log1p(-0.98 * ruled_out).mean(),
    }


def dice_loss(shares: Tensor, labels: Tensor) -> Tensor:
    """1 - Dice of each part that the batch shows, averaged; shares [B, P, h, w], labels [B, h, w] long."""
    known = labels != UNKNOWN
    part = labels.masked_fill(~known, 0)
    hit = (shares.gather(1, part[:, None])[:, 0] * known).flatten()
    both = torch.zeros_like(shares[0, :, 0, 0]).index_add(0, part.flatten(), hit)
    true = torch.bincount(labels[known], minlength=NUM_PARTS)
    given = torch.einsum("bphw,bhw->p", shares, known.to(shares.dtype))
    each = (1 - (2 * both + 1) / (true + given + 1))[true > 0]
    return each.sum() / max(len(each), 1)


def one_of_four(labels: Tensor) -> Tensor:
    """Maps [B, H, W] at half the size: of every four pixels one by chance, so that shares follow areas at edges."""
    batch, height, width = labels.shape
    cells = labels.reshape(batch, height // 2, 2, width // 2, 2).transpose(2, 3).flatten(3)
    return cells.gather(3, torch.randint(4, (*cells.shape[:3], 1), device=labels.device))[..., 0]


def part_weights(labels: Tensor) -> Tensor:
    """[P] float: rarer parts count more, on average over all pixels 1."""
    counts = torch.bincount(labels.flatten().int(), minlength=UNKNOWN + 1)[:NUM_PARTS].float()
    shares = counts.clamp_min(counts.sum() * 1e-5) / counts.sum()
    weights = (1 / shares) ** RARE
    return weights / (weights * shares).sum()


def saved_state(state: dict[str, Tensor], parts: int = NUM_PARTS) -> dict[str, Tensor]:
    """What a net in training becomes in a file: norms folded, and the background given its due."""
    folded = fold_norms(state)
    bias = folded["last.bias"].clone().view(parts, -1)
    bias[BACKGROUND] += GIVEN_BACK
    return folded | {"last.bias": bias.flatten()}


def _save(
    accelerator: Accelerator,
    ema: Ema,
    config: ParserConfig,
    area: int,
    out: Path,
    progress: Progress,
    held_out: Photos,
) -> None:
    average = ema.weights_on_cpu()
    write_tensors(out / "average.safetensors", {name: tensor.contiguous() for name, tensor in average.items()})
    save_parser(out / "parser.safetensors", config, saved_state(average), area=area, steps=progress.step)
    parser = load_builtin(out / "parser.safetensors")
    with accelerator.autocast():
        progress.log(**scores(parser, held_out))
        parser_sheet(parser, held_out, out / "samples" / f"{progress.step:06d}.png")
