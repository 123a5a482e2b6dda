"""From prompts to queries: which parts ask for something, and by which words or picture."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..encoders.base import PartEncoder
from ..encoders.crops import cut_mask
from ..errors import InputError
from ..parts import BODY, PART_NAMES
from ..prompts import PartPrompt, PartPrompts
from .memory import StyleMemory
from .query import centre


@dataclass(frozen=True, eq=False)
class Question:
    """What one part asks: `q` [D], the unit vector that refresh mixes with, and `centred` [D], what is searched by.

    `how` is `text`, `image` or `both`.
    """

    part: int
    how: str
    q: Tensor
    centred: Tensor


def questions(
    encoder: PartEncoder, memory: StyleMemory, prompts: PartPrompts, *, reference: float = 1.0, centred: bool = True
) -> list[Question]:
    """Those of all prompts that say how a part looks.

    A part with phrase and picture asks by both: the scores of the two are mixed, `reference` of the picture's and the
    rest of the phrase's. Scores are products with the query, so that is one search by the mixed queries. Without
    `centred` the modality gap stays. Raises InputError.
    """
    if not 0 <= reference <= 1:
        raise InputError(f"reference: got {reference}, wanted 0 (the phrase alone) to 1 (the picture alone)")
    asked = [
        prompt
        for prompt in prompts.parts
        if prompt.weight > 0 and (prompt.image is not None or _tells(prompt, prompts.person))
    ]
    return [question(encoder, memory, one, reference if _tells(one, prompts.person) else 1.0, centred) for one in asked]


def question(
    encoder: PartEncoder, memory: StyleMemory, prompt: PartPrompt, reference: float = 1.0, centred: bool = True
) -> Question:
    """That of one prompt, which has a phrase or a picture. Raises InputError."""
    picture = reference_crop(prompt, encoder.crop_size)
    share = 0.0 if picture is None else reference if prompt.phrase.strip() else 1.0
    # One at a time, because encoders round differently in batches: no part's query may depend on the others.
    by_text = encoder.encode_text([prompt.phrase]).float() if share < 1 else None
    by_image = encoder.encode_image(picture[0][None], picture[1][None]).float() if picture and share > 0 else None
    return _question(memory, prompt.part, by_text, by_image, share, centred)


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


def _question(
    memory: StyleMemory, part: int, by_text: Tensor | None, by_image: Tensor | None, share: float, centred: bool
) -> Question:
    text, image = (None if q is None else q.detach().cpu() for q in (by_text, by_image))
    near_text = None if text is None else centre(memory, text, "text") if centred else text
    near_image = None if image is None else centre(memory, image, "image") if centred else image
    if text is not None and image is not None and near_text is not None and near_image is not None:
        mixed = F.normalize(share * image + (1 - share) * text, dim=-1)
        return Question(part, "both", mixed[0], (share * near_image + (1 - share) * near_text)[0])
    if image is not None and near_image is not None:
        return Question(part, "image", image[0], near_image[0])
    assert text is not None and near_text is not None  # a question asks by one of the two
    return Question(part, "text", text[0], near_text[0])


def _tells(prompt: PartPrompt, person: str) -> bool:
    """Whether a phrase says how the part looks.

    "Skin of a man" does not: a memory of crops knows no persons, and what it found would be chance, or prejudice. Such
    a part takes the prior, as if nothing had been said.
    """
    words = set(prompt.phrase.lower().split())
    if prompt.part in BODY:
        words -= {PART_NAMES[prompt.part], "of", "a", "an", "the", "and", *person.lower().split()}
    return bool(words)
