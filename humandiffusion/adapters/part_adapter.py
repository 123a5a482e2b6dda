"""An adapter as a module: image features to tokens, and tokens to keys and values of each cross-attention."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from .layouts import HEAD_WIDTH, AdapterLayout
from .projection import ImageProjection, MlpProjection, Resampler


class PartAdapter(nn.Module):
    """The weights of one adapter file; `site` numbers its cross-attentions as `mca.sites` does."""

    def __init__(self, layout: AdapterLayout, *, operations: ModuleType | Any = nn, **factory: Any) -> None:
        super().__init__()
        self.layout = layout
        self.image_proj = _projection(layout, operations, factory)
        self.ip_adapter = nn.ModuleDict(
            {
                str(2 * i + 1): _Site(layout.context_width, c, operations, factory)
                for i, c in enumerate(layout.site_widths)
            }
        )

    def tokens(self, features: Tensor) -> Tensor:
        """Tokens [N, T, D] of image embeddings [N, E] (base), or of patch features [N, L, E] (plus, full)."""
        wanted = 2 if self.layout.kind == "base" else 3
        if features.ndim != wanted or features.shape[-1] != self.layout.input_width:
            shape = "[N, {}]" if wanted == 2 else "[N, patches, {}]"
            raise InputError(
                f"adapter: got image features of shape {list(features.shape)}, wanted "
                f"{shape.format(self.layout.input_width)} of {self.layout.tower.name}"
            )
        out: Tensor = self.image_proj(features)
        return out

    def keys_values(self, site: int, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, K, C] of tokens [B, K, D] for a cross-attention of C channels."""
        layers = self.ip_adapter[str(2 * site + 1)]
        return layers.to_k_ip(tokens), layers.to_v_ip(tokens)  # type: ignore[operator]


def load_weights(adapter: Any, tensors: Mapping[str, Tensor], name: str, *, assign: bool = False) -> None:
    """Load a file's tensors, every one of them, into a PartAdapter or an McaAdapter. Raises InputError, with the file's
    `name`, if any does not fit.
    """
    # Compared here, because not every host's layers look at the shapes that they load.
    wanted = type(adapter)(adapter.layout, device=torch.device("meta")).state_dict()
    missing = [key for key in wanted if key not in tensors]
    unknown = [key for key in tensors if key not in wanted]
    other = [key for key in wanted if key in tensors and tensors[key].shape != wanted[key].shape]
    if missing or unknown or other:
        faults = [f"it lacks {missing[0]}"] if missing else []
        faults += [f"{unknown[0]} is not of a {adapter.layout}"] if unknown else []
        faults += [f"{key} is {_size(tensors[key])}, not {_size(wanted[key])}" for key in other[:1]]
        raise InputError(f"adapter {name}: not a whole adapter file ({'; '.join(faults)}); get it anew")
    adapter.load_state_dict(tensors, assign=assign)


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))


class _Site(nn.Module):
    def __init__(self, context: int, channels: int, operations: ModuleType | Any, factory: dict[str, Any]) -> None:
        super().__init__()
        self.to_k_ip = operations.Linear(context, channels, bias=False, **factory)
        self.to_v_ip = operations.Linear(context, channels, bias=False, **factory)


def _projection(layout: AdapterLayout, operations: ModuleType | Any, factory: dict[str, Any]) -> nn.Module:
    read, context = layout.input_width, layout.context_width
    if layout.kind == "base":
        return ImageProjection(read, context, layout.tokens, operations=operations, **factory)
    if layout.kind == "full":
        return MlpProjection(read, context, operations=operations, **factory)
    sizes = {"width": layout.width, "depth": layout.depth, "heads": layout.heads, "head_width": HEAD_WIDTH}
    return Resampler(read, context, layout.tokens, operations=operations, **sizes, **factory)
