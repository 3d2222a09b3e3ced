"""How many tokens a step counts for, where gradients are merged before the loop has said so."""
from __future__ import annotations

import warnings
from typing import Any, Dict, Optional


class TokenWeights:
    """Estimates the tokens of a step from those of the steps before, for ``run.merge_gradients()`` without arguments.

    Exact where every sample has as many tokens as any other. The first step is weighted by its samples; what it had more in
    tokens is added to the second, on every island alike, so that the run's count of tokens is right.
    """

    def __init__(self) -> None:
        self._units = 0
        self._tokens = 0
        self._owed = 0
        self._sent: Optional[int] = None
        self._warned = False

    def estimate(self, units: int) -> int:
        """Tokens of a batch of ``units`` samples of the step that ``settle`` ends; at least 1."""
        average = self._tokens / self._units if self._units else 1.0
        sent = max(1, round(units * average))
        self._sent = sent + (self._sent or 0)
        return sent

    @property
    def owed(self) -> int:
        """Tokens to be counted with the pending step, besides those of its batches."""
        return self._owed if self._sent is not None else 0

    def settle(self, units: int, tokens: int) -> None:
        """The step is over: it had ``tokens``."""
        if self._sent is not None:
            self._owed = tokens - self._sent if not self._units else 0
            if self._units and tokens != self._sent and not self._warned:
                self._warned = True
                warnings.warn(
                    f"superfactory: run.merge_gradients() weighed a step by {self._sent} tokens, as those before, and run.step "
                    f"then counted {tokens}: pass them where they are needed, run.merge_gradients(loss=…, tokens=…)", stacklevel=4)
        self._units += units
        self._tokens += tokens
        self._sent = None

    def state_dict(self) -> Dict[str, Any]:
        """What another process needs to weigh the pending step as this one does."""
        return {"units": self._units, "tokens": self._tokens, "owed": self._owed}

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Goes on with what ``state_dict`` returned."""
        self._sent = None
        self._units, self._tokens, self._owed = state["units"], state["tokens"], state["owed"]
