"""What every reader of a folder returns: one record a photo, files by path, nothing decoded yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from ..photos import is_held_out


@dataclass(frozen=True)
class Record:
    """One photo and what lies beside it.

    `source` is how a style memory names it. `group`: photos of the same thing, which are held out together or not at
    all. `tags`: what the photo shows, by the words of CCP, None where nobody said. `facts`: annotations by name.
    `keypoints` [21, 3]: x and y in the photo's pixels, 0 visible, 1 hidden, 2 absent.
    """

    id: str
    source: str
    image: Path
    map: Path | None = None
    fine: Path | None = None
    tags: tuple[str, ...] | None = None
    caption: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    keypoints: Tensor | None = None
    group: str = ""

    @property
    def held_out(self) -> bool:
        """Whether it is for measuring only."""
        return is_held_out(self.group or self.id)


@dataclass(frozen=True)
class Listing:
    """A folder as its reader found it; `absent` names the files of its layout that are not there.

    `fine_labels` say what the indices of finer maps mean. Without any `mapped` photo, all are to be parsed; with some,
    the others are left out.
    """

    root: Path
    layout: str
    records: tuple[Record, ...]
    fine_labels: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def mapped(self) -> bool:
        """Whether it has maps of its own."""
        return any(record.map is not None for record in self.records)
