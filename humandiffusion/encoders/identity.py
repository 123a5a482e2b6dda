"""What an encoder is called: `FAMILY-WEIGHTS-PREPROCESSING`, the last two as digests.

Vectors are comparable only if both are the same, so a memory stores this id and is refused where it is another. The
builtin encoder's digest covers its sizes and so what it does to crops; its id ends with it.
"""

import hashlib
from collections.abc import Iterable, Iterator

from torch import Tensor

from .crops import MARGIN

CROPS = f"square, white outside the part, margin {MARGIN}"  # as encoders/crops.py cuts them
_SAMPLES = 1024  # values of each weight that tell it from another where there are too many to read them all


def encoder_id(family: str, weights: str, preprocessing: str = "") -> str:
    """The id of digested weights; `preprocessing` is any text that says all that happens to a crop and a phrase."""
    done_to_them = hashlib.sha256(preprocessing.encode()).hexdigest()[:6] if preprocessing else ""
    return "-".join(filter(None, (family, weights, done_to_them)))


def digest(pieces: Iterable[bytes]) -> str:
    """12 hex digits of all pieces in their order."""
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(piece)
    return whole.hexdigest()[:12]


def all_values(tensors: dict[str, Tensor]) -> Iterator[bytes]:
    """Every value of every tensor as it is stored, by name."""
    for name in sorted(tensors):
        yield name.encode() + tensors[name].detach().cpu().contiguous().numpy().tobytes()


def some_values(tensor: Tensor) -> bytes:
    """A tensor's shape and a spread of its values in half precision: the same wherever it lies and in whatever
    precision it was loaded, and soon read.
    """
    flat = tensor.detach().flatten()
    some = flat[:: max(len(flat) // _SAMPLES, 1)].float().half().cpu()
    return repr(tuple(tensor.shape)).encode() + some.numpy().tobytes()
