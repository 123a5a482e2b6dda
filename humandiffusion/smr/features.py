"""From part prompts to part features: query and refresh for every part that has a phrase or a picture."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import torch
from torch import Tensor

from ..encoders.base import PartEncoder
from ..errors import InputError
from ..parts import BACKGROUND, BODY, FACE, NUM_PARTS, PART_NAMES
from ..prompts import PartPrompt, PartPrompts
from .asking import questions
from .engines.base import SearchEngine
from .exact import Scope
from .finding import Search, favours, find
from .locks import Locks, PartLock, as_locks
from .memory import StyleMemory
from .query import Hits
from .refresh import refresh


@dataclass(frozen=True)
class Retrieved:
    """What one part got: ids, captions, sources, scores (of the search; 1 where there was none) and weights of rows,
    best first.

    `how` is `text`, `image`, `both`, `locked` or, for a part of which nothing was said, `prior`. `elsewhere`: the
    memory holds no garment of this part, so those of all other parts were searched. `blend`: the part's own, if it had
    one. `thumbnail` is that of the best row, uint8 [t, t, 3], if the memory keeps any; of a face none does.
    """

    part: int
    how: str
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    weights: tuple[float, ...]
    captions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    elsewhere: bool = False
    blend: float | None = None
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


def locks_of(features: PartFeatures) -> Locks:
    """Locks that bring back what was retrieved: every part's ids with their weights, and its own blend if it had one.

    With the same prompts, blend and memory they give the same features.
    """
    found = [row for row in features.retrieved if row.ids]
    return Locks({row.part: PartLock(dict(zip(row.ids, row.weights, strict=True)), blend=row.blend) for row in found})


def retrieve(
    encoder: PartEncoder,
    memory: StyleMemory,
    prompts: PartPrompts,
    *,
    k: int = 4,
    tau: float = 0.05,
    blend: float = 1.0,
    scope: Scope = "part",
    locks: Locks | Mapping[int, Sequence[str]] | None = None,
    diversity: float = 0.0,
    reference: float = 1.0,
    centred: bool = True,
    engine: SearchEngine | None = None,
    device: torch.device | str = "cpu",
) -> PartFeatures:
    """SMR for one description (B = 1): a phrase asks as text, a reference picture as image; `blend` is refresh's g.

    A part with both asks by both, `reference` of the picture's scores and the rest of the phrase's. `diversity` above 0
    picks the k hits to differ from each other (`diverse`). `locks` (`read_locks`, or ids by part) gives for a part the
    rows that it must use in place of what a search would find, those it must not find, a blend of its own, and weights
    of sources. Not `centred` leaves the gap between text and image vectors open. `engine`, or the memory's own if it
    has an index, answers in place of the exact search, which runs on `device`.

    A garment of whose part the memory holds nothing is looked for among those of all other parts; any other such part
    keeps its query. Without phrase (words of the person alone, "skin of a man", are none), picture or lock, a part of
    the body takes the memory's prior and the background one scene, chosen by the sentence, because the mean of many
    streets is fog; all else is absent. So is a part of weight 0, and one that the sentence denies. With blend 0 every
    query comes out as it is. Raises InputError.
    """
    memory.check_encoder(encoder.encoder_id)
    how = Search(k, tau, scope, diversity, centred, engine, device)
    how.check()
    if not 0 <= blend <= 1:
        raise InputError(f"blend: got {blend}, wanted 0 (the query itself) to 1 (the memory alone)")
    held = as_locks(locks)
    locked = {part: _locked(memory, part, one.lock) for part, one in held.parts.items() if one.lock}
    silenced = {p.part for p in prompts.parts if p.weight == 0} | set(prompts.absent)
    features, present = torch.zeros(NUM_PARTS, memory.dim), torch.zeros(NUM_PARTS, dtype=torch.bool)
    story: dict[int, Retrieved] = {}

    asked = questions(encoder, memory, prompts, reference=reference, centred=centred)
    for question, (found, elsewhere) in zip(asked, find(memory, asked, how, held), strict=True):
        part, told = question.part, question.how
        if part in locked:
            found, told, elsewhere = locked[part], "locked", False
        own = held.of(part).blend
        features[part] = refresh(memory, question.q[None], found, blend if own is None else own)[0]
        story[part] = replace(_told(memory, part, told, found, elsewhere), blend=own)

    for part in range(NUM_PARTS):
        if part in story or part in silenced:
            continue
        if part in locked:
            features[part] = refresh(memory, features[part][None], locked[part])[0]
            story[part] = _told(memory, part, "locked", locked[part])
        elif part in BODY and (prior := memory.prior(part)) is not None:
            features[part], story[part] = prior, _told(memory, part, "prior", _nothing())
        elif part == BACKGROUND and (scene := _scene(memory, prompts.sentence, held, tau)) is not None:
            features[part] = refresh(memory, features[part][None], scene)[0]
            story[part] = _told(memory, part, "prior", scene)

    present[list(story)] = True
    told_of = tuple(story[part] for part in sorted(story))
    negative = _negative(encoder, memory, prompts, blend, how, held)
    norm = getattr(encoder, "image_norm", 1.0)
    return PartFeatures(features[None], present[None], prompts, encoder.encoder_id, told_of, negative, norm)


def _negative(
    encoder: PartEncoder, memory: StyleMemory, prompts: PartPrompts, blend: float, how: Search, locks: Locks
) -> PartFeatures | None:
    """Features of the negative phrases, and of nothing else. What is banned is not found here either."""
    unwanted = tuple(PartPrompt(p.part, p.negative) for p in prompts.parts if p.weight > 0 and p.negative.strip())
    if not unwanted:
        return None
    settings = {one.name: getattr(how, one.name) for one in fields(how)}
    bans = Locks({part: PartLock(ban=one.ban) for part, one in locks.parts.items()}, locks.sources)
    found = retrieve(encoder, memory, PartPrompts(parts=unwanted), blend=blend, locks=bans, **settings)
    only = torch.zeros(NUM_PARTS, dtype=torch.bool)
    only[[prompt.part for prompt in unwanted]] = True
    told = tuple(one for one in found.retrieved if only[one.part])
    return replace(found, features=found.features * only[:, None], present=found.present & only, retrieved=told)


def _locked(memory: StyleMemory, part: int, weights: Mapping[str, float]) -> Hits:
    """The rows of these ids as if they had been found, with their weights."""
    try:
        rows = torch.tensor([[memory.row_of(item) for item in weights]])
    except InputError as error:
        raise InputError(f"locks for {PART_NAMES[part]}: {error}") from None
    return Hits(rows, torch.ones(rows.shape), torch.tensor([list(weights.values())]))


def _scene(memory: StyleMemory, sentence: str, locks: Locks, tau: float) -> Hits | None:
    """One row of the background's that is not banned, the same for the same sentence; None if there is none."""
    span, banned = memory.rows_of(BACKGROUND), set(locks.of(BACKGROUND).ban)
    favour = favours(memory, locks.sources, tau)
    count, first = span.stop - span.start, int(hashlib.sha256(sentence.encode()).hexdigest(), 16)
    for row in (span.start + (first + step) % count for step in range(count)):
        if memory.ids[row] not in banned and (favour is None or bool(favour[row] > float("-inf"))):
            return Hits(torch.tensor([[row]]), torch.ones(1, 1), torch.ones(1, 1))
    return None


def _nothing() -> Hits:
    return Hits(torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, 0), torch.zeros(1, 0))


def _told(memory: StyleMemory, part: int, how: str, hits: Hits, elsewhere: bool = False) -> Retrieved:
    there = hits.rows[0] >= 0
    rows = hits.rows[0][there].tolist()
    kept = memory.thumbnails if rows and int(memory.part[rows[0]]) != FACE else None
    return Retrieved(
        part,
        how,
        ids=tuple(memory.ids[row] for row in rows),
        scores=tuple(round(score, 4) for score in hits.scores[0][there].tolist()),
        weights=tuple(hits.weights[0][there].tolist()),
        captions=tuple(memory.captions[row] for row in rows),
        sources=tuple(memory.sources[row] for row in rows),
        elsewhere=elsewhere,
        thumbnail=None if kept is None else kept[rows[0]],
    )
