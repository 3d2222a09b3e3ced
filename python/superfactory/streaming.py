"""Streaming DiLoCo (arXiv 2501.18512): a fragment is sent, training goes on, and what was merged is mixed in some steps later."""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple, Union

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
        self._message: Dict[str, Any] = {}
        """What was said with the fragment that was sent last."""
        self._dealt: List[Any] = []
        """Which samples belong to what was sent last, and to the steps since."""
        self._given: List[Dict[str, int]] = []
        """Rounds that this trainer gave its work to, the newest last, as long as it is in fragments to be sent."""
        self._held: Optional[Dict[str, Any]] = None
        """Where this trainer stood when its job was held, until it stands there again."""

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
        self._begin(Turn.read(reply["turn"]))
        self._go_on()

    def add_step(self, loss: Loss, tokens: int) -> None:
        """Counts a step: sends, applies or waits where that is due."""
        # A loop that draws its own samples takes its steps anew.
        self._held = None
        self._taken += 1
        self._tokens += tokens
        self._loss_sum = self._loss_sum + loss * tokens
        self.steps += 1
        self._since += 1
        self._go_on()

    def counters(self) -> Dict[str, Any]:
        """What a restarted trainer goes on counting from: it begins the turn that this one is in."""
        return {**super().counters(), "steps": self.steps - self._taken}

    def standing(self) -> Optional[Dict[str, Any]]:
        """Between two merges: what this trainer has besides what it saves at one, to go on as if it had never stopped; None where nothing is sent."""
        if self._sent is None or not self._streams:
            return None
        return {
            "island": self._welcome.island,
            "parameters": {entry.name: entry.tensor for entry in self._table.parameters},
            "sent": self._session.given(self._table, self._sent.round % self._table.fragments),
            "message": self._message, "dealt": self._dealt, "earlier": self._given[:-1], "since": self._since, "steps": self.steps,
            "taken": self._taken, "tokens": self._tokens, "loss_sum": float(self._loss_sum),
        }

    def stand(self, held: Optional[Dict[str, Any]]) -> None:
        """The trainer is to go on, as soon as it has its samples, from where one of this island stood; another island's work is not its own."""
        self._held = held if held is not None and held["island"] == self._welcome.island else None

    def _begin(self, turn: Turn) -> None:
        """The first turn: where the job was held in it, with what had been sent of it, and taken of the next."""
        held, self._held = self._held, None
        if held is None or turn.following is None or turn.round != held["message"]["round"] or self._deals_of(turn) != held["dealt"]:
            # What is dealt now is not what it had trained on.
            self._enter(turn)
            return
        self.turn = turn
        self._attachments.load_tensors(held["parameters"])
        self._session.give_again(self._table, turn.round % self._table.fragments, held["sent"])
        self._message, self._dealt = held["message"], held["dealt"]
        self._session.post({**self._message, "earlier": held["earlier"]})
        self._given = [*held["earlier"], self._contributed()]
        self._sent, self._since, self.steps = turn, held["since"], held["steps"]
        self._enter(turn.following)
        self._taken, self._tokens, self._loss_sum = held["taken"], held["tokens"], held["loss_sum"]
        if self._samples is not None:
            self._samples.skip(self._taken)

    def _deals_of(self, turn: Optional[Turn]) -> List[Any]:
        """The samples of a turn and of the one after it, as plain values that can be compared."""
        found: List[Any] = []
        while turn is not None:
            deal = self._deals.get(turn.segment)
            found += [turn.first_turn, turn.steps, [] if deal is None else [deal.stride, deal.offset, deal.batch, deal.planned, [list(each) for each in deal.ranges]]]
            turn = turn.following
        return found

    def _contributed(self) -> Dict[str, int]:
        return {name: self._message[name] for name in ("round", "steps", "tokens")}

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
        self._message = self._merge_message(self._taken, self._tokens, self._loss_sum, overflow=False)
        self._session.post(self._message)
        self._given = [*(self._given[1 - self._table.fragments:] if self._table.fragments > 1 else []), self._contributed()]
        self._taken, self._tokens, self._loss_sum = 0, 0, 0.0
        self._dealt = self._deals_of(sent)
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
        self._given = []
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
