"""Training the builtin part encoder: phrases against crops, colour words against measured colours, words against a
teacher.
"""

import argparse
import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from ..cli.common import appearing_whole
from ..encoders.builtin import BuiltinPartEncoder, EncoderConfig, save_encoder
from ..encoders.image_tower import colour_statistics
from ..encoders.text_tower import tokenise
from ..errors import InputError
from ..lexicon import FABRIC_WORDS, GARMENT_WORDS, LENGTH_WORDS, PATTERN_WORDS
from ..parts import NUM_PARTS
from .crop_pool import CropPool
from .kept_pool import kept_pool
from .phrases import compose
from .recolour import PATTERNS
from .run import (
    Ema,
    Progress,
    Turn,
    add_common_arguments,
    crew_of,
    descend,
    resume,
    seed_net,
    start,
    steps,
    training_data,
    warmup_cosine,
)
from .teacher import common_words, teach, vocabulary
from .turns import seed_of
from .xkcd import training_colours

TEACHER_PHRASES = 24_000
_KINDS = (None, *PATTERNS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train encoder`."""
    add_common_arguments(parser, steps=2500, batch=256)
    parser.add_argument(
        "--text-steps", type=int, default=1500, help="steps of the text tower alone afterwards (default %(default)s)"
    )
    parser.add_argument("--copies", type=int, default=8, help="recoloured copies of each crop (default %(default)s)")


class Heads(nn.Module):
    """What both kinds of vectors must tell: the Lab colour, the part, the pattern; and for text the teacher's
    vector.
    """

    def __init__(self, dim: int, text_width: int) -> None:
        super().__init__()
        self.colour = nn.Linear(dim, 3)
        self.part = nn.Linear(dim, NUM_PARTS)
        self.pattern = nn.Linear(dim, len(_KINDS))
        self.teacher = nn.Linear(text_width, 384)
        self.logit_scale = nn.Parameter(torch.tensor(2.66))


def run(args: argparse.Namespace) -> None:
    """Train, then write `encoder.safetensors` into `args.out`."""
    accelerator = start(args)
    photos, cache = training_data(args, accelerator).train, args.cache or args.out / "cache"
    pool = kept_pool(
        cache, photos, training_colours(),
        copies=args.copies, seed=args.seed, workers=args.workers, crew=crew_of(accelerator),
    )  # fmt: skip
    if not pool.descriptions:
        raise InputError("--data: no photo shows a part large enough to learn from")
    words = [*common_words(12_000), *PATTERN_WORDS, *FABRIC_WORDS, *LENGTH_WORDS]
    phrases = vocabulary(GARMENT_WORDS, words, TEACHER_PHRASES, args.seed)
    lessons = teach(phrases)

    config = EncoderConfig()
    seed_net(args)
    encoder = BuiltinPartEncoder(config)
    heads = Heads(config.dim, config.text_width)
    ema, progress = Ema(encoder, 0.998), Progress(args.out)
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=args.lr or 2e-3, betas=(0.9, 0.98), weight_decay=0.02)
    both = Together(encoder, heads)
    both, optimiser = accelerator.prepare(both, optimiser)
    accelerator.register_for_checkpointing(ema, progress)
    if args.resume:
        resume(accelerator, args.out)

    labels = sorted({d.label for d in pool.descriptions})
    facts = _Facts(pool, {label: i for i, label in enumerate(labels)})
    mixed = partial(_mixed, args.precision, accelerator.device)
    save = partial(_save, ema, config, args.out, progress)
    peak = args.lr or 2e-3
    for turn in steps(args, accelerator, progress, optimiser, nets=(both,), peak=peak, name="encoder", save=save):
        losses = both(
            partial(
                _step, pool=pool, facts=facts, phrases=phrases, lessons=lessons,
                rng=random.Random(turn.seed), batch=args.batch, mixed=mixed,
            )
        )  # fmt: skip
        descend(accelerator, torch.stack(list(losses.values())).sum(), both, optimiser, clip=1.0)
        if accelerator.sync_gradients:
            ema.update(encoder)
        progress.losses = {name: loss.detach() for name, loss in losses.items()}

    # Cheap enough to be done anew if it is stopped.
    if accelerator.is_main_process and _whole(args, progress):
        Turn(progress.step, 0, seed_of("text tower", args.seed)).seed_everything()
        tuned = BuiltinPartEncoder(config)
        tuned.load_state_dict(ema.weights_on_cpu())
        tuned.to(accelerator.device)
        rng = random.Random(args.seed)
        tune_text(tuned, heads, pool, facts, phrases, lessons, rng, args.text_steps, args.batch, mixed)
        ema.weights = tuned.state_dict()
        _save(ema, config, args.out, progress)
    accelerator.wait_for_everyone()


class Together(nn.Module):
    """Encoder and heads as one module, whose gradients many processes share: a forward is a step's losses."""

    def __init__(self, encoder: BuiltinPartEncoder, heads: Heads) -> None:
        super().__init__()
        self.encoder, self.heads = encoder, heads

    def forward(self, step: Callable[[BuiltinPartEncoder, Heads], dict[str, Tensor]]) -> dict[str, Tensor]:
        """`step` of both, which itself says what is computed in which precision."""
        with torch.autocast(next(self.parameters()).device.type, enabled=False):
            return step(self.encoder, self.heads)


def _mixed(precision: str, device: torch.device) -> torch.autocast:
    """What the towers are computed in."""
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device.type, dtype, enabled=precision != "no")


def _whole(args: argparse.Namespace, progress: Progress) -> bool:
    """Whether the loop came to its end, and was not stopped on the way."""
    return progress.step >= args.steps or bool(args.minutes and progress.seconds >= 60 * args.minutes)


def tune_text(
    encoder: BuiltinPartEncoder, heads: Heads, pool: CropPool, facts: "_Facts", phrases: list[str], lessons: Tensor,
    rng: random.Random, steps: int, batch: int, mixed: Callable[[], torch.autocast],
) -> None:  # fmt: skip
    """Train the text tower alone against the finished image vectors of all crops (as LiT locks the image tower, Zhai
    2022).

    Images are encoded once, so a step costs a tenth and sees four times as many crops.
    """
    size = 4 * batch
    vectors = torch.cat(
        [
            encoder.encode_image(images / 255, masks / 255)
            for images, masks in zip(pool.images.split(1024), pool.masks.split(1024), strict=True)
        ]
    )
    towers = (encoder.text, encoder.text_head, heads.teacher)
    trained = [*(parameter for tower in towers for parameter in tower.parameters()), heads.logit_scale]
    optimiser = torch.optim.AdamW(trained, lr=6e-4, betas=(0.9, 0.98), weight_decay=0.02)
    device = heads.logit_scale.device
    for step in tqdm(range(steps), desc="text tower", unit="step"):
        for group in optimiser.param_groups:
            group["lr"] = 6e-4 * warmup_cosine(step, steps=steps, warmup=50)
        rows = torch.multinomial(facts.weight, size)
        said = [compose(pool.descriptions[i], rng) for i in rows.tolist()]
        extra = torch.randint(len(phrases), (batch,))
        ids = tokenise(said + [phrases[i] for i in extra.tolist()], encoder.config.buckets).to(device)
        with mixed():
            hidden = encoder.text(ids)
            text = F.normalize(encoder.text_head(hidden[:size]).float(), dim=-1)
        learned = F.normalize(heads.teacher(hidden[size:].float()), dim=-1)
        loss = _contrast(text, vectors[rows].to(device), heads.logit_scale, facts, rows)
        loss = loss + 0.5 * (1 - (learned * lessons[extra].to(device)).sum(-1)).mean()
        loss = loss + F.smooth_l1_loss(heads.colour(text), facts.colour[rows].to(device))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)


class _Facts:
    """Targets of every crop of the pool as tensors."""

    def __init__(self, pool: CropPool, label_index: dict[str, int]) -> None:
        described = pool.descriptions
        self.part = torch.tensor([d.part for d in described])
        self.label = torch.tensor([label_index[d.label] for d in described])
        self.pattern = torch.tensor([_KINDS.index(d.pattern) for d in described])
        self.lab = pool.lab
        pairs = zip(pool.images.split(1024), pool.masks.split(1024), strict=True)
        self.statistics = torch.cat([colour_statistics(images / 255, masks / 255) for images, masks in pairs])
        self.colour = torch.stack((pool.lab[:, 0] / 50 - 1, pool.lab[:, 1] / 50, pool.lab[:, 2] / 50), 1)
        # Parts are met evenly on the way: draw by one over the root of how often a label occurs.
        count = self.label.bincount()[self.label].float()
        self.weight = count.rsqrt()


def _step(
    encoder: BuiltinPartEncoder, heads: Heads, pool: CropPool, facts: _Facts, phrases: list[str], lessons: Tensor,
    rng: random.Random, batch: int, mixed: Callable[[], torch.autocast],
) -> dict[str, Tensor]:  # fmt: skip
    device = heads.logit_scale.device
    rows = torch.multinomial(facts.weight, batch)
    said = [compose(pool.descriptions[i], rng) for i in rows.tolist()]
    extra = torch.randint(len(phrases), (batch // 2,))
    ids = tokenise(said + [phrases[i] for i in extra.tolist()], encoder.config.buckets).to(device)
    with mixed():
        hidden = encoder.text(ids)
        text = F.normalize(encoder.text_head(hidden[:batch]).float(), dim=-1)
        images, masks = pool.images[rows].to(device) / 255, pool.masks[rows].to(device) / 255
        image = encoder.embed_image(images, masks, facts.statistics[rows].to(device))
    learned = F.normalize(heads.teacher(hidden[batch:].float()), dim=-1)
    losses = {
        "contrast": _contrast(text, image, heads.logit_scale, facts, rows),
        "teacher": 0.5 * (1 - (learned * lessons[extra].to(device)).sum(-1)).mean(),
    }
    colour, part, pattern = facts.colour[rows].to(device), facts.part[rows].to(device), facts.pattern[rows].to(device)
    losses["colour"] = F.smooth_l1_loss(heads.colour(image), colour) * 2 + F.smooth_l1_loss(heads.colour(text), colour)
    losses["kind"] = 0.15 * (F.cross_entropy(heads.part(image), part) + F.cross_entropy(heads.part(text), part))
    losses["pattern"] = 0.15 * (
        F.cross_entropy(heads.pattern(image), pattern) + F.cross_entropy(heads.pattern(text), pattern)
    )
    return losses


def _contrast(text: Tensor, image: Tensor, logit_scale: Tensor, facts: _Facts, rows: Tensor) -> Tensor:
    """Symmetric InfoNCE; crops that the same words would describe are no negatives of each other."""
    logits = logit_scale.clamp(max=4.6).exp() * text @ image.T
    label, pattern = facts.label[rows], facts.pattern[rows]
    alike = (
        (label[:, None] == label) & (pattern[:, None] == pattern) & (torch.cdist(facts.lab[rows], facts.lab[rows]) < 9)
    )
    alike.fill_diagonal_(False)
    logits = logits.masked_fill(alike.to(logits.device), -30.0)
    target = torch.arange(len(rows), device=logits.device)
    return 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target))


def _save(ema: Ema, config: EncoderConfig, out: Path, progress: Progress) -> None:
    encoder = BuiltinPartEncoder(config)
    encoder.load_state_dict(ema.weights_on_cpu())
    recipe = {"steps": progress.step, "seconds": round(progress.seconds)}
    encoder_id = save_encoder(encoder, out / "encoder.safetensors", recipe=recipe)
    with appearing_whole(out / "encoder.json") as beside:
        beside.write_text(json.dumps({"encoder_id": encoder_id, **recipe}), encoding="utf-8")
