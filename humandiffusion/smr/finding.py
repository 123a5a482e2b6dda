"""What each question of a description finds: search, bans, sources' weights and diversity."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import GARMENTS
from .asking import Question
from .diversity import diverse
from .engines.base import SearchEngine
from .exact import ExactSearch, Scope
from .locks import SOURCES, Locks
from .memory import RECOLOURED, StyleMemory
from .query import Hits, check_search, softmax_weights

POOL, LEAST_POOL = 8, 64  # what diversity chooses from: this many times k, and at least so many
_SHOWN = 6


@dataclass(frozen=True)
class Search:
    """How to search: see `retrieve`."""

    k: int = 4
    tau: float = 0.05
    scope: Scope = "part"
    diversity: float = 0.0
    centred: bool = True
    engine: SearchEngine | None = None
    device: torch.device | str = "cpu"

    def check(self) -> None:
        """Raises InputError for a setting out of range."""
        check_search(self.k, self.tau, self.scope)
        if not 0 <= self.diversity <= 1:
            raise InputError(f"diversity: got {self.diversity}, wanted 0 (the nearest) to 1 (as unlike as can be)")


def find(
    memory: StyleMemory, asked: Sequence[Question], how: Search, locks: Locks | None = None
) -> list[tuple[Hits, bool]]:
    """For each question its hits [1, k], and whether they are of other parts because its own has no row.

    Weights are softmax((score + favour) / tau), favour being tau log(weight of its source). An engine, or that of the
    memory, is asked where it can answer; where sources are weighed or the gap is left open, the search is exact.
    """
    locks = locks or Locks()
    favour = favours(memory, locks.sources, how.tau)
    bans = {q.part: set(locks.of(q.part).ban) for q in asked}
    pool = max(POOL * how.k, LEAST_POOL) if how.diversity > 0 else how.k
    pool += max((len(ban) for ban in bans.values()), default=0)
    engine = how.engine or memory.engine
    if engine is None or not how.centred or favour is not None:
        engine = ExactSearch(memory, how.device, how.centred, favour)
    found: list[tuple[Hits, bool]] = []
    elsewhere = [how.scope == "part" and q.part in GARMENTS and not memory.holds(q.part) for q in asked]
    scopes: list[Scope] = ["garments" if other else how.scope for other in elsewhere]
    rows = torch.full((len(asked), pool), -1, dtype=torch.long)
    scores = torch.full((len(asked), pool), float("-inf"))
    for scope in dict.fromkeys(scopes):
        some = torch.tensor([i for i, one in enumerate(scopes) if one == scope])
        q = torch.stack([asked[i].centred for i in some.tolist()])
        parts = torch.tensor([asked[i].part for i in some.tolist()])
        rows[some], scores[some] = engine.search(q, parts, pool, scope)
    for i, question in enumerate(asked):
        chosen = _chosen(memory, rows[i], scores[i], bans[question.part], how)
        found.append((_hits(rows[i][chosen], scores[i][chosen], favour, how), elsewhere[i]))
    return found


def favours(memory: StyleMemory, sources: Mapping[str, float], tau: float) -> Tensor | None:
    """tau log(weight) of every row's source, float32 [N]; None where no source has a weight.

    A name stands for the source of that name and those below it: `ccp` for `ccp/0001` and its recoloured copies; the
    longest name counts. Raises InputError for a name that no row has.
    """
    if not sources:
        return None
    table = list(memory.sources.table)
    names = sorted(sources, key=len)
    values, used = torch.zeros(len(table)), set()
    for number, source in enumerate(table):
        for name in names:
            if source == name or source.startswith((f"{name}/", f"{name}{RECOLOURED}")):
                weight = sources[name]
                values[number] = tau * math.log(weight) if weight > 0 else float("-inf")
                used.add(name)
    for name in names:
        if name not in used:
            sets = list(dict.fromkeys(source.split("/", 1)[0] for source in table))
            some = ", ".join(sets[:_SHOWN]) + (" ..." if len(sets) > _SHOWN else "")
            raise InputError(f"locks, {SOURCES}: got {name!r}, wanted a source that this memory has, as {some}")
    return values[memory.sources.numbers()]


def _chosen(memory: StyleMemory, rows: Tensor, scores: Tensor, ban: set[str], how: Search) -> Tensor:
    """Places of the hits among the candidates of one question."""
    there = (rows >= 0).nonzero()[:, 0]
    if ban:
        ids = memory.ids.read(rows[there].tolist())
        there = there[torch.tensor([one not in ban for one in ids], dtype=torch.bool)]
    if how.diversity == 0 or len(there) <= 1:
        return there[: how.k]
    m = F.normalize(memory.vectors[rows[there]].float() - memory.mean_image, dim=-1)
    return there[diverse(scores[there], m, how.k, how.diversity)]


def _hits(rows: Tensor, scores: Tensor, favour: Tensor | None, how: Search) -> Hits:
    """Hits [1, k] of one question, the rest of k filled up with nothing."""
    padded = torch.full((how.k,), -1, dtype=torch.long)
    weighed = torch.full((how.k,), float("-inf"))
    padded[: len(rows)], weighed[: len(rows)] = rows, scores
    plain = weighed if favour is None else torch.where(padded >= 0, weighed - favour[padded.clamp_min(0)], weighed)
    return Hits(padded[None], plain[None], softmax_weights(weighed[None], how.tau))
