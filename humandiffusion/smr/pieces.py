"""Crops become rows, some photos at a time; and the rows of all photos a memory."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import torch
import torch.nn.functional as F

from ..encoders.base import PartEncoder
from ..errors import InputError
from ..parts import FACE, NUM_PARTS, PART_NAMES
from .cutting import Crop, Cutter, Faces
from .journal import Piece
from .memory import MemoryItem, StyleMemory, initialise, join, with_image_means
from .preparing import Prepared

BATCH = 256
LEAST_FACES = 8  # different ones in a mean, and none more than that part of it: a mean of few is somebody's face
_ENOUGH_CAPTIONS = 8  # of a part, for a mean of its own


def encoded(photos: Sequence[Prepared], encoder: PartEncoder, faces: Faces) -> Piece:
    """The rows of some photos. With faces as a `mean` they are no rows: their sum is kept, and their ids.

    A photo of which the encoder makes something else than finite numbers is skipped.
    """
    vectors = iter(_items([crop for photo in photos for crop in photo.crops], encoder))
    by_photo = [(photo, list(islice(vectors, len(photo.crops)))) for photo in photos]
    problems = [photo.problem or _unencoded(own) for photo, own in by_photo]
    items = [item for (_, own), problem in zip(by_photo, problems, strict=True) if problem is None for item in own]
    apart = [item for item in items if item.part == FACE and faces == "mean"]
    rows = [item for item in items if item.part != FACE or faces != "mean"]
    total = torch.stack([face.vector for face in apart]).sum(0) if apart else torch.zeros(encoder.dim)
    skipped = [(photo.name, problem) for photo, problem in zip(photos, problems, strict=True) if problem is not None]
    memory = initialise(rows, encoder_id=encoder.encoder_id, mean_text=torch.zeros(encoder.dim))
    return Piece(memory, total, [face.id for face in apart], skipped, len(rows))


def assemble(pieces: Sequence[Piece], encoder: PartEncoder, cutter: Cutter) -> StyleMemory:
    """The memory of all pieces, with one row for the mean of the faces if there are enough, and with the means of both
    modalities. Raises InputError if the encoder cannot do the captions.
    """
    memory = join([piece.memory for piece in pieces] + [_mean_face(pieces, encoder, cutter)])
    if not len(memory):
        return memory
    phrases, by_part = _phrases(memory)
    vectors = torch.cat([encoder.encode_text(phrases[i : i + BATCH]) for i in range(0, len(phrases), BATCH)])
    if not bool(vectors.isfinite().all()):
        phrase = phrases[int((~vectors.isfinite().all(1)).nonzero()[0])]
        raise InputError(
            f"part encoder: got a vector of {phrase!r} that is not all finite numbers; use another encoder"
        )
    mean = vectors.mean(0)
    means = [vectors[own].mean(0) if len(own) >= _ENOUGH_CAPTIONS else mean for own in by_part]
    return with_image_means(replace(memory, mean_text=mean, part_mean_text=torch.stack(means)))


def _items(crops: Sequence[Crop], encoder: PartEncoder) -> list[MemoryItem]:
    """The items with their vectors."""
    items: list[MemoryItem] = []
    for start in range(0, len(crops), BATCH):
        bare, images, masks = zip(*crops[start : start + BATCH], strict=True)
        vectors = encoder.encode_image(torch.stack(images), torch.stack(masks)).float().cpu()
        items += [replace(item, vector=vector) for item, vector in zip(bare, vectors, strict=True)]
    return items


def _unencoded(items: Sequence[MemoryItem]) -> str | None:
    """What is wrong with a photo's vectors, if anything is."""
    parts = [PART_NAMES[item.part] for item in items if not bool(item.vector.isfinite().all())]
    return f"the part encoder's vector of its {parts[0]} is not all finite numbers" if parts else None


def _mean_face(pieces: Sequence[Piece], encoder: PartEncoder, cutter: Cutter) -> StyleMemory:
    """The one row of all faces, if there are enough that no one of them can be known from it."""
    ids = [identity for piece in pieces for identity in piece.faces]
    items = []
    if ids and max(Counter(ids).values()) * LEAST_FACES <= len(ids):
        mean = F.normalize(torch.stack([piece.face_sum for piece in pieces]).double().sum(0), dim=0).float()
        identity = hashlib.sha256("".join(ids).encode()).hexdigest()[:16]
        source = f"{cutter.source}/mean of {len(ids)} faces"
        items = [MemoryItem(identity, mean, FACE, "face", source, cutter.licence, added=cutter.added)]
    return initialise(items, encoder_id=encoder.encoder_id, mean_text=torch.zeros(encoder.dim))


def _phrases(memory: StyleMemory) -> tuple[list[str], list[list[int]]]:
    """The different captions in the order of the alphabet, and which of them each part has."""
    of_parts = [set(memory.captions[memory.rows_of(part)]) for part in range(NUM_PARTS)]
    phrases = sorted(set().union(*of_parts))
    number = {phrase: i for i, phrase in enumerate(phrases)}
    return phrases, [sorted(number[phrase] for phrase in own) for own in of_parts]
