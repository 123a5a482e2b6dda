"""Less memory for more time: blocks that are computed again in the backward."""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint

from ..mca.maa import MAA
from ..models.blocks import ResBlock, SelfAttention, SpadeBlock

BLOCKS: tuple[type[nn.Module], ...] = (ResBlock, SpadeBlock, SelfAttention, MAA)


def lighten(model: nn.Module, blocks: tuple[type[nn.Module], ...] = BLOCKS) -> None:
    """From now on the `blocks` of `model` keep their inputs alone for the backward (Chen et al. 2016). Results are the
    same.
    """
    for module in model.modules():
        if isinstance(module, blocks):
            module.forward = _again(module.forward)  # type: ignore[method-assign]


def _again(forward: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)

    return run
