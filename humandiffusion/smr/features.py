"""From part prompts to part features: query and refresh for every part that has a phrase or a picture."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from ..parts import BACKGROUND, BODY, NUM_PARTS
from ..prompts import PartPrompt, PartPrompts
from .memory import StyleMemory
from .query import Scope, query
from .refresh import refresh


@dataclass(frozen=True)
class Retrieved:
    """What one part got: rows of the memory with ids, scores (of the search; 1 where locked) and weights, best first.

    `how` is `text`, `image`, `locked` or, for a part of which nothing was said, `prior`.
    """

    part: int
    how: str
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class PartFeatures:
    """What the denoiser aligns: features [B, P, D] (unit vectors, 0 where absent), present [B, P] bool, and their story."""

    features: Tensor
    present: Tensor
    prompts: PartPrompts
    encoder_id: str
    retrieved: tuple[Retrieved, ...] = field(default=())


def retrieve(
    encoder: PartEncoder,
    memory: StyleMemory,
    prompts: PartPrompts,
    *,
    k: int = 4,
    tau: float = 0.05,
    blend: float = 1.0,
    scope: Scope = "part",
    locks: Mapping[int, Sequence[str]] | None = None,
) -> PartFeatures:
    """SMR for one description (B = 1): a phrase asks as text, a reference picture as image; `blend` is refresh's g.

    A part of the body without a phrase takes the memory's prior; the background takes one remembered scene, chosen by the
    sentence, because the mean of many streets is fog. Other parts without a phrase, and those of weight 0, are absent.
    `locks` gives for a part the ids that it must use, equally weighted. Raises InputError.
    """
    memory.check_encoder(encoder.encoder_id)
    if not 0 <= blend <= 1:
        raise InputError(f"blend: got {blend}, wanted 0 (the query itself) to 1 (the memory alone)")
    features, present = torch.zeros(NUM_PARTS, memory.dim), torch.zeros(NUM_PARTS, dtype=torch.bool)
    story: dict[int, Retrieved] = {}

    asked = [p for p in prompts.parts if p.weight > 0 and (p.phrase.strip() or p.image is not None)]
    for by_image in (False, True):
        chosen = [p for p in asked if (p.image is not None) == by_image]
        if not chosen:
            continue
        parts = [p.part for p in chosen]
        q = _encode_pictures(encoder, chosen) if by_image else encoder.encode_text([p.phrase for p in chosen])
        hits = query(memory, q, parts, modality="image" if by_image else "text", k=k, tau=tau, scope=scope)
        features[parts], present[parts] = refresh(memory, q, hits, blend), True
        for i, part in enumerate(parts):
            story[part] = _told(
                memory, part, "image" if by_image else "text", hits.rows[i], hits.scores[i], hits.weights[i]
            )

    for part, ids in (locks or {}).items():
        if not ids or part in prompts.absent:
            continue
        rows = torch.tensor([memory.row_of(item) for item in ids])
        features[part], present[part] = F.normalize(memory.vectors[rows].float().mean(0), dim=0), True
        story[part] = _told(
            memory, part, "locked", rows, torch.ones(len(rows)), torch.full((len(rows),), 1 / len(rows))
        )

    silenced = {p.part for p in prompts.parts if p.weight == 0} | set(prompts.absent)
    for part in (*BODY, BACKGROUND):
        if part in story or part in silenced:
            continue
        row = _scene(memory, prompts.sentence) if part == BACKGROUND else None
        prior = memory.prior(part) if row is None else memory.vectors[row].float()
        if prior is not None:
            features[part], present[part] = prior, True
            rows = torch.tensor([] if row is None else [row], dtype=torch.long)
            story[part] = _told(memory, part, "prior", rows, torch.ones(len(rows)), torch.ones(len(rows)))

    told = tuple(story[part] for part in sorted(story))
    return PartFeatures(features[None], present[None], prompts, encoder.encoder_id, told)


def _encode_pictures(encoder: PartEncoder, prompts: Sequence[PartPrompt]) -> Tensor:
    """Image queries [M, D] of reference pictures [H, W, 3], each inside its mask if it has one."""
    crops = []
    for prompt in prompts:
        picture = prompt.image
        assert picture is not None
        image = picture[..., :3].movedim(-1, 0).float().clamp(0, 1)
        mask = torch.ones(image.shape[1:], dtype=torch.bool) if prompt.mask is None else prompt.mask > 0.5
        if not bool(mask.any()):
            raise InputError("reference image: its mask is empty; wanted at least one pixel of the part")
        crops.append(cut_mask(image, mask))
    images, masks = zip(*crops, strict=True)
    return encoder.encode_image(torch.stack(images), torch.stack(masks))


def _scene(memory: StyleMemory, sentence: str) -> int | None:
    """One row of the background's, the same for the same sentence."""
    rows = memory.rows_of(BACKGROUND)
    count = rows.stop - rows.start
    return rows.start + int(hashlib.sha256(sentence.encode()).hexdigest(), 16) % count if count else None


def _told(memory: StyleMemory, part: int, how: str, rows: Tensor, scores: Tensor, weights: Tensor) -> Retrieved:
    found = (rows >= 0).nonzero()[:, 0]
    return Retrieved(
        part,
        how,
        tuple(memory.ids[i] for i in rows[found].tolist()),
        tuple(round(s, 4) for s in scores[found].tolist()),
        tuple(round(w, 4) for w in weights[found].tolist()),
    )
