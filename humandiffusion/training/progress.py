"""How far a run is."""

from pathlib import Path

from accelerate.state import PartialState
from torch import Tensor

from .metrics import Metrics


class Progress:
    """Steps done and seconds spent, kept with a checkpoint; figures go to `metrics.csv`.

    A run puts its `losses` here in every step, and `batch`, pictures in this process, where that is not `--batch`.
    """

    def __init__(self, out: Path) -> None:
        self.step, self.seconds, self.out = 0, 0.0, out
        self.losses: dict[str, Tensor] = {}
        self.batch: int | None = None
        self.metrics = Metrics(out)

    def log(self, **values: float) -> None:
        """Append one line of figures."""
        if PartialState().is_main_process:
            self.metrics.write(self.step, self.seconds, values)

    def state_dict(self) -> dict[str, float]:
        """For `Accelerator.register_for_checkpointing`."""
        return {"step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """The inverse of `state_dict`."""
        self.step, self.seconds = int(state["step"]), state["seconds"]
