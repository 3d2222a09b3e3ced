"""The rounds of a run: what this island contributes, when, and what it takes back."""
from __future__ import annotations

from typing import Any, Dict, Optional, Union

from torch import Tensor

from .attachments import Attachments
from .hashing import parameters_hash
from .protocol import EVERY_STEP, Deal, Outcome, Turn, Welcome, to_json_number
from .samples import Samples
from .session import Session
from .state import load_state
from .stopwatch import Stopwatch
from .tensors import TensorTable
from .weights import TokenWeights

Loss = Union[float, Tensor]

ROUNDS_BETWEEN_HASHES = 100
"""Rounds of every-step between two in which the islands compare their parameters."""


class Rounds:
    """Counts the steps of a round, contributes at its end, and applies what was merged."""

    def __init__(self, session: Session, welcome: Welcome, table: TensorTable, attachments: Attachments, turn: Turn) -> None:
        self._session, self._welcome = session, welcome
        self._table, self._attachments = table, attachments
        self.turn = turn
        self.stopwatch = Stopwatch()
        self.steps = 0
        """Steps of this island so far."""
        self.last: Optional[Outcome] = None
        """What came of the last merge; None before the first."""
        self._taken = 0
        self._tokens = 0
        self._loss_sum: Loss = 0.0
        self._deal: Optional[Deal] = None
        self._samples: Optional[Samples] = None
        self._dataset = ""
        self._gain = 0.0
        """What a step adds to the progress."""
        self.weights = TokenWeights()
        """What a step's batches are expected to weigh."""
        self._kept: Optional[int] = None
        """Bytes of the step that was kept for islands that follow, until the next merge; None where none was."""
        attachments.with_parameters = self.merges_gradients

    @property
    def alone(self) -> bool:
        """Whether nothing is merged, outside a gang."""
        return self._session.alone

    @property
    def mode(self) -> str:
        """What the current round merges."""
        return self.turn.mode or self._welcome.mode

    @property
    def merges_gradients(self) -> bool:
        """Whether that is gradients, each step."""
        return self.mode == EVERY_STEP

    @property
    def progress(self) -> float:
        """Merged ÷ planned when the round began, and on by what its steps so far will have added."""
        return min(1.0, self.turn.progress + self._taken * self._gain)

    def declare(self, samples: Samples, dataset: str) -> None:
        """Tells the bridge how the loop draws samples, and takes its first deal."""
        reply = self._session.ask({"type": "data", "count": samples.count, "batch": samples.batch, "dataset": dataset})
        self._samples, self._dataset = samples, dataset
        self._learn(reply)
        self._adopt(Turn.read(reply["turn"]), Deal.read(reply.get("samples")))
        self._take_empty_turns()

    def plan_untracked(self, steps: int) -> None:
        """For a loop that draws no samples from the run: the steps that were planned, to tell the progress in a round."""
        if steps > 0:
            self._gain = 1.0 / steps

    def add_step(self, loss: Loss, tokens: int) -> None:
        """Counts a step in diloco mode; the round's last one merges."""
        self._taken += 1
        self._tokens += tokens
        self._loss_sum = self._loss_sum + loss * tokens
        self.steps += 1
        if self._taken >= self.turn.steps:
            self._merge_parameters()
            self._take_empty_turns()

    def merge_gradients(self, loss_sum: float, tokens: int, check_finite: bool) -> Outcome:
        """Merges the gradients of one step, in every-step mode; ``complete`` ends the step."""
        self.stopwatch.pause()
        self._attachments.settle()
        overflow = self._session.give_gradients(self._table, check_finite)
        outcome = self._contribute(1, tokens, loss_sum, overflow)
        if not outcome.skip:
            self._session.load_gradients(self._table)
        self.stopwatch.resume()
        return outcome

    def keep(self, outcome: Outcome) -> None:
        """Before the optimizers step, or skip, with what was merged: writes the step where an island follows."""
        if outcome.keep is not None and self._session.island.first and self._session.following is not None:
            self._kept = self._session.following.keep(outcome.keep, outcome.skip)

    def complete(self, outcome: Outcome) -> None:
        """The optimizer took its step with what was merged."""
        self.steps += 1
        self._take_up(outcome)
        self._anchor()
        self._take_empty_turns()

    def counters(self) -> Dict[str, Any]:
        """What a restarted trainer goes on counting from."""
        return {"steps": self.steps, "training_seconds": self.stopwatch.training_seconds,
                "wall_seconds": self.stopwatch.wall_seconds}

    def restore(self, counters: Dict[str, Any]) -> None:
        """Goes on counting from ``counters``."""
        self.steps = counters["steps"]
        self.stopwatch.restore(counters["training_seconds"], counters["wall_seconds"])

    def _merge_parameters(self) -> None:
        self.stopwatch.pause()
        self._session.give_parameters(self._table)
        taken, self._taken = self._taken, 0
        outcome = self._contribute(taken, self._tokens, float(self._loss_sum), overflow=False)
        self._tokens, self._loss_sum = 0, 0.0
        self._session.load_parameters(self._table)
        if outcome.reset and not self._session.alone:
            self._attachments.restore_moments(self._saved(outcome.round))
        self._adopt_optimizers(outcome)
        self._take_up(outcome)
        if not self.turn.finished and not self.merges_gradients:
            self._save()
        self.stopwatch.resume()

    def _save(self) -> None:
        """Keeps this trainer's own state for a restart in the present round."""
        self._session.save(self.turn.round)

    def _saved(self, round: int) -> Optional[Dict[str, Any]]:
        """What was kept when the round began that is merged now; None where nothing was."""
        return self._session.saved(round)

    def _adopt_optimizers(self, outcome: Outcome) -> None:
        """Where the mode changes to every-step, takes the optimizers' state that all islands go on with."""
        if outcome.state is not None:
            self._attachments.adopt_optimizers(load_state(outcome.state))
            # The bridge takes the file away with the next word: not before every process has read it.
            self._session.island.gather([0.0])

    def _anchor(self) -> None:
        """Where the mode changed from every-step, gives the bridge the parameters that it does not hold."""
        if self.merges_gradients or self.turn.finished:
            return
        self.stopwatch.pause()
        self._session.give_parameters(self._table)
        self._session.ask({"type": "anchor", "round": self.turn.round})
        self._save()
        self.stopwatch.resume()

    def _contribute(self, steps: int, tokens: int, loss_sum: float, overflow: bool) -> Outcome:
        self.stopwatch.hold()
        reply = self._session.begun(self._session.ask(self._merge_message(steps, tokens, loss_sum, overflow)))
        self.stopwatch.go_on()
        self._learn(reply)
        self.last = Outcome.read(reply)
        return self.last

    def _learn(self, reply: Dict[str, Any]) -> None:
        """What a reply says of samples besides those of its turn."""

    def _take_up(self, outcome: Outcome) -> None:
        """Goes on with what a merge was answered with."""
        self._adopt(outcome.turn, outcome.deal)

    def _merge_message(self, steps: int, tokens: int, loss_sum: Loss, overflow: bool) -> Dict[str, Any]:
        """What the island's processes contribute together."""
        trained, own = self.stopwatch.take()
        tokens, total, overflow = self._session.island.combine(tokens, float(loss_sum), overflow)
        kept, self._kept = self._kept, None
        return {"type": "merge", "round": self.turn.round, "steps": steps,
                "tokens": tokens, "loss_sum": to_json_number(total), "overflow": overflow, "seconds": trained, "own_seconds": own, **self._hashed(steps),
                **({} if kept is None else {"kept": kept})}

    def _hashed(self, steps: int) -> Dict[str, Any]:
        """In every-step, the parameters' hash every so many rounds: islands compare them."""
        if self._welcome.mode != EVERY_STEP or steps == 0 or self.turn.round % ROUNDS_BETWEEN_HASHES or not self._session.island.first:
            return {}
        # Buffers are each island's own while it trains; what is frozen is everybody's.
        return {"parameters": parameters_hash(entry.tensor for entry in [*self._table.parameters, *self._table.statics] if entry.role != "buffer")}

    def restore_elsewhere(self, outcome: Outcome) -> None:
        """This trainer's parameters are not the run's: it goes on from another trainer's state, or from the run's parameters where no trainer holds them."""
        counters = self._session.following.take_counters() if self._session.following is not None else None
        if counters is None and outcome.state is not None:
            counters = self._attachments.restore(self._session.load_state(outcome.state))
        if counters is not None:
            self.steps = counters["steps"]
            self.weights.load_state_dict(counters["weights"])
        elif not outcome.turn.finished:
            self._session.load_parameters(self._table)
        self.turn = outcome.turn
        if self._samples is not None and not outcome.turn.finished:
            self.declare(self._samples, self._dataset)

    def _adopt(self, turn: Turn, deal: Optional[Deal]) -> None:
        if deal is not None:
            self._deal = deal
            self._gain = deal.stride / deal.planned
        elif self._samples is None and not self._gain and turn.round and turn.progress:
            # Nobody said how long the run is: the first round's share, over its steps, tells.
            self._gain = turn.progress / max(1, self.steps)
        if self._samples is not None and not turn.finished:
            self._samples.deal(deal, turn)
        self.turn = turn
        self._attachments.with_parameters = self.merges_gradients

    def _take_empty_turns(self) -> None:
        """Contributes nothing where this island's share of a round is empty: the others' merge needs its word."""
        while not self.turn.finished and self.turn.steps == 0:
            self._take_empty_turn()

    def _take_empty_turn(self) -> None:
        if not self.merges_gradients:
            self._merge_parameters()
            return
        self.stopwatch.pause()
        self._session.give_gradients(self._table, check_finite=False)
        outcome = self._contribute(0, 0, 0.0, overflow=False)
        if outcome.restored:
            # The others took the optimizer's step, each in its loop: it is theirs that this trainer goes on from.
            self.stopwatch.resume()
            self.restore_elsewhere(outcome)
            return
        self._take_up(outcome)
        self.stopwatch.resume()
        self._anchor()

