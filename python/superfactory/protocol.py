"""What the bridge tells a trainer, as values. ``docs/trainer-protocol.md`` lists the messages."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from .fragments import StreamingTerms

PROTOCOL_VERSION = 1
"""The version of what trainer and bridge say to each other. The bridge refuses any other."""

CLIENT_VERSION = "0.1.0"
"""The version of this package, for people."""

DILOCO = "diloco"
EVERY_STEP = "every-step"
STREAMING = "streaming"
AUTO = "auto"
"""The run chooses by itself: each turn says what its round merges."""


@dataclass(frozen=True)
class Welcome:
    """Who this trainer is: the bridge's answer to hello."""

    run: int
    island: str
    islands: Tuple[str, ...]
    index: int
    mode: str
    every: int
    seed: int
    streaming: Optional[StreamingTerms] = None
    """What the job says of streaming; None in another mode."""

    @staticmethod
    def read(reply: Dict[str, Any]) -> "Welcome":
        return Welcome(reply["run"], reply["island"], tuple(reply["islands"]), reply["index"],
                       reply["mode"], reply.get("every", 1), reply.get("seed", 1),
                       StreamingTerms.read(reply.get("streaming"), reply.get("every", 1)))


@dataclass(frozen=True)
class Turn:
    """What the trainer does until its next merge."""

    round: int
    steps: int
    """Steps to take before it contributes; 0 asks for an empty contribution at once."""
    first_turn: int
    """The turn of its first step in the dealt samples."""
    progress: float
    """Merged ÷ planned when the round began."""
    finished: bool
    segment: int = 0
    """In streaming, the deal that its turns are counted in."""
    following: "Optional[Turn]" = None
    """In streaming, the turn after it, whose steps begin while this one is merged."""
    mode: Optional[str] = None
    """What the round merges, where the run chooses that by itself; None where it is the job's."""
    delay: Optional[int] = None
    """Where such a run streams, the steps from sending what the round merges to applying the result."""

    @staticmethod
    def read(reply: Dict[str, Any]) -> "Turn":
        following = reply.get("following")
        return Turn(reply["round"], reply["steps"], reply.get("first_turn", 0),
                    float(reply.get("progress", 0.0)), bool(reply.get("finished", False)), reply.get("segment", 0),
                    Turn.read(following) if following is not None else None, reply.get("mode"), reply.get("delay"))


@dataclass(frozen=True)
class Deal:
    """An island's samples as a rule: in turn t it takes the places ``t × stride + offset`` up to ``+ batch``
    on the line that the ranges make one after another, cut off at its end."""

    segment: int
    ranges: Tuple[Tuple[int, int], ...]
    stride: int
    offset: int
    batch: int
    planned: int

    @staticmethod
    def read(reply: Optional[Dict[str, Any]]) -> Optional["Deal"]:
        if reply is None:
            return None
        ranges = tuple((_bound(each, 0, "start"), _bound(each, 1, "end")) for each in reply["ranges"])
        return Deal(reply["segment"], ranges, reply["stride"], reply["offset"], reply["batch"], reply["planned"])

    @property
    def length(self) -> int:
        """Places on the line."""
        return sum(end - start for start, end in self.ranges)

    @property
    def turns(self) -> int:
        """Turns in which this island has at least one place."""
        beyond = self.length - self.offset
        return max(0, -(-beyond // self.stride))


def _bound(pair: Any, place: int, name: str) -> int:
    return int(pair[name] if isinstance(pair, dict) else pair[place])


@dataclass(frozen=True)
class Outcome:
    """What came of a merge."""

    round: int
    tokens: int
    loss: float
    reset: bool
    """This island's contribution was refused: it goes on from the merged model."""
    skip: bool
    """Every island skips this step because a gradient scaler found an overflow."""
    turn: Turn
    deal: Optional[Deal]
    state: Optional[str] = None
    """A file with the state whose optimizers this island goes on with, as the mode changes to every-step; where ``restored``, with all of a trainer's state."""
    restored: bool = False
    """Whether this trainer's parameters were not the run's, so that it goes on from another's state, where there is one, in place of the result."""
    keep: Optional[str] = None
    """A file to write the optimizer's step to, for islands that follow; None where none does."""

    @staticmethod
    def read(reply: Dict[str, Any]) -> "Outcome":
        if reply["type"] == "begin":
            return Outcome(reply["turn"]["round"] - 1, 0, math.nan, True, True, Turn.read(reply["turn"]), None, reply.get("state"), True)
        return Outcome(reply["round"], reply.get("tokens", 0), from_json_number(reply.get("loss", 0.0)),
                       bool(reply.get("reset", False)), bool(reply.get("skip", False)),
                       Turn.read(reply["turn"]), Deal.read(reply.get("samples")), reply.get("state"), keep=reply.get("keep"))


def to_json_number(value: float) -> Any:
    """A number as JSON has it; what is not finite becomes "NaN", "Infinity" or "-Infinity"."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def from_json_number(value: Any) -> float:
    """The other way round."""
    return float(value)
