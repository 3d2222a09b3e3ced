"""How long an island trained, and how long it took."""
from __future__ import annotations

import time
from typing import Callable, Optional


class Stopwatch:
    """Seconds of training and of wall time, counted from the end of the first step.

    ``pause`` and ``resume`` enclose what is not training: a merge, with the waiting and copying in it.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started: Optional[float] = None
        self._paused: Optional[float] = None
        self._waited = 0.0
        self.training_seconds = 0.0
        self.wall_seconds = 0.0

    def pause(self) -> None:
        """A merge begins."""
        self._paused = self._clock()

    def resume(self) -> None:
        """A merge ended."""
        if self._paused is not None and self._started is not None:
            self._waited += self._clock() - self._paused
        self._paused = None

    def step(self) -> None:
        """A step ended, its merge included."""
        now = self._clock()
        if self._started is None:
            self._started = now - self.wall_seconds
            self._waited = self.wall_seconds - self.training_seconds
        self.wall_seconds = now - self._started
        self.training_seconds = self.wall_seconds - self._waited

    def restore(self, training_seconds: float, wall_seconds: float) -> None:
        """Counts on from what another process of this island had counted."""
        self.training_seconds, self.wall_seconds = training_seconds, wall_seconds
