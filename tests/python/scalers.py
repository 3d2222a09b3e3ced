"""A gradient scaler for the CPU with the interface of PyTorch's, which older versions have for CUDA alone."""
from __future__ import annotations

from typing import Any, Dict

import torch


class Scaler:
    """``found`` says whether the last unscale met a number that is not finite, as PyTorch's does inside."""

    def __init__(self, scale: float = 1024.0, growth_interval: int = 1000) -> None:
        self._scale, self._growth_interval, self._tracker = scale, growth_interval, 0
        self._found: Dict[int, bool] = {}
        self.history: "list[float]" = []

    def is_enabled(self) -> bool:
        return True

    def get_scale(self) -> float:
        return self._scale

    def get_backoff_factor(self) -> float:
        return 0.5

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        return loss * self._scale

    def unscale_(self, optimizer: Any) -> None:
        assert id(optimizer) not in self._found, "unscale_() has already been called on this optimizer"
        gradients = [each.grad for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
        for gradient in gradients:
            gradient.div_(self._scale)
        self._found[id(optimizer)] = not all(bool(torch.isfinite(each).all()) for each in gradients)

    def step(self, optimizer: Any) -> None:
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        if not self._found[id(optimizer)]:
            optimizer.step()

    def update(self, new_scale: Any = None) -> None:
        if new_scale is not None:
            self._scale = float(new_scale)
        elif any(self._found.values()):
            self._scale, self._tracker = self._scale * 0.5, 0
        else:
            self._tracker += 1
            if self._tracker == self._growth_interval:
                self._scale, self._tracker = self._scale * 2, 0
        self._found.clear()
        self.history.append(self._scale)

    def state_dict(self) -> Dict[str, Any]:
        return {"scale": self._scale, "tracker": self._tracker}

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        self._scale, self._tracker = state["scale"], state["tracker"]
