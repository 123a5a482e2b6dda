"""What an artist holds on to, refuses or weighs of what was found: the `locks` of retrieval, as JSON.

    {"top": ["0123456789abcdef"],
     "pants": {"lock": {"0123456789abcdef": 0.7, "fedcba9876543210": 0.3}, "ban": ["00112233445566ff"], "blend": 0.5},
     "sources": {"ccp": 0.5}}

A list of ids locks them alike, an object gives each its weight. `ban` lists what must not be found, `blend` stands for
the blend of that one part. `sources` weighs where items are from: a row of a source of weight 2 counts as two such
rows, at 0 none of it is found.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from ..parts import NUM_PARTS, PART_NAMES, part_index

SOURCES = "sources"
_FORM = '{"top": ["0123456789abcdef"]} or {"top": {"lock": [...], "ban": [...], "blend": 0.5}, "sources": {"NAME": 2}}'
_KEYS = ("lock", "ban", "blend")
_ROUNDING = 1e-5
_MOST = 1e6  # of a weight
_SHOWN = 120  # letters of what was wrong


@dataclass(frozen=True)
class PartLock:
    """Of one part: ids that it must use with the weight of each (sum 1), ids it must not find, its own blend."""

    lock: Mapping[str, float] = field(default_factory=dict)
    ban: tuple[str, ...] = ()
    blend: float | None = None


@dataclass(frozen=True)
class Locks:
    """By part index; and the weight of each source that has one, by its name or the beginning of it."""

    parts: Mapping[int, PartLock] = field(default_factory=dict)
    sources: Mapping[str, float] = field(default_factory=dict)

    def of(self, part: int) -> PartLock:
        """That of a part, which says nothing if there is none."""
        return self.parts.get(part, _NOTHING)

    def to_json(self) -> str:
        """What `read_locks` reads; a part that only locks, and all alike, in the short form."""
        data: dict[str, Any] = {PART_NAMES[part]: _plain(lock) for part, lock in sorted(self.parts.items())}
        return json.dumps(data | ({SOURCES: dict(self.sources)} if self.sources else {}))


_NOTHING = PartLock()


def read_locks(text: str) -> Locks:
    """Locks from JSON; empty text and `{}` lock nothing. Raises InputError that names the key and what it may hold."""
    try:
        data = json.loads(text if text.strip() else "{}")
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"locks: got text that is not JSON ({error}), wanted {{}} or {_FORM}") from None
    if not isinstance(data, dict):
        raise InputError(f"locks: got a JSON {type(data).__name__}, wanted {{}} or {_FORM}")
    parts: dict[int, PartLock] = {}
    for name, value in data.items():
        if name != SOURCES:
            part = _part(name)
            if part in parts:
                raise InputError(f"locks: got {PART_NAMES[part]} twice, by two of its names; join them")
            parts[part] = _part_lock(PART_NAMES[part], value)
    return Locks(parts, _weights(f"locks, {SOURCES}", data.get(SOURCES, {})))


def as_locks(locks: "Locks | Mapping[int, Sequence[str]] | None") -> Locks:
    """Locks as they are, or from ids by part index. Raises InputError for a part that there is not."""
    if not isinstance(locks, Locks):
        locks = Locks({part: PartLock(alike(ids)) for part, ids in (locks or {}).items()})
    for part in locks.parts:
        if not 0 <= part < NUM_PARTS:
            raise InputError(f"locks: got part {part}, wanted an index of 0 to {NUM_PARTS - 1}")
    return locks


def alike(ids: Sequence[str]) -> dict[str, float]:
    """Each id once, all with the same weight."""
    once = dict.fromkeys(ids)
    return {one: 1 / len(once) for one in once}


def _part(name: str) -> int:
    try:
        return part_index(name)
    except InputError as error:
        raise InputError(f"locks: {error}, or {SOURCES!r}") from None


def _part_lock(name: str, value: Any) -> PartLock:
    if isinstance(value, list):
        value = {"lock": value}
    if not isinstance(value, dict) or not set(value) <= set(_KEYS):
        got = f"the keys {', '.join(map(repr, value))}" if isinstance(value, dict) else repr(value)
        raise InputError(f"locks for {name}: got {got}, wanted a list of ids, or an object with {', '.join(_KEYS)}")
    lock, blend = value.get("lock", []), value.get("blend")
    if isinstance(lock, dict):
        weights = {one.strip().lower(): weight for one, weight in _weights(f"locks for {name}, lock", lock).items()}
        total = sum(weights.values())
        if weights and not total > 0:
            raise InputError(f"locks for {name}, lock: got weights that are all 0, wanted one above 0")
        if abs(total - 1) > _ROUNDING:  # weights of a retrieval come back to the bit
            weights = {one: weight / total for one, weight in weights.items()}
        weights = {one: weight for one, weight in weights.items() if weight}
    else:
        weights = alike(_ids(f"locks for {name}, lock", lock))
    if blend is not None and not (_is_number(blend) and 0 <= blend <= 1):
        raise InputError(f"locks for {name}, blend: got {blend!r}, wanted 0 (the words) to 1 (the memory)")
    return PartLock(weights, tuple(_ids(f"locks for {name}, ban", value.get("ban", []))), blend)


def _ids(what: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InputError(f'{what}: got {value!r}, wanted a list of ids from the report, as ["0123456789abcdef"]')
    return list(dict.fromkeys(one.strip().lower() for one in value))


def _weights(what: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not all(_is_number(one) and 0 <= one <= _MOST for one in value.values()):
        got = repr(value)[:_SHOWN]
        raise InputError(f'{what}: got {got}, wanted an object of weights from 0 to {_MOST:.0f}, as {{"NAME": 0.5}}')
    return {name: float(weight) for name, weight in value.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(lock: PartLock) -> Any:
    equal = len(set(lock.lock.values())) <= 1
    ids: Any = list(lock.lock) if equal else dict(lock.lock)
    if ids and not lock.ban and lock.blend is None and equal:
        return ids
    said = {"lock": ids, "ban": list(lock.ban), "blend": lock.blend}
    return {name: value for name, value in said.items() if value is not None and value != []}
