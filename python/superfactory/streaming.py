"""Streaming DiLoCo (arXiv 2501.18512): a fragment is sent, training goes on, and what was merged is mixed in some steps later."""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Optional, Tuple, Union

from torch import Tensor

from .attachments import Attachments
from .protocol import Deal, Outcome, Turn, Welcome
from .rounds import Rounds
from .samples import Samples
from .session import Session
from .tensors import TensorTable

Loss = Union[float, Tensor]


class StreamingRounds(Rounds):
    """Counts steps, sends the next fragment at the end of each round, and applies its result while the next round's steps are taken.

    A round's steps may begin before the result of the round before is here: ``turn`` is the one that the steps belong to.
    """

    def __init__(self, session: Session, welcome: Welcome, table: TensorTable, attachments: Attachments, turn: Turn) -> None:
        super().__init__(session, welcome, table, attachments, turn)
        assert welcome.streaming is not None
        self._mixing = welcome.streaming.mixing
        self._earliest, self._latest = welcome.streaming.bounds(table.fragments)
        self._sent: Optional[Turn] = None
        """The round that is being merged; None where none is."""
        self._since = 0
        """Steps since it was sent."""
        self._deals: Dict[int, Deal] = {}
        self._saved_for: Optional[int] = None
        """Where the newest state was kept; None where none was."""

    @property
    def _streams(self) -> bool:
        """Whether the present round is one of streaming."""
        return True

    @property
    def _bounds(self) -> Tuple[int, int]:
        """Steps after which a result is applied at the earliest, and after which it is waited for."""
        return self._earliest, self._latest

    def declare(self, samples: Samples, dataset: str) -> None:
        """Tells the bridge how the loop draws samples, and takes its first deals."""
        reply = self._session.ask({"type": "data", "count": samples.count, "batch": samples.batch, "dataset": dataset})
        self._samples = samples
        self._learn(reply)
        self._enter(Turn.read(reply["turn"]))
        self._go_on()

    def add_step(self, loss: Loss, tokens: int) -> None:
        """Counts a step: sends, applies or waits where that is due."""
        self._taken += 1
        self._tokens += tokens
        self._loss_sum = self._loss_sum + loss * tokens
        self.steps += 1
        self._since += 1
        self._go_on()

    def counters(self) -> Dict[str, Any]:
        """What a restarted trainer goes on counting from: it begins the turn that this one is in."""
        return {**super().counters(), "steps": self.steps - self._taken}

    def _go_on(self) -> None:
        while not self.turn.finished and self._streams:
            done = self._taken >= self.turn.steps
            if self._sent is None:
                if not done:
                    return
                self._send()
            elif not self._try_apply(must=done or self._since >= self._bounds[1]):
                return

    def _send(self) -> None:
        self.stopwatch.pause()
        sent = self.turn
        self._session.give_fragment(self._table, sent.round % self._table.fragments)
        self._session.post(self._merge_message(self._taken, self._tokens, self._loss_sum, overflow=False))
        self._taken, self._tokens, self._loss_sum = 0, 0, 0.0
        assert sent.following is not None
        self._sent, self._since = sent, 0
        self._enter(sent.following)
        self.stopwatch.resume()

    def _try_apply(self, must: bool) -> bool:
        assert self._sent is not None
        if not must and self._since < self._bounds[0]:
            return False
        self.stopwatch.pause()
        reply = self._session.poll()
        if reply is None and must:
            self.stopwatch.hold()
            self._session.tell({"type": "waits", "round": self._sent.round})
            reply = self._session.wait()
            self.stopwatch.go_on()
        if reply is not None:
            self._apply(reply)
        self.stopwatch.resume()
        return reply is not None

    def _apply(self, reply: Dict[str, Any]) -> None:
        outcome = Outcome.read(reply)
        assert self._sent is not None
        fragment, self._sent, self.last = self._sent.round % self._table.fragments, None, outcome
        self._learn(reply)
        if outcome.reset:
            self._begin_anew(outcome)
        else:
            self._session.mix_fragment(self._table, fragment, self._mixing)
            # The same turn as was announced, with what is known now of progress, and of what follows it.
            self.turn = outcome.turn
        if not self.turn.finished and self.turn.round % self._table.fragments == 0:
            self._save()

    def _save(self) -> None:
        self._saved_for = self.turn.round // self._table.fragments
        self._session.save(self.turn.round, self._saved_for)

    def _saved(self, round: int) -> Optional[Dict[str, Any]]:
        return self._session.saved(self._saved_for) if self._saved_for is not None else None

    def _begin_anew(self, outcome: Outcome) -> None:
        """What this island trained and did not merge everywhere is dealt again; it goes on from the run's parameters, all of them."""
        self._session.load_parameters(self._table)
        self._attachments.restore_moments(self._saved(outcome.round))
        self.steps -= self._taken
        self._taken, self._tokens, self._loss_sum = 0, 0, 0.0
        if self._samples is not None:
            self._samples.forget()
        # Other objects than before, so that an iteration under way sees that its deal is over.
        self._deals = {number: replace(each) for number, each in self._deals.items()}
        self._enter(outcome.turn)

    def _learn(self, reply: Dict[str, Any]) -> None:
        for name in ("samples", "following_samples"):
            deal = Deal.read(reply.get(name))
            if deal is not None:
                self._deals[deal.segment] = deal

    def _enter(self, turn: Turn) -> None:
        """Takes up a turn: its segment's samples, where another begins."""
        deal = self._deals.get(turn.segment) if self._samples is not None else None
        if deal is not None:
            self._deals = {number: each for number, each in self._deals.items() if number >= turn.segment}
            if self._deal is not None and deal.segment != self._deal.segment and self._samples is not None:
                self._samples.forget()
        self._adopt(turn, deal)
