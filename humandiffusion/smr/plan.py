"""Which crops of a folder's photos go into a memory: real ones, and recoloured ones where colours are missing."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from ..colour import BASIC_COLOURS, CLOTHES_COLOURS, srgb_to_lab
from ..parts import (
    BAG,
    DRESS,
    GARMENTS,
    HAIR,
    HEADWEAR,
    LEGGINGS,
    NECKWEAR,
    OUTER,
    PANTS,
    PART_NAMES,
    PARTS,
    ROMPERS,
    SKIN,
    SKIRT,
    SOCKS,
    TIE,
    TOP,
)  # fmt: skip
from ..training.ccp import CCP_PARTS
from ..training.photos import PhotoSet
from ..training.recolour import PATTERNS

MIN_PIXELS, MIN_PIXELS_ACCESSORY = 150, 24
PATTERN_EVERY = 3
_WITH_PATTERNS = (TOP, OUTER, SKIRT, DRESS, PANTS, LEGGINGS, HEADWEAR, NECKWEAR, BAG, SOCKS, ROMPERS, TIE)
_CONTRAST = 30.0


@dataclass(frozen=True)
class Cut:
    """One crop to make: of which photo (its number in the set), which part, called what; and if it is recoloured, how.

    `colours` holds names of colours of clothes: none for a real crop, one, or two for a cloth with a pattern.
    """

    photo: int
    part: int
    label: str
    colours: tuple[str, ...] = ()
    pattern: str | None = None


def plan_cuts(photos: PhotoSet, *, most: int, recoloured: int, seed: int) -> list[Cut]:
    """At most `most` real crops of a part (half as many of hair and skin), and `recoloured` crops of each part in each
    basic colour (half as many of accessories and hair), or more, until each kind of a part has two of each; a quarter
    as many in each further colour of clothes.

    Kinds are the finest labels that the set has. All are dealt evenly over kinds and photos; the order is by photo.
    """
    there = _parts_of(photos)
    rng = random.Random(seed)
    cuts: list[Cut] = []
    for part in sorted(there):
        kinds = {label: rng.sample(found, len(found)) for label, found in sorted(there[part].items())}
        cuts += _real(part, kinds, most // 2 if part in (HAIR, SKIN) else most)
        if part in GARMENTS or part == HAIR:
            cuts += _recoloured(part, kinds, recoloured if PARTS[part].group == "garment" else -(-recoloured // 2), rng)
    return sorted(cuts, key=lambda cut: cut.photo)


def enough(part: int) -> int:
    """How many pixels of a part a photo must show."""
    return MIN_PIXELS_ACCESSORY if PARTS[part].group == "accessory" else MIN_PIXELS


def finest_label(fine_labels: Sequence[str], fine: Tensor, part: int) -> str:
    """The finest label of most of a part's pixels (indices [N]), if it belongs to the part; else the part's name."""
    label = fine_labels[int(fine.bincount().argmax())]
    return label if CCP_PARTS.get(label) == part else PART_NAMES[part]


def _parts_of(photos: PhotoSet) -> dict[int, dict[str, list[int]]]:
    """Numbers of the photos that show enough of it, by part and label."""
    there: dict[int, dict[str, list[int]]] = {}
    for number, photo_id in enumerate(tqdm(photos.ids, desc="maps", unit="photo")):
        labels, fine = photos.labels(photo_id), photos.fine(photo_id)
        for part, count in enumerate(labels.flatten().bincount(minlength=len(PARTS)).tolist()):
            if count < enough(part):
                continue
            label = PART_NAMES[part] if fine is None else finest_label(photos.fine_labels, fine[labels == part], part)
            there.setdefault(part, {}).setdefault(label, []).append(number)
    return there


def _real(part: int, kinds: dict[str, list[int]], most: int) -> list[Cut]:
    """One of each kind in turn, until there are no more or there are enough."""
    rounds = max(len(found) for found in kinds.values())
    dealt = [Cut(found[i], part, kind) for i in range(rounds) for kind, found in kinds.items() if i < len(found)]
    return dealt[:most]


def _recoloured(part: int, kinds: dict[str, list[int]], each: int, rng: random.Random) -> list[Cut]:
    """`each` of every colour, over all kinds in turn, at least two of each; every third wears a pattern."""
    labels = list(kinds)
    cuts, taken = [], dict.fromkeys(labels, 0)
    for i, colour in enumerate(BASIC_COLOURS if part == HAIR else CLOTHES_COLOURS):
        basic = max(each, 2 * len(labels)) if each else 0
        for turn in range(basic if colour in BASIC_COLOURS else -(-each // 4)):
            label = labels[turn % len(labels)]
            photo = kinds[label][taken[label] % len(kinds[label])]
            taken[label] += 1
            if part in _WITH_PATTERNS and turn % PATTERN_EVERY == PATTERN_EVERY - 1:
                pattern = PATTERNS[(turn // PATTERN_EVERY + i) % len(PATTERNS)]
                cuts.append(Cut(photo, part, label, (colour, rng.choice(_against(colour))), pattern))
            else:
                cuts.append(Cut(photo, part, label, (colour,)))
    return cuts


def _against(colour: str) -> list[str]:
    """The basic colours that a pattern on `colour` is visible in."""
    table = srgb_to_lab(torch.tensor(list(BASIC_COLOURS.values())) / 255)
    own = srgb_to_lab(torch.tensor(CLOTHES_COLOURS[colour]) / 255)
    far = (table - own).norm(dim=1) > _CONTRAST
    return [name for name, visible in zip(BASIC_COLOURS, far.tolist(), strict=True) if visible]
