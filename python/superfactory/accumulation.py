"""The gradients of several batches as those of one step: for islands that are away, whose samples the others take."""
from __future__ import annotations

from typing import List, Optional, Tuple

import torch
from torch import Tensor

from .tensors import TensorTable


class Accumulation:
    """Sums the gradients of a step's batches, each weighted by its tokens. Holds memory between a step's first and last batch alone."""

    def __init__(self, table: TensorTable) -> None:
        self._table = table
        self._sums: List[Optional[Tensor]] = []
        self._tokens = 0
        self._loss_sum = 0.0

    @torch.no_grad()
    def add(self, loss_sum: float, tokens: int) -> None:
        """Adds the model's gradients, those of a batch that is not the step's last."""
        if not self._sums:
            self._sums = [None] * len(self._table.parameters)
        for place, entry in enumerate(self._table.parameters):
            if entry.tensor.grad is not None:
                part = _dense(entry.tensor.grad).float() * tokens
                known = self._sums[place]
                self._sums[place] = part if known is None else known.add_(part)
        self._tokens += tokens
        self._loss_sum += loss_sum

    @torch.no_grad()
    def take(self, loss_sum: float, tokens: int) -> Tuple[float, int]:
        """Makes the model's gradients, those of the step's last batch, the mean over all of them; returns the step's loss sum and tokens."""
        if not self._sums:
            return loss_sum, tokens
        self.add(loss_sum, tokens)
        for entry, total in zip(self._table.parameters, self._sums):
            if total is not None:
                entry.tensor.grad = (total / max(1, self._tokens)).to(entry.tensor.dtype)
        taken = self._loss_sum, self._tokens
        self._sums, self._tokens, self._loss_sum = [], 0, 0.0
        return taken


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient
