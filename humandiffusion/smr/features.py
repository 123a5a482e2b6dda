"""From part prompts to part features: query and refresh for every part that has a phrase or a picture."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from ..parts import BACKGROUND, BODY, FACE, GARMENTS, NUM_PARTS, PART_NAMES
from ..prompts import PartPrompt, PartPrompts
from .memory import StyleMemory
from .query import Hits, Modality, Scope, query
from .refresh import refresh


@dataclass(frozen=True)
class Retrieved:
    """What one part got: ids, captions, scores (of the search; 1 where there was none) and weights of rows, best first.

    `how` is `text`, `image`, `locked` or, for a part of which nothing was said, `prior`. `elsewhere`: the memory holds
    no garment of this part, so those of all other parts were searched. `thumbnail` is that of the best row, uint8
    [t, t, 3], if the memory keeps any; of a face none does.
    """

    part: int
    how: str
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    weights: tuple[float, ...]
    captions: tuple[str, ...] = ()
    elsewhere: bool = False
    thumbnail: Tensor | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class PartFeatures:
    """What the denoiser aligns: features [B, P, D] (unit vectors, 0 where absent), present [B, P] bool; their story.

    `negative` holds what guidance steers away from, where a prompt says what its part must not look like. `norm` is the
    usual length of the encoder's image vectors before they were made unit vectors.
    """

    features: Tensor
    present: Tensor
    prompts: PartPrompts
    encoder_id: str
    retrieved: tuple[Retrieved, ...] = field(default=())
    negative: "PartFeatures | None" = None
    norm: float = 1.0

    @property
    def counts(self) -> Tensor:
        """[B, P] float in 0..1: how far each part counts. 0 where it is absent, else its prompt's weight, at most 1."""
        weights = torch.ones(self.present.shape[1])
        for prompt in self.prompts.parts:
            weights[prompt.part] = min(prompt.weight, 1.0)
        return self.present * weights.to(self.present.device)


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

    `locks` gives for a part the ids that it must use, equally weighted, in place of what a search would find. A garment
    of whose part the memory holds nothing is looked for among those of all other parts; any other such part keeps its
    query. Without phrase (words of the person alone, "skin of a man", are none), picture or lock, a part of the body
    takes the memory's prior and the background one scene, chosen by the sentence, because the mean of many streets is
    fog; all else is absent. So is a part of weight 0, and one that the sentence denies. With blend 0 every query comes
    out as it is. Raises InputError.
    """
    memory.check_encoder(encoder.encoder_id)
    if not 0 <= blend <= 1:
        raise InputError(f"blend: got {blend}, wanted 0 (the query itself) to 1 (the memory alone)")
    locked = {part: _locked(memory, part, ids) for part, ids in (locks or {}).items() if ids}
    silenced = {p.part for p in prompts.parts if p.weight == 0} | set(prompts.absent)
    features, present = torch.zeros(NUM_PARTS, memory.dim), torch.zeros(NUM_PARTS, dtype=torch.bool)
    story: dict[int, Retrieved] = {}

    for modality, chosen in _asked(prompts).items():
        parts = [prompt.part for prompt in chosen]
        q = torch.cat([_encode(encoder, prompt) for prompt in chosen]).to(features)
        hits = query(memory, q, parts, modality=modality, k=k, tau=tau, scope=scope)
        for i, part in enumerate(parts):
            one, how, elsewhere = _one(hits, i), str(modality), False
            if part in locked:
                one, how = locked[part], "locked"
            elif scope == "part" and part in GARMENTS and not memory.holds(part):
                one = query(memory, q[i : i + 1], [part], modality=modality, k=k, tau=tau, scope="garments")
                elsewhere = True
            features[part] = refresh(memory, q[i : i + 1], one, blend)[0]
            story[part] = _told(memory, part, how, one, elsewhere)

    for part in range(NUM_PARTS):
        if part in story or part in silenced:
            continue
        found = locked.get(part)
        if found is not None:
            features[part] = refresh(memory, features[part][None], found)[0]
            story[part] = _told(memory, part, "locked", found)
        elif part in (*BODY, BACKGROUND) and memory.holds(part):
            found = _scene(memory, prompts.sentence) if part == BACKGROUND else _nothing()
            prior = memory.prior(part) if part in BODY else refresh(memory, features[part][None], found)[0]
            assert prior is not None  # the memory holds the part
            features[part], story[part] = prior, _told(memory, part, "prior", found)

    present[list(story)] = True
    told = tuple(story[part] for part in sorted(story))
    negative = _negative(encoder, memory, prompts, k=k, tau=tau, blend=blend, scope=scope)
    norm = getattr(encoder, "image_norm", 1.0)
    return PartFeatures(features[None], present[None], prompts, encoder.encoder_id, told, negative, norm)


def reference_crop(prompt: PartPrompt, size: int) -> tuple[Tensor, Tensor] | None:
    """A prompt's reference picture inside its mask, as `cut_mask` gives it; None if it has none. Raises InputError."""
    if prompt.image is None:
        return None
    image = prompt.image.detach().cpu().movedim(-1, 0).float().clamp(0, 1)
    mask = torch.ones(image.shape[1:], dtype=torch.bool) if prompt.mask is None else prompt.mask.cpu() > 0.5
    if not bool(mask.any()):
        raise InputError(
            f"reference image for {prompt.name}: its mask is empty; wanted at least one pixel of the part above 0.5"
        )
    return cut_mask(image, mask, size)


