"""A folder of photos with part maps: `images/ID.jpg`, `parsing/ID.png`, `index.json` and, if there, finer
`labels59/ID.png`.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import InputError

HELD_OUT_EVERY = 10


class Photos(Protocol):
    """What training asks of photos: those of one folder (`PhotoSet`), or of many (`data.photo_data.PhotoData`)."""

    @property
    def ids(self) -> tuple[str, ...]: ...

    @property
    def fine_labels(self) -> tuple[str, ...]: ...

    def source(self, photo_id: str) -> str: ...

    def photo(self, photo_id: str) -> tuple[Tensor, Tensor]: ...

    def fine(self, photo_id: str) -> Tensor | None: ...


def is_held_out(photo_id: str) -> bool:
    """The rule for every model, memory and table: photos with sha256(id) mod 10 = 0 are for measuring only."""
    return int(hashlib.sha256(photo_id.encode()).hexdigest(), 16) % HELD_OUT_EVERY == 0


@dataclass(frozen=True)
class PhotoSet:
    """The photos of one folder, in the index's order, without or (`held_out`) only with those kept for measuring."""

    root: Path
    held_out: bool = False
    limit: int | None = None
    ids: tuple[str, ...] = field(init=False)
    fine_labels: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        index = self.root / "index.json"
        if not index.is_file():
            raise InputError(
                f"--data: {self.root} holds no index.json; wanted a folder with images/, parsing/ and index.json"
            )
        content = json.loads(index.read_text(encoding="utf-8"))
        every = [str(record["id"]) for record in content["records"]]
        chosen = [i for i in every if is_held_out(i) == self.held_out][: self.limit]
        if not chosen:
            raise InputError(f"--data: {index} lists no photo for this use; wanted at least one")
        object.__setattr__(self, "ids", tuple(chosen))
        object.__setattr__(self, "fine_labels", tuple(content.get("labels59", ())))

    def source(self, photo_id: str) -> str:
        """How a style memory names a photo: `FOLDER/ID`."""
        return f"{self.root.name}/{photo_id}"

    def photo(self, photo_id: str) -> tuple[Tensor, Tensor]:
        """sRGB uint8 [3, H, W] and part indices uint8 [H, W]."""
        return self.image(photo_id), self.labels(photo_id)

    def image(self, photo_id: str) -> Tensor:
        """sRGB uint8 [3, H, W]."""
        with Image.open(self.root / "images" / f"{photo_id}.jpg") as picture:
            return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).contiguous()

    def labels(self, photo_id: str) -> Tensor:
        """Part indices uint8 [H, W]."""
        return self._indexed("parsing", photo_id)

    def fine(self, photo_id: str) -> Tensor | None:
        """Indices into `fine_labels`, uint8 [H, W], if the folder has them."""
        return self._indexed("labels59", photo_id) if self.fine_labels else None

    def _indexed(self, folder: str, photo_id: str) -> Tensor:
        with Image.open(self.root / folder / f"{photo_id}.png") as picture:
            return torch.from_numpy(np.array(picture)).contiguous()
