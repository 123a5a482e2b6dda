"""A run on the loop of all runs with a net of a few numbers, for tests that kill, fill disks and use many processes:
`python toy_run.py --data X --out Y ...`. `--ruin STEP` makes the loss of that step no number; `--slow SECONDS` a step.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.utils.data import Dataset

sys.path.insert(0, str(Path(__file__).parents[2]))

from humandiffusion.errors import InputError  # noqa: E402
from humandiffusion.safetensors_io import write_tensors  # noqa: E402
from humandiffusion.training.run import (  # noqa: E402
    Ema,
    Progress,
    add_common_arguments,
    descend,
    endless_loader,
    resume,
    start,
    steps,
)

WIDTH = 64


class Numbers(Dataset[Tensor]):
    """Item i is i, over and over the first hundred."""

    def __getitem__(self, number: int) -> Tensor:
        return torch.tensor(float(number))


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser, steps=10, batch=2)
    parser.add_argument("--ruin", type=int, default=None)
    parser.add_argument("--slow", type=float, default=None)
    args = parser.parse_args(words)
    accelerator = start(args)
    net = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.2), nn.Linear(WIDTH, 1))
    ema, progress = Ema(net, 0.9), Progress(args.out)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    net, optimiser = accelerator.prepare(net, optimiser)
    accelerator.register_for_checkpointing(ema, progress)
    if args.resume:
        resume(accelerator, args.out)
    numbers = iter(endless_loader(Numbers(), args, accelerator, progress))
    shown = args.out / f"shown-{accelerator.process_index}.txt"

    travelled: list[list[int]] = []

    def travel(_: None, bucket: torch.distributed.GradBucket) -> torch.futures.Future[Tensor]:
        """Note at which step and batch gradients go to the other processes."""
        travelled.append([turn.step, turn.part])
        return allreduce_hook(None, bucket)

    if accelerator.num_processes > 1:
        net.register_comm_hook(None, travel)

    def save() -> None:
        write_tensors(args.out / "toy.safetensors", ema.weights_on_cpu())

    for turn in steps(args, accelerator, progress, optimiser, nets=(net,), peak=1e-2, name="toy", save=save):
        some = next(numbers)
        with shown.open("a") as file:
            file.write(json.dumps([turn.step, turn.part, some.tolist()]) + "\n")
        x = torch.randn(len(some), WIDTH) + some[:, None].sin()
        loss = (net(x)[:, 0] - x.mean(1) - torch.rand(len(some), generator=turn.generator())).square().mean()
        if turn.step == args.ruin:
            loss = loss * float("nan")
        descend(accelerator, loss, net, optimiser, clip=1.0)
        if accelerator.sync_gradients:
            ema.update(accelerator.unwrap_model(net))
        progress.losses = {"loss": loss.detach()}
        time.sleep(args.slow or 0)
    if accelerator.num_processes > 1:
        own = {name: parameter.detach() for name, parameter in accelerator.unwrap_model(net).named_parameters()}
        write_tensors(args.out / f"net-{accelerator.process_index}.safetensors", own)
        with (args.out / f"travelled-{accelerator.process_index}.txt").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in travelled)
        group = torch.distributed.distributed_c10d._get_default_group()
        patience = group._get_backend(accelerator.device).options._timeout
        (args.out / f"waits-{accelerator.process_index}.txt").write_text(str(patience.total_seconds()))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
