"""Whether a run goes well: not a number, or a loss that climbs."""

import math
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..errors import InputError
from .checkpoints import last_checkpoint

_LEARNT = 100  # steps until a usual loss is known
_CLIMB = 3.0  # times the usual loss: worth a word
_PATIENCE = {"fp16": 8}  # steps that may overflow while its scale is found; elsewhere one spoils the weights


class Watch:
    """Looks at the losses of every step. `warning` is what is to be told of the last ones, empty if nothing."""

    def __init__(self, out: Path, precision: str) -> None:
        self.out, self.patience = out, _PATIENCE.get(precision, 0)
        self.warning = ""
        self._bad, self._seen, self._recent, self._usual, self._told = 0, 0, 0.0, 0.0, False

    def look(self, losses: Mapping[str, Tensor]) -> bool:
        """False once the run has to stop. Reads the losses, for which a GPU is waited for."""
        values = {name: float(loss) for name, loss in losses.items()}
        self.warning = ""
        wrong = [name for name, value in values.items() if not math.isfinite(value)]
        self._bad = self._bad + 1 if wrong else 0
        if wrong:
            self._names = ", ".join(wrong)
            return self._bad <= self.patience
        total = sum(abs(value) for value in values.values())
        self._seen += 1
        self._recent = total if self._seen == 1 else 0.9 * self._recent + 0.1 * total
        self._usual = total if self._seen == 1 else 0.99 * self._usual + 0.01 * total
        climbs = self._seen > _LEARNT and self._recent > _CLIMB * self._usual
        if climbs and not self._told:
            self.warning = f"the loss climbs: {self._recent:.3g} lately, {self._usual:.3g} before; is --lr too high?"
        self._told = climbs
        return True

    def failure(self, step: int) -> InputError:
        """What is raised where `look` said to stop."""
        last = last_checkpoint(self.out)
        kept = f"the checkpoint of step {int(last.name)} is good" if last else "no checkpoint was saved yet"
        return InputError(
            f"training: loss {getattr(self, '_names', 'of another process')} is not a number at step {step}; {kept}: "
            "go on from it with --resume and a smaller --lr, or --precision no"
        )
