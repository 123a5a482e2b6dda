"""What a search engine can do."""

from typing import Protocol

from torch import Tensor

from ..exact import Scope


class SearchEngine(Protocol):
    """Finds rows of one memory. `ExactSearch` is one; others are faster on large memories, and may miss some rows."""

    name: str

    def search(self, q: Tensor, parts: Tensor, k: int, scope: Scope = "part") -> tuple[Tensor, Tensor]:
        """The k best rows of each of q' [M, D], as `centre` gives them, each of its part (`parts` long [M]) or scope.

        Rows long [M, k], -1 where there was no more, best first, and their scores float32 [M, k], s_j = q' . m'_j.
        """
        ...
