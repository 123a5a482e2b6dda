"""What is said of the parts in an edit: the changed one by its new words or picture, the others by how they look."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ..encoders.base import PartEncoder
from ..errors import InputError
from ..prompts import PartPrompt, PartPrompts
from ..smr.features import PartFeatures, retrieve
from ..smr.locks import Locks, PartLock
from ..smr.memory import StyleMemory

# The share of a reference picture in what is looked for, where there are words as well.
BOTH = 0.5


def wish(
    part: int,
    phrase: str = "",
    *,
    reference: Tensor | None = None,
    reference_mask: Tensor | None = None,
    own: PartPrompt | None = None,
) -> PartPrompt:
    """The prompt of the part to change. With neither words nor a reference picture [H, W, 3] it keeps its `own` look,
    which is sensible for a new shape only. Raises InputError if there is nothing to go by.
    """
    if phrase.strip() or reference is not None:
        return PartPrompt(part, phrase.strip(), image=reference, mask=reference_mask)
    if own is None:
        raise InputError(
            "phrase: got none and no reference picture, wanted what the part is to look like, as 'green velvet'"
        )
    return own


def looks_of(picture: Tensor, labels: Tensor, parts: Iterable[int] | None = None) -> tuple[PartPrompt, ...]:
    """Prompts that show each part as it is in `picture` [H, W, 3] with the map `labels` [H, W]; of all parts there, or
    of those of `parts` that are.
    """
    there = torch.unique(labels).tolist()
    chosen = there if parts is None else [part for part in there if part in set(parts)]
    image = picture[..., :3].detach().cpu().float()
    return tuple(PartPrompt(part, "", image=image, mask=(labels == part).float()) for part in chosen)


def edit_features(
    encoder: PartEncoder, memory: StyleMemory, wanted: PartPrompt, around: Sequence[PartPrompt]
) -> PartFeatures:
    """Features of an edit: the wanted part through the memory, the parts `around` exactly as the picture shows them;
    so too the wanted one, if it is one of these. Words and a reference picture of the wanted part count alike. Raises
    InputError if the memory is of another encoder.
    """
    shown = [prompt.part for prompt in around if prompt is wanted or prompt.part != wanted.part]
    as_shown = Locks({part: PartLock(blend=0.0) for part in shown})
    return retrieve(encoder, memory, PartPrompts(parts=tuple(around)).with_part(wanted), locks=as_shown, reference=BOTH)
