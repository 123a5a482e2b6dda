"""Training MCA for a frozen Stable Diffusion 1.5 or SDXL: what Apply MCA loads beside an artist's checkpoint.

The adapter (`adapters.mca_adapter`) learns on photos and their maps what the native denoiser learns: to paint a photo
from its own parts' refreshed features, here as the noise that the frozen U-Net and it predict together.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from ..adapters.mca_adapter import McaAdapter, begin_at_zero
from ..adapters.mca_io import save_mca_adapter
from ..adapters.mca_layout import McaLayout
from ..cli.common import whole_number
from ..encoders.load import load_encoder
from ..errors import InputError
from ..mca.diffusers_attention import align
from ..parts import NUM_PARTS
from ..smr.io import load_memory
from ..smr.memory import StyleMemory
from .data.photo_data import Found
from .options import add_checkpointing_argument
from .refreshed import refreshed
from .run import Ema, Progress, add_common_arguments, crew_of, descend, resume, start, steps, training_data
from .sd_adapter_sheet import adapter_sheet
from .sd_base import SIZES, FrozenBase, load_base
from .sd_examples import SdExamples, draw_batch, kept_examples
from .sd_student import Schedule, Student, denoising_loss

NO_MEMORY = "none"
FILE = "sd-adapter.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train sd-adapter`."""
    add_common_arguments(parser, steps=20_000, batch=8)
    add_checkpointing_argument(parser)
    parser.add_argument(
        "--base", type=Path, required=True, help="folder of diffusers with a Stable Diffusion 1.5 or SDXL; stays frozen"
    )
    parser.add_argument(
        "--encoder", default="builtin", help="part encoder: builtin, a .safetensors file, or the folder of a CLIP"
    )
    parser.add_argument(
        "--memory", default="builtin", help="style memory: builtin, a .safetensors file, or none (default %(default)s)"
    )
    parser.add_argument(
        "--variants", type=whole_number(1), default=4, help="pictures made of each photo (default %(default)s)"
    )
    parser.add_argument("--width", type=whole_number(8), default=512, help="of a part token (default %(default)s)")
    parser.add_argument(
        "--samples", type=whole_number(0), default=4, help="pictures on the sample sheet (default %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Train; `sd-adapter.safetensors` (the average) and a sample sheet appear in `args.out` as it goes."""
    base = load_base(args.base)
    args.size = args.size or SIZES[base.family]
    encoder, memory = load_encoder(args.encoder), None if args.memory == NO_MEMORY else load_memory(args.memory)
    if memory is not None and memory.encoder_id != encoder.encoder_id:
        raise InputError(
            f"--memory: made with encoder {memory.encoder_id}, --encoder is {encoder.encoder_id}; give a pair, or none"
        )
    accelerator = start(args)
    found = training_data(args, accelerator, multiple=base.grid)
    base.freeze(accelerator.device, _frozen_dtype(accelerator))
    examples = kept_examples(
        args.cache or args.out / "cache", found.train, base, encoder,
        count=args.variants, seed=args.seed, workers=args.workers, crew=crew_of(accelerator),
    )  # fmt: skip
    features, priors = _features(examples, memory, found), _priors(memory, encoder.dim)

    torch.manual_seed(args.seed)  # the first weights do not depend on what was in the cache
    adapter = McaAdapter(base.layout(encoder.dim, encoder.encoder_id, args.width))
    begin_at_zero(adapter)
    if args.checkpointing:
        base.unet.enable_gradient_checkpointing()
        base.unet.train()  # no dropout in it; only so is anything checkpointed
    ema, progress, peak = Ema(adapter, 0.999), Progress(args.out), args.lr or 1e-4
    optimiser = torch.optim.AdamW(adapter.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01)
    with align(base.unet, None, architecture=base.architecture) as alignment:
        student, optimiser = accelerator.prepare(Student(adapter, base.unet, alignment), optimiser)
        accelerator.register_for_checkpointing(ema, progress)
        if args.resume:
            resume(accelerator, args.out)
        schedule = Schedule(base.pipeline.scheduler.config, accelerator.device)
        sheet = partial(adapter_sheet, base, found.samples.first(args.samples), encoder, memory, alignment)
        save = partial(_save, ema, adapter.layout, base, args, progress, sheet)
        nets = (student,)
        for turn in steps(args, accelerator, progress, optimiser, nets=nets, peak=peak, name="sd-adapter", save=save):
            batch, captions = draw_batch(examples, features, priors, args.batch, turn.generator())
            batch = {name: tensor.to(accelerator.device) for name, tensor in batch.items()}
            prompt, added = base.read(captions, args.size)
            with accelerator.autocast():
                loss = denoising_loss(student, batch, schedule, prompt, added)
            descend(accelerator, loss, student, optimiser, clip=1.0)
            if accelerator.sync_gradients:
                ema.update(accelerator.unwrap_model(student).adapter)
            progress.losses = {"loss": loss.detach()}


def _frozen_dtype(accelerator: Accelerator) -> torch.dtype:
    """Half precision where the U-Net computes in it anyway; a CPU is faster with float32."""
    halves = {"bf16": torch.bfloat16, "fp16": torch.float16}
    return (
        halves.get(accelerator.mixed_precision, torch.float32) if accelerator.device.type == "cuda" else torch.float32
    )


def _features(examples: SdExamples, memory: StyleMemory | None, found: Found) -> Tensor:
    """Image queries and their refreshed twins [N, 2, P, D]; without a memory they are their own twins."""
    if memory is None:
        return torch.stack((examples.made.queries, examples.made.queries), 1)
    return refreshed(examples.made, memory, found.train)


def _priors(memory: StyleMemory | None, dim: int) -> Tensor:
    """The memory's prior for each part [P, D], 0 where it has none."""
    rows = [None if memory is None else memory.prior(part) for part in range(NUM_PARTS)]
    return torch.stack([torch.zeros(dim) if row is None else row.float() for row in rows])


def _save(
    ema: Ema,
    layout: McaLayout,
    base: FrozenBase,
    args: argparse.Namespace,
    progress: Progress,
    sheet: Callable[[McaAdapter, Path], None],
) -> None:
    average = McaAdapter(layout)
    average.load_state_dict(ema.weights_on_cpu())
    memory = None if args.memory == NO_MEMORY else str(args.memory)
    save_mca_adapter(args.out / FILE, average, base=base.name, steps=progress.step, memory=memory)
    if args.samples:
        sheet(average.eval(), args.out / "sheet.png")
