"""One score for a picture: is each part where the map has it, and does it look as its phrase says?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..colour import median_lab
from ..encoders.base import PartEncoder
from ..errors import InputError
from ..parsing.base import PersonParser
from ..parts import BACKGROUND, PART_NAMES
from ..pose.geometry import fit
from ..pose.semantic_pose import SemanticPose
from ..prompts import PartPrompts
from .colours import judge_colours, name_colour
from .named_colours import basic_name, colour_match, colours_asked
from .part_text import TextFit, TextJudge
from .shape import mask_iou, person_mask

# What each figure counts for a part, where it is known, and what the person's outline counts beside the parts.
PLACE, COLOUR, TEXT, PERSON = 1.0, 2.0, 1.0, 0.25
_USUAL_AREA = 256 * 384


@dataclass(frozen=True)
class PartScore:
    """One part of one picture.

    `share` of the map; `iou` of where the parser sees it and where the map has it; the colours its phrase names, the
    basic colour that is `seen`, how well that answers (`colour` 0..1), whether it is the asked colour of a part that
    touches it (`leaked`); and the fit of its phrase (`text`). What the phrase does not tell is None.
    """

    part: int
    share: float
    iou: float
    phrase: str = ""
    asked: tuple[str, ...] = ()
    seen: str | None = None
    colour: float | None = None
    leaked: bool | None = None
    text: TextFit | None = None

    @property
    def score(self) -> float:
        """0..1: the mean of what is known of it."""
        known = [(PLACE, self.iou), (COLOUR, self.colour), (TEXT, None if self.text is None else self.text.fit)]
        return _mean([(weight, value) for weight, value in known if value is not None])


@dataclass(frozen=True)
class PictureScore:
    """One picture: the overlap of the person, and the parts of its map, background aside. `seen` [H, W] uint8 is what
    the parser found, `wanted` [H, W] the map, both at the picture's size."""

    person_iou: float
    parts: tuple[PartScore, ...]
    seen: Tensor
    wanted: Tensor

    @property
    def score(self) -> float:
        """0..1: the mean over the parts, each by the square root of its share, and the person's outline.

        By its root, because a hat that is a fiftieth of the picture is more than a fiftieth of what one looks at.
        """
        weighed = [(part.share**0.5, part.score) for part in self.parts]
        total = sum(weight for weight, _ in weighed)
        return _mean([*weighed, (PERSON * (total or 1.0), self.person_iou)])

    @property
    def worst(self) -> PartScore | None:
        """The part with the lowest score among those whose phrase tells how they look; None if there is none."""
        told = (part for part in self.parts if part.colour is not None or part.text is not None)
        return min(told, key=lambda part: part.score, default=None)

    @property
    def leak_rate(self) -> float | None:
        """Of the parts that touch one asked in another colour, the share that shows that colour; None if none can."""
        open_to = [part.leaked for part in self.parts if part.leaked is not None]
        return sum(open_to) / len(open_to) if open_to else None

    def to_dict(self) -> dict[str, Any]:
        """Plain figures for JSON."""
        worst = self.worst
        return {
            "score": _short(self.score),
            "person_iou": _short(self.person_iou),
            "leak_rate": _short(self.leak_rate),
            "worst": None if worst is None else PART_NAMES[worst.part],
            "parts": [_part_to_dict(part) for part in self.parts],
        }


def score_pictures(
    images: Tensor, pose: SemanticPose, prompts: PartPrompts, *, parser: PersonParser, encoder: PartEncoder
) -> list[PictureScore]:
    """Score pictures [B, 3, H, W], sRGB 0..1, of one map or one map each, all by the same phrases.

    A map of another size is fitted to the pictures as the model does it. A part counts by a phrase only where the map
    has it, because a picture cannot show what its map leaves out. Raises InputError for counts that do not fit.
    """
    if pose.batch not in (1, len(images)):
        raise InputError(f"pose: got {pose.batch} maps for {len(images)} pictures, wanted one, or one for each")
    phrases = {prompt.part: prompt.phrase.strip() for prompt in prompts.parts if prompt.phrase.strip()}
    text = TextJudge(encoder, phrases)
    images = images.nan_to_num()  # a decoder that overflowed: black there, and judged as such
    seen = parser.parse(images).labels.cpu()
    wanted = fit(pose, (images.shape[2], images.shape[3])).labels.cpu()
    wanted = wanted.expand(len(images), -1, -1)
    pictures = images.detach().float().cpu().clamp(0, 1)
    return [_score(*one, phrases, text) for one in zip(pictures, seen, wanted, strict=True)]


def report(scores: Sequence[PictureScore]) -> dict[str, Any]:
    """The scores of a batch as plain figures for JSON, with what they mean."""
    others = [part.text.others for one in scores for part in one.parts if part.text is not None]
    return {
        "score": _short(sum(one.score for one in scores) / max(len(scores), 1)),
        "pictures": [one.to_dict() for one in scores],
        "text": "share of other phrases for the same part that fit it worse; 0.5 by chance",
        "other_phrases": max(others, default=0),
    }


def worst_part(scores: Sequence[PictureScore]) -> PartScore | None:
    """The part with the lowest score in any picture among those whose phrase tells how they look; None if none does."""
    return min((one.worst for one in scores if one.worst is not None), key=lambda part: part.score, default=None)


def _score(image: Tensor, seen: Tensor, wanted: Tensor, phrases: dict[int, str], text: TextJudge) -> PictureScore:
    present = [part for part in wanted.unique().tolist() if part != BACKGROUND]
    asked = {part: colours_asked(phrases.get(part, ""), part) for part in present}
    named = {part: basic_name(next(iter(colours.values()))) for part, colours in asked.items() if colours}
    # Seams between garments are as wide as the picture is large.
    reach = max(2, round(2 * (wanted.numel() / _USUAL_AREA) ** 0.5))
    leaks = {row.part: row.leaked for row in judge_colours(image, wanted, named, reach) if row.can_leak}
    fits = text(image, wanted)
    parts = []
    for part in present:
        here = wanted == part
        lab = median_lab(image, here)
        match = max((colour_match(lab, shades) for shades in asked[part].values()), default=None)
        parts.append(
            PartScore(
                part=part,
                share=float(here.float().mean()),
                iou=mask_iou(seen == part, here),
                phrase=phrases.get(part, ""),
                asked=tuple(asked[part]),
                seen=name_colour(lab) if asked[part] else None,
                colour=match,
                leaked=leaks.get(part),
                text=fits.get(part),
            )
        )
    return PictureScore(mask_iou(person_mask(seen), person_mask(wanted)), tuple(parts), seen, wanted)


def _mean(weighed: list[tuple[float, float]]) -> float:
    total = sum(weight for weight, _ in weighed)
    return sum(weight * value for weight, value in weighed) / total if total else 0.0


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _part_to_dict(part: PartScore) -> dict[str, Any]:
    return {
        "part": PART_NAMES[part.part],
        "score": _short(part.score),
        "share": _short(part.share),
        "iou": _short(part.iou),
        "phrase": part.phrase,
        "colours_asked": list(part.asked),
        "colour_seen": part.seen,
        "colour_match": _short(part.colour),
        "leaked": part.leaked,
        "text_fit": None if part.text is None else _short(part.text.fit),
        "text_cosine": None if part.text is None else _short(part.text.cosine),
    }
