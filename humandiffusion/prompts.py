"""Part prompts: which phrase describes which part, and what of the sentence is about no part (design: PART_PROMPTS)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from .errors import InputError
from .parts import NUM_PARTS, PART_NAMES, part_index


@dataclass(frozen=True, eq=False)
class PartPrompt:
    """The phrase that describes one part, as "red plaid shirt" describes `top`.

    `part` is a class index (0 to 23). `weight` (0 or more, 1 = as it is) says how far the part counts, 0 not at all.
    `image` [H, W, 3] in 0..1 is a reference picture, `mask` [H, W] in 0..1 says where on it to look. `negative` is what
    the part should not be. The prompt counts from `start` to `end`, shares of the sampling run in 0..1.
    Raises InputError for anything out of range.
    """

    part: int
    phrase: str
    weight: float = 1.0
    image: Tensor | None = field(default=None, repr=False)
    mask: Tensor | None = field(default=None, repr=False)
    negative: str = ""
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.part, bool) or not isinstance(self.part, int) or not 0 <= self.part < NUM_PARTS:
            raise InputError(f"part prompt, part: got {self.part!r}, wanted an index of 0 to {NUM_PARTS - 1}")
        for name in ("phrase", "negative"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"part prompt, {name}: got {getattr(self, name)!r}, wanted text")
        if not _is_number(self.weight) or not math.isfinite(self.weight) or self.weight < 0:
            raise InputError(f"part prompt for {self.name}, weight: got {self.weight!r}, wanted a number of 0 or more")
        if not (_is_number(self.start) and _is_number(self.end) and 0 <= self.start <= self.end <= 1):
            raise InputError(
                f"part prompt for {self.name}, start and end: got {self.start!r} to {self.end!r}, "
                "wanted 0 <= start <= end <= 1"
            )
        _check_picture(self)

    def __eq__(self, other: object) -> bool:
        """Equal in every field; pictures by their pixels."""
        if not isinstance(other, PartPrompt):
            return NotImplemented
        return (
            _plain(self) == _plain(other)
            and _same_tensor(self.image, other.image)
            and _same_tensor(self.mask, other.mask)
        )

    def __hash__(self) -> int:
        return hash(_plain(self))

    @property
    def name(self) -> str:
        """The part's name, as `top`."""
        return PART_NAMES[self.part]


