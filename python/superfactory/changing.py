"""A run that chooses by itself what it merges: each turn says it, and rounds of every-step, diloco and streaming follow one another."""
from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from .protocol import STREAMING, Deal, Outcome, Turn
from .rounds import Loss, Rounds
from .samples import Samples
from .streaming import StreamingRounds


class ChangingRounds(StreamingRounds):
    """Takes each round's steps as its mode wants them, and goes over where a merge is answered with another mode.

    Streaming ends with rounds without steps, after which every fragment has everything: then all parameters are the run's.
    """

    _places = 0
    """States kept so far: two files take turns, whatever the rounds are that they are kept for."""

    def declare(self, samples: Samples, dataset: str) -> None:
        """Tells the bridge how the loop draws samples, and takes its first deals."""
        reply = self._session.ask({"type": "data", "count": samples.count, "batch": samples.batch, "dataset": dataset})
        self._samples, self._dataset = samples, dataset
        self._learn(reply)
        turn = Turn.read(reply["turn"])
        if turn.mode == STREAMING:
            self._begin(turn)
        else:
            self._adopt(turn, Deal.read(reply.get("samples")))
        self._take_empty_turns()

    def add_step(self, loss: Loss, tokens: int) -> None:
        """Counts a step of diloco or streaming, with the merge that is due after it."""
        if not self._streams:
            Rounds.add_step(self, loss, tokens)
            return
        super().add_step(loss, tokens)
        if not self._streams:
            self._take_empty_turns()

    def counters(self) -> Dict[str, Any]:
        """What a restarted trainer goes on counting from."""
        return {**super().counters(), "places": self._places}

    def restore(self, counters: Dict[str, Any]) -> None:
        """Goes on counting from ``counters``."""
        super().restore(counters)
        self._places = counters.get("places", 0)

    @property
    def _streams(self) -> bool:
        return self.mode == STREAMING

    @property
    def _bounds(self) -> Tuple[int, int]:
        sent = self._sent if self._sent is not None else self.turn
        return sent.delay or 0, sent.delay or 0

    def _save(self) -> None:
        self._places += 1
        self._saved_for = self._places
        self._session.save(self.turn.round, self._places)

    def _take_up(self, outcome: Outcome) -> None:
        if outcome.turn.mode == STREAMING and not outcome.turn.finished:
            self._enter(outcome.turn)
        else:
            self._adopt(outcome.turn, outcome.deal)

    def _apply(self, reply: Dict[str, Any]) -> None:
        outcome = Outcome.read(reply)
        if outcome.turn.mode == STREAMING:
            super()._apply(reply)
            return
        self._sent, self.last = None, outcome
        self._session.load_parameters(self._table)
        if outcome.reset:
            self._attachments.restore_moments(self._saved(outcome.round))
            self.steps -= self._taken
            self._taken, self._tokens, self._loss_sum = 0, 0, 0.0
        self._adopt_optimizers(outcome)
        self._leave(outcome, outcome.deal)
        if not self.turn.finished and not self.merges_gradients:
            self._save()

    def _leave(self, outcome: Outcome, deal: Optional[Deal]) -> None:
        """Takes up a turn that is none of streaming: of the same samples as before, unless they were dealt anew."""
        known = self._deal
        if self._samples is not None and deal is not None and (outcome.reset or known is None or known.segment != deal.segment):
            self._samples.forget()
        self._deals = {} if deal is None else {deal.segment: deal}
        self._adopt(outcome.turn, deal)

    def _take_empty_turns(self) -> None:
        while not self.turn.finished:
            if self._streams:
                self._go_on()
                if self._streams:
                    return
            elif self.turn.steps > 0:
                return
            else:
                self._take_empty_turn()
