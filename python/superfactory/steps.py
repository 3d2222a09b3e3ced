"""A loop's steps: the optimizer's part, and where the gradients are merged in it."""
from __future__ import annotations

import math
import warnings
from typing import Any, List, Optional, Union

from torch import Tensor

from .accumulation import Accumulation
from .attachments import Attachments
from .observe import GradientObserver
from .protocol import AUTO, EVERY_STEP, Outcome
from .rounds import Rounds
from .tensors import TensorTable

Loss = Union[float, Tensor]


class Stepper:
    """Takes optimizer steps: where gradients are merged each step with those, else with the island's own."""

    def __init__(self, mode: str, rounds: Rounds, table: TensorTable, attachments: Attachments, optimizers: List[Any]) -> None:
        self._rounds = rounds
        self._attachments = attachments
        self._optimizers = optimizers
        self._observer = (GradientObserver((entry.tensor for entry in table.parameters), optimizers)
                          if mode in (EVERY_STEP, AUTO) else None)
        self.weights = rounds.weights
        self._outcome: Optional[Outcome] = None
        """What came of this step's gradients; None until they are merged."""
        self._loss_before = 0.0
        self._told = False
        self._accumulation = Accumulation(table)
        self._units = self._tokens = 0
        """Samples and tokens of the batches of this step that are gathered."""
        self._gathered = False
        """Whether the gradients of this batch, which is not the step's last, are gathered."""

    def merge_gradients(self, units: int, loss: Optional[Loss], tokens: Optional[int], scaler: Any, last: bool = True) -> None:
        """Merges the gradients of a step, with its ``last`` batch, of ``units`` samples; nothing outside every-step mode."""
        if not self._rounds.merges_gradients or self._outcome is not None or self._gathered:
            return
        weight = int(tokens) if tokens is not None else self.weights.estimate(units)
        # A loss that is not finite was refused with its own gradients: it is not held against the next step's.
        value = float(loss) if loss is not None else self._loss_before if math.isfinite(self._loss_before) else 0.0
        if not last:
            self._accumulation.add(value * weight, weight)
            self._gathered = True
            return
        loss_sum, weight = self._accumulation.take(value * weight, weight)
        loss_sum, weight = loss_sum + value * self.weights.owed, weight + self.weights.owed
        self._outcome = self._rounds.merge_gradients(loss_sum, weight, self._uses_scaler(scaler))

    def step(self, units: int, loss: Loss, tokens: int, scaler: Any, last: bool = True) -> None:
        """The optimizer's step, and a merge where it is due; before the step's ``last`` batch neither."""
        if not self._rounds.merges_gradients:
            self._step_optimizers(scaler)
            self.weights.settle(units, tokens)
            if self._observer is not None:
                self._observer.clear()
            self._rounds.add_step(loss, tokens)
            return
        if self._outcome is None and not self._gathered:
            self._merge_in_step(units, loss, tokens, scaler, last)
        if not last:
            self._pass_over(units, loss, tokens, scaler)
            return
        outcome = self._outcome
        assert outcome is not None
        if outcome.restored:
            self._restore(outcome, scaler)
            return
        self._rounds.keep(outcome)
        if outcome.skip:
            self._skip(scaler)
        else:
            self._step_optimizers(scaler)
        self.weights.settle(self._units + units, self._tokens + tokens)
        self._units = self._tokens = 0
        self._loss_before = float(loss)
        self._outcome = None
        if self._observer is not None:
            self._observer.clear()
        self._rounds.complete(outcome)

    def close(self) -> None:
        """Leaves the loop's functions as they were."""
        if self._observer is not None:
            self._observer.close()

    def _restore(self, outcome: Outcome, scaler: Any) -> None:
        """Another trainer's state takes the place of this step."""
        self._outcome = None
        self._units = self._tokens = 0
        if self._observer is not None:
            self._observer.clear()
        if scaler is not None and scaler.is_enabled():
            scaler.update(scaler.get_scale())
        self._rounds.restore_elsewhere(outcome)

    def _pass_over(self, units: int, loss: Loss, tokens: int, scaler: Any) -> None:
        """A batch whose gradients are gathered: the loop goes on to the next as after a step."""
        self._gathered = False
        self._units, self._tokens = self._units + units, self._tokens + tokens
        self._loss_before = float(loss)
        if self._observer is not None:
            self._observer.clear()
        if scaler is not None and scaler.is_enabled():
            # Its scale stays; what it remembers of this batch's gradients would keep it from the next ones.
            scaler.update(scaler.get_scale())

    def _merge_in_step(self, units: int, loss: Loss, tokens: int, scaler: Any, last: bool) -> None:
        observer = self._observer
        assert observer is not None
        if observer.clipped_by is not None and not self._told and not self._rounds.alone:
            self._told = True
            warnings.warn(
                f"superfactory: {observer.clipped_by} clipped this island's own gradients before they were merged: "
                f"call run.merge_gradients() between backward() and {observer.clipped_by}, so that the mean is clipped",
                stacklevel=4)
        if scaler is not None and scaler.is_enabled() and observer.unscaled_by is None:
            for optimizer in self._optimizers:
                scaler.unscale_(optimizer)
        self.merge_gradients(units, loss, tokens, scaler, last)

    def _uses_scaler(self, scaler: Any) -> bool:
        observer = self._observer
        candidates = [scaler, observer.unscaled_by if observer is not None else None, *self._attachments.objects]
        return any(hasattr(each, "unscale_") and each.is_enabled() for each in candidates)

    def _step_optimizers(self, scaler: Any) -> None:
        for optimizer in self._optimizers:
            if scaler is not None:
                scaler.step(optimizer)
            else:
                optimizer.step()
        if scaler is not None:
            scaler.update()

    def _skip(self, scaler: Any) -> None:
        """An overflow on any island: none steps, and every scaler backs off alike, this island's own finding or not."""
        if scaler is not None and scaler.is_enabled():
            scaler.update(scaler.get_scale() * scaler.get_backoff_factor())
