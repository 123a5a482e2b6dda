"""Which published IP-Adapter a file is, read off the names and shapes of its tensors.

image_proj.*                      the projection of the image feature to tokens; its names tell the kind
ip_adapter.{1,3,5,...}.to_k_ip    keys and values of each cross-attention: all of the way down, all of the way up,
ip_adapter.{1,3,5,...}.to_v_ip    then the middle (the even numbers are self-attentions, which have nothing)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ..errors import InputError
from .strangers import stranger
from .towers import TOWERS, Tower

Family = Literal["sd15", "sdxl"]
Kind = Literal["base", "plus", "full"]
FAMILIES: dict[int, Family] = {768: "sd15", 2048: "sdxl"}  # by the width of the text tokens
FAMILY_NAMES: dict[Family, str] = {"sd15": "SD 1.5", "sdxl": "SDXL"}
HEAD_WIDTH = 64  # of the resampler's attention
_FULL_TOKENS = 257  # one for each patch of 14 x 14 of a picture of 224 x 224, and one for the whole
_KEY, _VALUE = "ip_adapter.{}.to_k_ip.weight", "ip_adapter.{}.to_v_ip.weight"


@dataclass(frozen=True)
class AdapterLayout:
    """All sizes of an adapter.

    `kind` base takes the tower's image embedding and gives a few tokens (light has the same layout); plus and full take
    the patch features before the tower's last layer and give `tokens` from a resampler, or one for each patch. The last
    three are the resampler's. `site_widths` are the channels of the cross-attentions, in the file's order.
    """

    family: Family
    kind: Kind
    tower: Tower
    tokens: int
    context_width: int
    site_widths: tuple[int, ...]
    width: int = 0
    depth: int = 0
    heads: int = 0

    @property
    def sites(self) -> int:
        """How many cross-attentions there are weights for."""
        return len(self.site_widths)

    @property
    def input_width(self) -> int:
        """Length of the vectors that the projection takes."""
        return self.tower.embedding if self.kind == "base" else self.tower.hidden

    def __str__(self) -> str:
        return f"{self.kind} IP-Adapter for {FAMILY_NAMES[self.family]} and {self.tower.name}"


def read_adapter(tensors: Mapping[str, Tensor], name: str) -> AdapterLayout:
    """The layout of a file's tensors. Raises InputError, with `name`, for a file of any other kind, or a torn one."""
    other = stranger(tensors)
    if other:
        raise _refusal(name, other)
    widths = _site_widths(tensors, name)
    try:
        if "image_proj.proj.weight" in tensors:
            return _base(tensors, name, widths)
        if "image_proj.proj.3.weight" in tensors:
            return _full(tensors, name, widths)
        if "image_proj.latents" in tensors:
            return _plus(tensors, name, widths)
    except (KeyError, IndexError, ValueError) as error:
        raise _torn(name, f"it lacks {error}") from None
    raise _refusal(name, "weights of another kind")


def _base(tensors: Mapping[str, Tensor], name: str, widths: tuple[int, ...]) -> AdapterLayout:
    rows, embedding = tensors["image_proj.proj.weight"].shape
    context = len(tensors["image_proj.norm.weight"])
    tower = _tower(name, embedding, "embedding")
    return AdapterLayout(_family(name, context), "base", tower, rows // context, context, widths)


def _full(tensors: Mapping[str, Tensor], name: str, widths: tuple[int, ...]) -> AdapterLayout:
    context = len(tensors["image_proj.proj.3.weight"])
    tower = _tower(name, tensors["image_proj.proj.0.weight"].shape[1], "hidden")
    return AdapterLayout(_family(name, context), "full", tower, _FULL_TOKENS, context, widths)


def _plus(tensors: Mapping[str, Tensor], name: str, widths: tuple[int, ...]) -> AdapterLayout:
    _, tokens, width = tensors["image_proj.latents"].shape
    context = len(tensors["image_proj.norm_out.weight"])
    tower = _tower(name, tensors["image_proj.proj_in.weight"].shape[1], "hidden")
    depth = 1 + max(int(key.split(".")[2]) for key in tensors if key.startswith("image_proj.layers."))
    heads = tensors["image_proj.layers.0.0.to_q.weight"].shape[0] // HEAD_WIDTH
    family = _family(name, context)
    return AdapterLayout(family, "plus", tower, tokens, context, widths, width=width, depth=depth, heads=heads)


def _site_widths(tensors: Mapping[str, Tensor], name: str) -> tuple[int, ...]:
    count = sum(key.startswith("ip_adapter.") and key.endswith(".to_k_ip.weight") for key in tensors)
    if not count:
        raise _refusal(name, "weights of another kind")
    keys = [_KEY.format(2 * site + 1) for site in range(count)]
    missing = [key for key in keys if key not in tensors]
    if missing:
        raise _torn(name, f"it lacks {missing[0]}")
    return tuple(tensors[key].shape[0] for key in keys)


def _family(name: str, context: int) -> Family:
    if context not in FAMILIES:
        kind = {1024: "an IP-Adapter for Stable Diffusion 2"}.get(context, f"an IP-Adapter for {context} wide tokens")
        raise _refusal(name, kind)
    return FAMILIES[context]


def _tower(name: str, width: int, what: Literal["embedding", "hidden"]) -> Tower:
    found = next((tower for tower in TOWERS if getattr(tower, what) == width), None)
    if found is None:
        towers = ", ".join(f"{tower.name} ({getattr(tower, what)})" for tower in TOWERS)
        raise _refusal(name, f"an adapter for an image encoder of width {width}, which is none of {towers}")
    return found


def _refusal(name: str, got: str) -> InputError:
    return InputError(
        f"adapter {name}: got {got}, wanted an IP-Adapter of the base, light, plus, plus-face or full-face layout for "
        "SD 1.5 or SDXL; choose another file"
    )


def _torn(name: str, why: str) -> InputError:
    return InputError(f"adapter {name}: not a whole IP-Adapter file ({why}); get it anew")
