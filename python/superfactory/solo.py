"""A run of one island without a bridge: what a loop gets that was started by hand, outside a gang."""
from __future__ import annotations

import os
from typing import Any, Callable, Dict, Optional

from .errors import SuperfactoryError
from .protocol import EVERY_STEP, from_json_number

Message = Dict[str, Any]


class SoloBridge:
    """Answers as a bridge does whose island is alone, in this process: nothing is merged, every step is a round.

    There is no arena: parameters and gradients stay where they are.
    """

    def __init__(self, steps: int, samples: int, seed: int, island: str) -> None:
        if (steps < 1) == (samples < 1):
            raise SuperfactoryError("outside a gang the run needs its length: superfactory.join(steps=1000), "
                                    "or the number of steps in SUPERFACTORY_STEPS")
        self._steps, self._samples = steps, samples
        self._seed, self._island = seed, island
        self._batch = 0
        self._planned = steps if steps > 0 else samples
        self._merged = 0
        self._round = 0

    def request(self, message: Message, answer: Optional[Callable[[Message], Optional[Message]]] = None) -> Message:
        """The reply to ``message``; SuperfactoryError where a bridge would refuse it."""
        kind = message["type"]
        handlers: Dict[str, Callable[[Message], Message]] = {
            "hello": self._hello, "register": self._register, "data": self._data, "merge": self._merge}
        if kind in handlers:
            return handlers[kind](message)
        replies: Dict[str, Message] = {
            "start": {"type": "begin", "turn": self._turn(), "load_merged": False},
            "saved": {"type": "ok"},
            "finalize": {"type": "finalized", "load_merged": False, "load_statics": False},
            "finish": {"type": "done"},
        }
        return replies[kind]

    def send(self, message: Message) -> None:
        """Reports and results have no reader here."""

    def close(self) -> None:
        """There is nothing to leave."""

    def _hello(self, _: Message) -> Message:
        return {"type": "welcome", "run": 0, "island": self._island, "islands": [self._island], "index": 0,
                "mode": EVERY_STEP, "every": 1, "seed": self._seed}

    def _register(self, message: Message) -> Message:
        if not any(tensor["role"] == "parameter" for tensor in message["tensors"]):
            raise SuperfactoryError("the trainer registers no parameters that are trained: "
                                    "give run.synchronize a model with parameters that require gradients")
        return {"type": "arena"}

    def _data(self, message: Message) -> Message:
        if self._round:
            raise SuperfactoryError("run.samples was called after the first step: call it before")
        self._batch = message["batch"]
        self._planned = self._samples or self._steps * self._batch
        deal = {"segment": 0, "ranges": [[0, self._planned]], "stride": self._batch, "offset": 0,
                "batch": self._batch, "planned": self._planned}
        return {"type": "deal", "samples": deal, "turn": self._turn()}

    def _merge(self, message: Message) -> Message:
        tokens, loss_sum = message["tokens"], from_json_number(message["loss_sum"])
        if loss_sum - loss_sum != 0.0:
            raise SuperfactoryError(f"the loss is {message['loss_sum']} at step {self._round + 1}: "
                                    "the run cannot go on from it")
        self._round += 1
        self._merged = min(self._planned, self._merged + max(1, self._batch))
        return {"type": "merged", "round": self._round - 1, "tokens": tokens,
                "loss": loss_sum / tokens if tokens else 0.0, "reset": False, "skip": False, "turn": self._turn()}

    def _turn(self) -> Message:
        finished = self._merged >= self._planned
        return {"round": self._round, "steps": 0 if finished else 1, "first_turn": self._round,
                "progress": self._merged / self._planned, "finished": finished}


def budget(job: Message, steps: Optional[int]) -> "tuple[int, int]":
    """Steps and samples of a run alone (one of them 0): from ``steps``, else SUPERFACTORY_STEPS, else the job."""
    if steps is not None:
        return steps, 0
    text = os.environ.get("SUPERFACTORY_STEPS", "")
    if text:
        if not text.isdigit():
            raise SuperfactoryError(f"SUPERFACTORY_STEPS is '{text}': expected a whole number of steps")
        return int(text), 0
    wanted = job.get("budget", {})
    return int(wanted.get("steps", 0)), int(wanted.get("samples", 0))
