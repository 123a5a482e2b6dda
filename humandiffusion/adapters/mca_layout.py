"""Sizes and origin of an MCA adapter: our own weights for a frozen Stable Diffusion, `humandiffusion train sd-adapter`.

A file of ours says in its header what it is (`safetensors_io.write_model`), where published ones are told by their
tensors (`layouts`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from ..errors import InputError
from .layouts import FAMILY_NAMES, Family

KIND = "mca-adapter"


@dataclass(frozen=True)
class McaLayout:
    """All sizes of an adapter, and the part encoder whose features it reads.

    `site_widths` are the channels of the U-Net's cross-attentions, numbered as `mca.sites` does; `level_widths` those
    of its levels on the way down, the finest first. `width` is that of a part token. Raises InputError for anything
    that cannot be.
    """

    family: Family
    context_width: int
    site_widths: tuple[int, ...]
    level_widths: tuple[int, ...]
    feature_dim: int
    encoder_id: str
    width: int = 512
    heads: int = 8

    def __post_init__(self) -> None:
        sizes = (self.context_width, self.feature_dim, self.width, self.heads, *self.site_widths, *self.level_widths)
        whole = all(isinstance(size, int) and 0 < size < 2**20 for size in sizes)
        if self.family not in get_args(Family) or not whole or not self.site_widths or not self.level_widths:
            raise InputError(f"adapter: sizes {self} cannot be; get the file anew")
        if self.width % self.heads:
            raise InputError(f"adapter: got tokens of {self.width}, wanted a multiple of the {self.heads} heads")

    @property
    def kind(self) -> str:
        """As `AdapterLayout.kind`."""
        return "mca"

    @property
    def sites(self) -> int:
        """How many cross-attentions there are weights for."""
        return len(self.site_widths)

    def about(self) -> dict[str, Any]:
        """The sizes as they stand in a file's header."""
        return asdict(self)

    def __str__(self) -> str:
        return f"MCA adapter for {FAMILY_NAMES[self.family]} and the part encoder {self.encoder_id}"


def read_layout(about: Mapping[str, Any], name: str) -> McaLayout:
    """The layout in a header. Raises InputError, with the file's `name`, if anything is missing or cannot be."""
    try:
        given = {field: about[field] for field in McaLayout.__dataclass_fields__}
        for field in ("site_widths", "level_widths"):
            given[field] = tuple(given[field])
        return McaLayout(**given)
    except (KeyError, TypeError, InputError) as error:
        raise InputError(f"adapter {name}: not a whole MCA adapter ({error}); get it anew") from None
