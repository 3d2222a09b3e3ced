"""What a trainer tells people: measurements on the way, results at the end."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Dict, Union

from torch import Tensor

from .errors import SuperfactoryError
from .protocol import to_json_number
from .rounds import Rounds
from .session import Session

REPORT_SECONDS = 0.25
"""The shortest time between two reports."""

TEXT_LENGTH_MAX = 65_536
"""Characters of a result's text."""

VALUES_MAX = 64
"""Names in one report, and results of one run."""


class Reporter:
    """Collects values by name and sends them when it is time: later values replace earlier ones of the same name."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._values: Dict[str, float] = {}
        self._results: Dict[str, float] = {}
        self._texts: Dict[str, str] = {}
        self._sent_at = clock()
        self._tokens = 0

    def step(self, step: int, loss: Union[float, Tensor], tokens: int) -> None:
        """Counts a step; the loss is only read from its device when a report is due."""
        self._tokens += tokens
        elapsed = self._clock() - self._sent_at
        if elapsed >= REPORT_SECONDS:
            self._values["loss"] = float(loss)
            self._values["tokens_per_second"] = self._tokens / elapsed
            self._flush(step)

    def report(self, step: int, values: Dict[str, Any]) -> None:
        """Adds the loop's own values."""
        for name, value in values.items():
            self._values[name] = _number(name, value)
        if len(self._values) > VALUES_MAX:
            raise SuperfactoryError(f"run.report has {len(self._values)} names: expected at most {VALUES_MAX}")
        if self._clock() - self._sent_at >= REPORT_SECONDS:
            self._flush(step)

    def result(self, name: str, value: Any) -> None:
        """Adds a number or a text to the run's results."""
        if isinstance(value, str):
            self._texts[name] = value[:TEXT_LENGTH_MAX]
        else:
            self._results[name] = _number(name, value)
        if len(self._results) + len(self._texts) > VALUES_MAX:
            raise SuperfactoryError(f"run.result has more than {VALUES_MAX} names")

    def finish(self, digest: str, rounds: Rounds, output: Union[str, Path, None]) -> None:
        """Sends what is left and the run's end; returns when every island has ended."""
        self._flush(rounds.steps)
        message: Dict[str, Any] = {
            "type": "finish", "parameters_sha256": digest, "steps": rounds.steps,
            "training_seconds": rounds.stopwatch.training_seconds, "wall_seconds": rounds.stopwatch.wall_seconds,
            "values": {name: to_json_number(value) for name, value in self._results.items()}, "texts": self._texts}
        if output is not None:
            message["output"] = str(output)
        self._session.ask_alone(message)

    def _flush(self, step: int) -> None:
        if self._values:
            values = {name: to_json_number(value) for name, value in self._values.items()}
            self._session.tell({"type": "report", "step": step, "values": values})
        self._values, self._tokens, self._sent_at = {}, 0, self._clock()


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise SuperfactoryError(f"'{name}' is reported as {type(value).__qualname__}: expected a number") from None
