"""The samples that the run deals to this process, as something that a DataLoader can draw from."""
from __future__ import annotations

from typing import Iterator, Optional

import numpy
from numpy.typing import NDArray
from torch.utils.data import Sampler

from .errors import SuperfactoryError
from .order import sample_indices
from .protocol import Deal, Turn

TURNS_DRAWN_AT_ONCE = 64
"""Turns whose indices are computed in one vectorized call: 64 × batch numbers of 8 bytes."""


class Samples(Sampler[int]):
    """Indices of this process's samples, in the order of training: give it to a DataLoader as its ``sampler``.

    The DataLoader's batch size must divide ``batch`` (shared over the island's processes); ``run.step`` takes up the oldest
    batch that was drawn and not yet trained on, however far workers have read ahead. Iteration ends where the dealt
    segment ends, or where islands came or went and the rest is dealt anew. A new iteration takes the next segment, or takes up this one at the first batch not trained on yet.
    """

    def __init__(self, count: int, batch: int, seed: int, rank: int, world: int) -> None:
        if count < 1 or batch < 1:
            raise SuperfactoryError(f"run.samples(count={count}, batch={batch}): expected both to be 1 or more")
        if batch % world:
            raise SuperfactoryError(f"run.samples(batch={batch}): expected a multiple of the island's {world} processes")
        self.count, self.batch = count, batch
        self._seed, self._rank, self._world = seed, rank, world
        self._deal: Optional[Deal] = None
        self._line: NDArray[numpy.int64] = numpy.empty((0, 3), dtype=numpy.int64)
        self._next = 0
        """The first turn not trained on yet."""
        self._drawn = 0
        """The first turn not drawn yet; at least ``_next``."""
        self._part = 0
        """Batches of turn ``_next`` that were trained on: where islands are away, a turn has more than one."""
        self._counted = 0
        """Samples of the oldest batch that ``completes_step`` has counted."""
        self._exhausted_at = -1
        self._stale = 0
        """Batches that workers read ahead and that are not trained on."""

    def deal(self, deal: Optional[Deal], turn: Turn) -> None:
        """The run dealt a new segment (where ``deal`` is given), or goes on at ``turn``."""
        if deal is not None and (self._deal is None or deal.segment != self._deal.segment):
            if self._deal is not None and self._drawn > self._next:
                raise SuperfactoryError("the run dealt a new segment of samples before the last one was used up")
            self._deal = deal
            starts = numpy.array([start for start, _ in deal.ranges], dtype=numpy.int64)
            sizes = numpy.array([end - start for start, end in deal.ranges], dtype=numpy.int64)
            self._line = numpy.stack((numpy.cumsum(sizes) - sizes, starts, sizes), axis=1) if len(starts) else self._line[:0]
            self._next = self._drawn = turn.first_turn
            self._exhausted_at, self._counted, self._part = -1, 0, 0
        elif self._deal is not None and turn.steps and turn.first_turn != self._next:
            raise SuperfactoryError(f"the run goes on at turn {turn.first_turn} of its samples, this loop at turn "
                                    f"{self._next}: bridge and client do not agree")

    def skip(self, turns: int) -> None:
        """The first ``turns`` of what is dealt were trained on by a process before this one."""
        self._next += turns
        self._drawn = max(self._drawn, self._next)

    def forget(self) -> None:
        """What was drawn is not trained on: the next deal may begin anywhere, and the iteration under way ends."""
        self._stale += max(0, self._drawn - self._next)
        self._deal = None

    def discard(self) -> bool:
        """Whether the oldest batch that was drawn is none of this island's any more: it was read ahead, and dealt anew."""
        if self._stale == 0:
            return False
        self._stale -= 1
        self._counted = 0
        return True

    def consume(self) -> int:
        """``run.step`` trained on the oldest drawn batch; returns the number of its samples in this process."""
        if self._deal is None or self._next >= self._deal.turns:
            raise SuperfactoryError("run.step was called more often than the run dealt samples: "
                                    "call it once for each batch of run.samples")
        if self._next >= self._drawn:
            raise SuperfactoryError("run.step was called before its samples were drawn: "
                                    "draw every batch from run.samples, or do not call run.samples at all")
        size, last = self.due(), self.completes_turn
        self._next, self._part = (self._next + 1, 0) if last else (self._next, self._part + 1)
        self._counted = 0
        return size

    def due(self) -> int:
        """Samples of this process in the oldest batch that is not trained on yet; 0 where there is none."""
        if self._deal is None or self._next >= self._deal.turns:
            return 0
        return min(self._own, self._left())

    @property
    def completes_turn(self) -> bool:
        """Whether the oldest batch that is not trained on yet is the last of this island's step."""
        return self._deal is None or self._next >= self._deal.turns or self._left() <= self._own

    def completes_step(self, count: int) -> bool:
        """For gradient accumulation: ``count`` more samples went through backward; whether they complete the step's.

        Right also for a last, smaller batch, where counting micro-batches would wait for ones that never come.
        """
        self._counted += count
        return self._counted >= self.due()

    def __len__(self) -> int:
        """Samples of this process from the first batch not trained on yet to the end of the segment."""
        if self._deal is None or self._next >= self._deal.turns:
            return 0
        whole = self._deal.turns - 1 - self._next
        return whole * (self._deal.batch // self._world) + len(self._places(self._deal.turns - 1)) - self._part * self._own

    def __iter__(self) -> Iterator[int]:
        deal = self._deal
        if deal is None:
            raise SuperfactoryError("run.samples was iterated before run.synchronize")
        if self._exhausted_at == self._next and self._next < deal.turns:
            raise SuperfactoryError(
                f"the last {len(self)} samples of the segment were drawn and run.step was not called for them: "
                "call it also for a last, smaller batch (samples.completes_step says when)")
        self._drawn = self._next
        self._counted = 0
        while self._deal is deal and self._drawn < deal.turns:
            first = self._drawn
            turns = [self._places(each) for each in range(first, min(first + TURNS_DRAWN_AT_ONCE, deal.turns))]
            if first == self._next and self._part:
                turns[0] = turns[0][self._part * self._own:]
            indices = sample_indices(self._positions(numpy.concatenate(turns)), self.count, self._seed).tolist()
            place = 0
            for turn, places in enumerate(turns, first):
                if self._deal is not deal:
                    # Islands came or went, and what is left was dealt anew: the rest of this iteration belongs to others.
                    return
                # Counted as drawn with its first sample: a loop may take its step before the iterator is resumed.
                self._drawn = turn + 1
                for index in indices[place:place + len(places)]:
                    yield index
                place += len(places)
        if self._deal is deal:
            self._exhausted_at = self._next

    @property
    def _own(self) -> int:
        """Samples of one batch in this process."""
        return self.batch // self._world

    def _left(self) -> int:
        """Samples of turn ``_next`` in this process that are not trained on yet."""
        return len(self._places(self._next)) - self._part * self._own

    def _places(self, turn: int) -> NDArray[numpy.int64]:
        """This process's places on the segment's line in a turn.

        In a turn that the line's end cuts off, the island's processes still take equally many, so that none waits for
        another's backward pass: the last places stand in once more where the number does not divide.
        """
        deal = self._deal
        assert deal is not None
        start = turn * deal.stride + deal.offset
        size = min(deal.batch, deal.length - start)
        share = -(-size // self._world)
        places = numpy.arange(self._rank * share, (self._rank + 1) * share, dtype=numpy.int64)
        return start + numpy.minimum(places, size - 1)

    def _positions(self, places: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
        """The positions in the run's order that stand at places of the line."""
        rows = numpy.searchsorted(self._line[:, 0], places, side="right") - 1
        return self._line[rows, 1] + places - self._line[rows, 0]


