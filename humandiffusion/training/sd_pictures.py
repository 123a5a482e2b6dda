"""Pictures for an adapter of Stable Diffusion: a photo and variants of it, what their maps and parts are, and a
sentence about each.
"""

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..colour import srgb_to_lab
from ..encoders.base import PartEncoder
from ..encoders.crops import cut_parts
from ..mca.coverage import PICTURE_SCALE
from ..parts import GARMENTS, HAIR, NUM_PARTS, PARTS
from ..pose.occupancy import occupancy
from ..smr.captions import caption
from .data.photo_data import PhotoData
from .variants import vary

PLAIN = "a photo of a person"
_LEAST_SHARE = 0.002  # of the picture: smaller parts are not worth a word


class Pictures(Dataset[dict[str, object]]):
    """`count` pictures of each photo in `rows`, the first as it is: `pictures` uint8 [count, 3, H, W], `occupancy`,
    `queries` and `captions`. They depend on the photo and `seed` alone.
    """

    def __init__(self, photos: PhotoData, rows: Sequence[int], encoder: PartEncoder, count: int, seed: int) -> None:
        self.photos, self.rows, self.encoder, self.count, self.seed = photos, rows, encoder, count, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> dict[str, object]:
        if torch.utils.data.get_worker_info():
            torch.set_num_threads(1)
        photo_id = self.photos.ids[self.rows[number]]
        rng = random.Random(f"{self.seed} {photo_id}")
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        picture, labels = self.photos.photo(photo_id)
        image = picture.float() / 255
        told = self.photos.records[photo_id].caption or sentence_of(image, labels)
        rows = [(image, labels, told)]
        for _ in range(self.count - 1):
            other, map_ = vary(image, labels, rng, generator)
            rows.append((other, map_, sentence_of(other, map_)))
        seen = [seen_in(one, map_, self.encoder) for one, map_, _ in rows]
        return {
            "pictures": torch.stack([(one * 255).round().byte() for one, _, _ in rows]),
            "occupancy": torch.stack([shares for shares, _ in seen]),
            "queries": torch.stack([queries for _, queries in seen]),
            "captions": [told for _, _, told in rows],
        }


def seen_in(image: Tensor, labels: Tensor, encoder: PartEncoder) -> tuple[Tensor, Tensor]:
    """Of a photo [3, H, W] (sRGB 0..1) and its map: occupancy uint8 [P, H / 8, W / 8] in 255ths, and the image queries
    of its parts fp16 [P, D], 0 where there is none.
    """
    height, width = labels.shape
    shares = occupancy(labels[None], (height // PICTURE_SCALE, width // PICTURE_SCALE))[0]
    crops = cut_parts(image, labels, encoder.crop_size)
    queries = torch.zeros(NUM_PARTS, encoder.dim, dtype=torch.float16)
    queries[crops.parts] = encoder.encode_image(crops.images, crops.masks).half().cpu()
    return (shares * 255).round().to(torch.uint8), queries


def sentence_of(image: Tensor, labels: Tensor) -> str:
    """A sentence about a photo [3, H, W] (sRGB 0..1) with the map [H, W]: its hair and garments, in measured words."""
    lab = srgb_to_lab(image.movedim(0, -1)).movedim(-1, 0)
    phrases = {}
    for part in torch.unique(labels).tolist():
        mask = labels == part
        if part in (*GARMENTS, HAIR) and float(mask.float().mean()) >= _LEAST_SHARE:
            phrases[part] = caption(lab, mask, part, PARTS[part].name)
    worn = ", ".join(phrase for part, phrase in phrases.items() if part != HAIR)
    hair = f" with {phrases[HAIR]}" if HAIR in phrases else ""
    return f"{PLAIN}{hair}{f' wearing {worn}' if worn else ''}"
