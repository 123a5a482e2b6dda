"""The best of a batch."""

import math
from collections.abc import Sequence

from ..errors import InputError


def best(scores: Sequence[float], keep: int) -> list[int]:
    """Indices of the `keep` highest scores (or of all, if there are fewer), best first; of equals the earlier one.
    A score that is no number is the lowest.

    Raises InputError for no scores or a `keep` below 1.
    """
    if not scores:
        raise InputError("scores: got none, wanted one for each picture")
    if keep < 1:
        raise InputError(f"keep: got {keep}, wanted 1 or more")
    return sorted(range(len(scores)), key=lambda i: math.inf if math.isnan(scores[i]) else -scores[i])[:keep]
