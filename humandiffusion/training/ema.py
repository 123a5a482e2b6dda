"""Moving averages of weights: what a run saves."""

import torch
from torch import Tensor, nn


class Ema:
    """Exponential moving average of a module's weights, with a warm-up so that early steps do not linger."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.weights = {name: tensor.detach().clone().float() for name, tensor in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """One step of the average. The average moves to where the module is."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, tensor in module.state_dict().items():
            if tensor.dtype.is_floating_point:
                average = self.weights[name] = self.weights[name].to(tensor.device)
                average.lerp_(tensor.detach().float(), 1 - decay)
            else:
                self.weights[name] = tensor.detach().clone()

    def weights_on_cpu(self) -> dict[str, Tensor]:
        """The average, to be written."""
        return {name: tensor.cpu() for name, tensor in self.weights.items()}

    def state_dict(self) -> dict[str, object]:
        """For `Accelerator.register_for_checkpointing`."""
        return {"steps": self.steps, "weights": self.weights}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """The inverse of `state_dict`."""
        self.steps, self.weights = state["steps"], state["weights"]  # type: ignore[assignment]