def _negative(encoder: PartEncoder, memory: StyleMemory, prompts: PartPrompts, **options: Any) -> PartFeatures | None:
    """Features of the negative phrases, and of nothing else."""
    unwanted = tuple(PartPrompt(p.part, p.negative) for p in prompts.parts if p.weight > 0 and p.negative.strip())
    if not unwanted:
        return None
    found = retrieve(encoder, memory, PartPrompts(parts=unwanted), **options)
    only = torch.zeros(NUM_PARTS, dtype=torch.bool)
    only[[prompt.part for prompt in unwanted]] = True
    told = tuple(one for one in found.retrieved if only[one.part])
    return replace(found, features=found.features * only[:, None], present=found.present & only, retrieved=told)


def _tells(prompt: PartPrompt, person: str) -> bool:
    """Whether a phrase says how the part looks.

    "Skin of a man" does not: a memory of crops knows no persons, and what it found would be chance, or prejudice. Such
    a part takes the prior, as if nothing had been said.
    """
    words = set(prompt.phrase.lower().split())
    if prompt.part in BODY:
        words -= {PART_NAMES[prompt.part], "of", "a", "an", "the", "and", *person.lower().split()}
    return bool(words)


def _asked(prompts: PartPrompts) -> dict[Modality, list[PartPrompt]]:
    """The prompts that ask for something, by how they ask."""
    asked = [p for p in prompts.parts if p.weight > 0 and (p.image is not None or _tells(p, prompts.person))]
    by_text, by_image = [p for p in asked if p.image is None], [p for p in asked if p.image is not None]
    by_modality: dict[Modality, list[PartPrompt]] = {"text": by_text, "image": by_image}
    return {modality: chosen for modality, chosen in by_modality.items() if chosen}


def _encode(encoder: PartEncoder, prompt: PartPrompt) -> Tensor:
    """The query [1, D] of a phrase, or of its reference picture if it has one.

    One at a time, because encoders round differently in batches: what a part gets must not depend on the other parts.
    """
    reference = reference_crop(prompt, encoder.crop_size)
    if reference is None:
        return encoder.encode_text([prompt.phrase])
    crop, share = reference
    return encoder.encode_image(crop[None], share[None])


def _locked(memory: StyleMemory, part: int, ids: Sequence[str]) -> Hits:
    """The rows of these ids as if they had been found, equally good."""
    if not 0 <= part < NUM_PARTS:
        raise InputError(f"locks: got part {part}, wanted an index of 0 to {NUM_PARTS - 1}")
    try:
        rows = torch.tensor([[memory.row_of(item) for item in dict.fromkeys(ids)]])
    except InputError as error:
        raise InputError(f"locks for {PART_NAMES[part]}: {error}") from None
    return Hits(rows, torch.ones(rows.shape), torch.full(rows.shape, 1 / rows.shape[1]))


def _scene(memory: StyleMemory, sentence: str) -> Hits:
    """One row of the background's, the same for the same sentence."""
    rows = memory.rows_of(BACKGROUND)
    row = rows.start + int(hashlib.sha256(sentence.encode()).hexdigest(), 16) % (rows.stop - rows.start)
    return Hits(torch.tensor([[row]]), torch.ones(1, 1), torch.ones(1, 1))


def _nothing() -> Hits:
    return Hits(torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, 0), torch.zeros(1, 0))


def _one(hits: Hits, i: int) -> Hits:
    return Hits(hits.rows[i : i + 1], hits.scores[i : i + 1], hits.weights[i : i + 1])


def _told(memory: StyleMemory, part: int, how: str, hits: Hits, elsewhere: bool = False) -> Retrieved:
    there = hits.rows[0] >= 0
    rows = hits.rows[0][there].tolist()
    kept = memory.thumbnails if rows and int(memory.part[rows[0]]) != FACE else None
    return Retrieved(
        part,
        how,
        ids=tuple(memory.ids[row] for row in rows),
        scores=tuple(round(score, 4) for score in hits.scores[0][there].tolist()),
        weights=tuple(round(weight, 4) for weight in hits.weights[0][there].tolist()),
        captions=tuple(memory.captions[row] for row in rows),
        elsewhere=elsewhere,
        thumbnail=None if kept is None else kept[rows[0]],
    )