@dataclass(frozen=True)
class PartPrompts:
    """All that a sentence says, by part.

    `parts` has at most one prompt per part and is kept sorted by part. `person` are the words about the person
    ("elderly woman"), already part of the phrases of face, hair and skin; `scene` are the words about the scene, the
    phrase of `background`. `absent` lists parts that the sentence says are not there ("no hat"). `notes` says in plain
    words what was decided on the way, and holds whatever belongs to none of the others.
    Raises InputError for two prompts on one part, or a part both described and absent.
    """

    parts: tuple[PartPrompt, ...] = ()
    sentence: str = ""
    person: str = ""
    scene: str = ""
    absent: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(sorted(self.parts, key=lambda prompt: prompt.part)))
        object.__setattr__(self, "absent", tuple(sorted(set(self.absent))))
        object.__setattr__(self, "notes", tuple(self.notes))
        described = [prompt.part for prompt in self.parts]
        for part in described:
            if described.count(part) > 1:
                raise InputError(f"part prompts: got two prompts for {PART_NAMES[part]}, wanted one; join them")
            if part in self.absent:
                raise InputError(f"part prompts: {PART_NAMES[part]} is both described and absent; keep one of the two")
        for part in self.absent:
            if part not in range(NUM_PARTS):
                raise InputError(f"part prompts, absent: got {part!r}, wanted indices of 0 to {NUM_PARTS - 1}")

    def get(self, part: int) -> PartPrompt | None:
        """The prompt of a part, None if there is none."""
        return next((prompt for prompt in self.parts if prompt.part == part), None)

    def with_part(self, prompt: PartPrompt) -> "PartPrompts":
        """A copy in which `prompt` stands for its part, in place of what was said of it; it is no longer absent."""
        others = tuple(other for other in self.parts if other.part != prompt.part)
        absent = tuple(part for part in self.absent if part != prompt.part)
        return replace(self, parts=(*others, prompt), absent=absent)

    def to_dict(self) -> dict[str, Any]:
        """Plain data with stable keys, for JSON. Reference pictures and masks are not in it."""
        return {
            "sentence": self.sentence,
            "parts": [_prompt_to_dict(prompt) for prompt in self.parts],
            "person": self.person,
            "scene": self.scene,
            "absent": [PART_NAMES[part] for part in self.absent],
            "notes": list(self.notes),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    @staticmethod
    def from_json(text: str | Mapping[str, Any]) -> "PartPrompts":
        """Reads what `to_json` (text) or `to_dict` (a mapping) gave; a part may be named by `part` or by `index`.

        Missing keys take their defaults. Raises InputError if it is not that kind of JSON.
        """
        try:
            data = json.loads(text) if isinstance(text, str) else text
        except json.JSONDecodeError as error:
            raise InputError(f"part prompts: got text that is no JSON ({error}), wanted that of to_json") from None
        if not isinstance(data, Mapping):
            raise InputError(f"part prompts: got a JSON {type(data).__name__}, wanted an object with the key 'parts'")
        return PartPrompts(
            parts=tuple(_prompt_from_dict(entry) for entry in _entries(data, "parts")),
            sentence=_text(data, "sentence"),
            person=_text(data, "person"),
            scene=_text(data, "scene"),
            absent=tuple(_part(entry) for entry in _entries(data, "absent")),
            notes=tuple(str(note) for note in _entries(data, "notes")),
        )


def _prompt_to_dict(prompt: PartPrompt) -> dict[str, Any]:
    return {
        "part": prompt.name,
        "index": prompt.part,
        "phrase": prompt.phrase,
        "weight": prompt.weight,
        "negative": prompt.negative,
        "start": prompt.start,
        "end": prompt.end,
    }


def _prompt_from_dict(entry: Any) -> PartPrompt:
    if not isinstance(entry, Mapping) or not ("part" in entry or "index" in entry):
        raise InputError(f"part prompts, parts: got {entry!r}, wanted an object with the keys 'part' and 'phrase'")
    return PartPrompt(
        part=_part(entry["part"] if "part" in entry else entry["index"]),
        phrase=_text(entry, "phrase"),
        weight=entry.get("weight", 1.0),
        negative=_text(entry, "negative"),
        start=entry.get("start", 0.0),
        end=entry.get("end", 1.0),
    )


def _part(value: Any) -> int:
    if isinstance(value, str):
        return part_index(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NUM_PARTS:
        return value
    raise InputError(f"part prompts: got the part {value!r}, wanted a name or an index of 0 to {NUM_PARTS - 1}")


def _entries(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, (list, tuple)):
        raise InputError(f"part prompts, {key}: got {value!r}, wanted a list")
    return list(value)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise InputError(f"part prompts, {key}: got {value!r}, wanted text")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_picture(prompt: PartPrompt) -> None:
    image, mask = prompt.image, prompt.mask
    if image is not None and (image.ndim != 3 or image.shape[2] != 3 or not image.is_floating_point()):
        got = f"{image.dtype} of shape {list(image.shape)}"
        raise InputError(f"part prompt for {prompt.name}, image: got {got}, wanted floats of shape [H, W, 3]")
    if mask is not None and image is None:
        raise InputError(f"part prompt for {prompt.name}, mask: got a mask without an image; give both or neither")
    if mask is not None and image is not None and mask.shape != image.shape[:2]:
        sizes = f"got shape {list(mask.shape)}, wanted the image's {list(image.shape[:2])}"
        raise InputError(f"part prompt for {prompt.name}, mask: {sizes}")


def _plain(prompt: PartPrompt) -> tuple[Any, ...]:
    return (prompt.part, prompt.phrase, prompt.weight, prompt.negative, prompt.start, prompt.end)


def _same_tensor(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and torch.equal(a, b)
