"""Part crops to train the encoder with: real ones and many recoloured, patterned and shifted copies of each."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..colour import HAIR_COLOURS, SKIN_TONES, median_lab, nearest_names, srgb_to_lab
from ..encoders.builtin import CROP_SIZE
from ..encoders.crops import cut_mask
from ..parts import BACKGROUND, FACE, HAIR, PART_NAMES, SKIN
from .ccp import CCP_PARTS
from .photos import Photos
from .phrases import Description
from .recolour import PATTERNS, Cloth, dress
from .xkcd import held_out_colours

CUT_SIZE = 128
MIN_PIXELS = 120
_BODY_PARTS = (BACKGROUND, HAIR, FACE, SKIN)


@dataclass(frozen=True)
class CropPool:
    """Crops uint8 [N, 3, S, S], masks uint8 [N, 1, S, S], their median Lab [N, 3] and what is known of each."""

    images: Tensor
    masks: Tensor
    lab: Tensor
    descriptions: list[Description]


_NOTHING = CropPool(
    torch.empty(0, 3, CROP_SIZE, CROP_SIZE, dtype=torch.uint8),
    torch.empty(0, 1, CROP_SIZE, CROP_SIZE, dtype=torch.uint8),
    torch.empty(0, 3),
    [],
)


def cut_photo(photos: Photos, photo_id: str, size: int) -> list[tuple[int, str, Tensor, Tensor]]:
    """(part, label, crop [3, S, S] 0..1, mask [1, S, S]) of every part; garments by the finest labels that there
    are.
    """
    picture, labels = photos.photo(photo_id)
    image, fine = picture.float() / 255, photos.fine(photo_id)
    cuts = []
    for part in torch.unique(labels).tolist():
        mask = labels == part
        if fine is None or part in _BODY_PARTS:
            regions = {PART_NAMES[part]: mask}
        else:
            kinds = torch.unique(fine[mask]).tolist()
            regions = {photos.fine_labels[kind]: mask & (fine == kind) for kind in kinds}
        for label, region in regions.items():
            if int(region.sum()) >= MIN_PIXELS and CCP_PARTS.get(label, part) == part:
                cuts.append((part, label, *cut_mask(image, region, size)))
    return cuts


def colour_words(part: int, lab: Tensor, colours: dict[str, tuple[int, int, int]]) -> tuple[str, ...]:
    """Names for a part of median colour `lab` [3], likeliest first: those of hair or skin where one fits, then
    `colours`.
    """
    own = {HAIR: HAIR_COLOURS, SKIN: SKIN_TONES}.get(part, {})
    names = tuple(nearest_names(lab[None], colours, 4)[0])
    if own:
        first = nearest_names(lab[None], own)[0][0]
        if float((srgb_to_lab(torch.tensor(own[first]) / 255) - lab).norm()) < 20:
            return first, *names
    return names


def words_to_learn(part: int, lab: Tensor, colours: dict[str, tuple[int, int, int]]) -> tuple[str, ...]:
    """`colour_words` without the names that are kept out of training: one of them is what people call a skin."""
    kept_out = held_out_colours()
    return tuple(name for name in colour_words(part, lab, colours) if name not in kept_out)


def pools_of(
    photos: Photos,
    rows: Sequence[int],
    colours: dict[str, tuple[int, int, int]],
    copies: int,
    seed: int,
    workers: int,
) -> Iterator[CropPool]:
    """The crops of each photo in `rows`, in order: every crop as it is, and `copies` changed copies of each, named with
    `colours` (sRGB 0..255). They depend on the photo and `seed` alone.
    """
    loader = DataLoader(_Variants(photos, rows, colours, copies, seed), batch_size=None, num_workers=workers)
    for pool in tqdm(loader, desc="crops", unit="photo"):
        # Cloned, because a tensor from a worker holds a file descriptor open for as long as it lives.
        yield CropPool(pool.images.clone(), pool.masks.clone(), pool.lab.clone(), pool.descriptions)


def join(pools: list[CropPool]) -> CropPool:
    """One pool of all."""
    return CropPool(
        torch.cat([pool.images for pool in pools]),
        torch.cat([pool.masks for pool in pools]),
        torch.cat([pool.lab for pool in pools]),
        [description for pool in pools for description in pool.descriptions],
    )


class _Variants(Dataset[CropPool]):
    def __init__(
        self,
        photos: Photos,
        rows: Sequence[int],
        colours: dict[str, tuple[int, int, int]],
        copies: int,
        seed: int,
    ) -> None:
        self.photos, self.rows, self.colours, self.copies, self.seed = photos, rows, colours, copies, seed
        self.names = list(colours)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> CropPool:
        photo_id = self.photos.ids[self.rows[number]]
        rng = random.Random(f"{self.seed} {photo_id}")
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        rows = []
        for part, label, image, mask in cut_photo(self.photos, photo_id, CUT_SIZE):
            inside = mask[0] > 0.5
            if not bool(inside.any()):
                continue
            rows.append(self._row(part, label, image, mask, None, None))
            for _ in range(self.copies if part != BACKGROUND else 1):
                cloth, second = self._cloth(part, rng)
                changed = dress(image, inside, cloth, generator) if cloth else image
                rows.append(self._row(part, label, *_jitter(changed, mask, rng), cloth, second))
        return join(rows) if rows else _NOTHING

    def _cloth(self, part: int, rng: random.Random) -> tuple[Cloth | None, str]:
        if part in (BACKGROUND, FACE, SKIN) or rng.random() < 0.12:
            return None, ""
        first, second = rng.sample(self.names, 2)
        pattern = rng.choice(PATTERNS) if part != HAIR and rng.random() < 0.25 else None
        gap = srgb_to_lab(torch.tensor([self.colours[first], self.colours[second]]) / 255).diff(dim=0).norm()
        if pattern and gap < 30:
            second = "black" if sum(self.colours[first]) > 380 else "white"
        return Cloth(_unit(self.colours[first]), pattern, _unit(self.colours[second])), second

    def _row(
        self, part: int, label: str, image: Tensor, mask: Tensor, cloth: Cloth | None, second: str | None
    ) -> CropPool:
        inside = mask[0] > 0.5
        lab = median_lab(image, inside)
        if cloth is not None and cloth.pattern is not None:
            lab = srgb_to_lab(torch.tensor(cloth.colour))
        pattern = cloth.pattern if cloth else None
        names = words_to_learn(part, lab, self.colours)
        image, mask = _shrink(image), _shrink(mask)
        description = Description(part, label, names, pattern, second if pattern and second else "", cloth is None)
        return CropPool(_bytes(image)[None], _bytes(mask)[None], lab[None], [description])


def _jitter(image: Tensor, mask: Tensor, rng: random.Random) -> tuple[Tensor, Tensor]:
    """Mirror, shift and scale a crop a little; white comes in from outside."""
    zoom, flip = rng.uniform(0.9, 1.15), rng.choice((-1.0, 1.0))
    theta = torch.tensor([[[flip * zoom, 0.0, rng.uniform(-0.06, 0.06)], [0.0, zoom, rng.uniform(-0.06, 0.06)]]])
    stack = torch.cat((1 - image, mask))[None]
    grid = F.affine_grid(theta, list(stack.shape), align_corners=False)
    moved = F.grid_sample(stack, grid, align_corners=False)[0]
    if float(moved[3].amax()) < 0.6:
        return image, mask
    return (1 - moved[:3]).clamp(0, 1), moved[3:].clamp(0, 1)


def _shrink(picture: Tensor) -> Tensor:
    return F.interpolate(picture[None], (CROP_SIZE, CROP_SIZE), mode="bilinear", antialias=True, align_corners=False)[0]


def _bytes(picture: Tensor) -> Tensor:
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)


def _unit(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255
