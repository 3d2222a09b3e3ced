"""How long an island trained, and how long it took."""
from __future__ import annotations

import time
from typing import Callable, Optional, Tuple


class Stopwatch:
    """Seconds of training and of wall time, counted from the end of the first step.

    ``pause`` and ``resume`` enclose what is not training: a merge, with the waiting and copying in it.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started: Optional[float] = None
        self._paused: Optional[float] = None
        self._waited = 0.0
        self._resumed: float = clock()
        self._mark = self._resumed
        self._trained = self._own = 0.0
        self.training_seconds = 0.0
        self.wall_seconds = 0.0

    def pause(self) -> None:
        """A merge begins."""
        self._paused = self._mark = self._clock()
        self._trained += self._paused - self._resumed

    def resume(self) -> None:
        """A merge ended."""
        self._resumed = self._clock()
        self._own += self._resumed - self._mark
        if self._paused is not None and self._started is not None:
            self._waited += self._resumed - self._paused
        self._paused = None

    def hold(self) -> None:
        """Within a pause: what follows is none of this process's work, such as waiting for others."""
        self._own += self._clock() - self._mark

    def go_on(self) -> None:
        """Ends ``hold``."""
        self._mark = self._clock()

    def leave(self) -> None:
        """What follows, outside any pause, is neither training nor a merge: it is counted nowhere."""
        self._mark = self._clock()
        self._trained += self._mark - self._resumed

    def back(self) -> None:
        """Ends ``leave``."""
        self._resumed = self._clock()
        if self._started is not None:
            self._started += self._resumed - self._mark

    def take(self) -> Tuple[float, float]:
        """Seconds of training, and of own work in pauses, since this was last called."""
        taken = self._trained, self._own
        self._trained = self._own = 0.0
        return taken

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
