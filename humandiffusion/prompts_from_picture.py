"""Part prompts from a picture: its own parts are the reference pictures, so that another figure can wear them."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor

from .colour import srgb_to_lab
from .editing.wishes import looks_of
from .errors import InputError
from .evaluation.asking import NOUNS
from .parts import BACKGROUND, PART_NAMES, part_names
from .pose.geometry import fit
from .pose.semantic_pose import SemanticPose
from .prompts import PartPrompts
from .smr.captions import caption

# Of the picture. Less shows nothing of a part: it is a rest of another one or a slip of the parser's.
LEAST = 0.0005


def prompts_from_picture(
    image: Tensor,
    pose: SemanticPose,
    parts: Iterable[int] | None = None,
    *,
    others: PartPrompts | None = None,
    words: bool = True,
    weight: float = 1.0,
) -> PartPrompts:
    """Prompts that show each of `parts` as it is in `image` [H, W, 3], sRGB 0..1, whose parts are where `pose` (one
    map) has them; of all parts of the person if None is named.

    They take the place of what `others` says of these parts; of the rest it is kept. With `words` each is also told in
    words, measured on its pixels, for models and judges that read only words. A part that the picture does not show, or
    on less than a two-thousandth of it, stays as `others` has it, and a note says so. Raises InputError if nothing of
    what is asked is there, or for more than one map.
    """
    if pose.batch != 1:
        raise InputError(f"pose: got {pose.batch} maps, wanted the one of the picture; choose one")
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"image: got shape {list(image.shape)}, wanted [H, W, 3]")
    labels = fit(pose, (image.shape[0], image.shape[1])).labels[0].cpu()
    there = {part for part in labels.unique().tolist() if float((labels == part).float().mean()) >= LEAST}
    asked = there - {BACKGROUND} if parts is None else set(parts)
    taken = sorted(asked & there)
    if not taken:
        wanted = f"one of {', '.join(part_names(sorted(there)))}" if there - {BACKGROUND} else "a picture with a person"
        raise InputError(f"parts: the picture shows none of {_listed(asked)}, wanted {wanted}")
    prompts = others or PartPrompts()
    picture = image.detach().cpu().float().clamp(0, 1)
    lab = srgb_to_lab(picture).movedim(-1, 0)
    for prompt in looks_of(picture, labels, taken):
        told = _words(lab, labels == prompt.part, prompt.part) if words else ""
        prompts = prompts.with_part(replace(prompt, phrase=told, weight=weight))
    missing = sorted(asked - there)
    if missing:
        prompts = replace(prompts, notes=(*prompts.notes, f"the picture shows no {_listed(missing)}"))
    return prompts


def _words(lab: Tensor, mask: Tensor, part: int) -> str:
    if part == BACKGROUND:
        return ""  # a colour says little of a place
    return caption(lab, mask, part, NOUNS.get(part, PART_NAMES[part]))


def _listed(parts: Iterable[int]) -> str:
    return ", ".join(part_names(sorted(parts))) or "the person's parts"
