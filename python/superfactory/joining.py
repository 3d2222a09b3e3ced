"""How a process becomes part of a run."""
from __future__ import annotations

import atexit
import os
import sys
from typing import Any, Optional

from .channel import BridgeChannel
from .environment import Environment
from .errors import SuperfactoryError
from .island import Island
from .lanes import join_lanes
from .protocol import CLIENT_VERSION, PROTOCOL_VERSION, Welcome
from .run import Run
from .session import Session
from .solo import SoloBridge, budget


def join(*, steps: Optional[int] = None, seed: Optional[int] = None) -> Run:
    """Joins the run that this process was started for.

    Outside a gang (no ``SUPERFACTORY_BRIDGE`` in the environment) it is a run of one island: the same calls, and plain
    training. ``steps`` is then its length in optimizer steps, with ``SUPERFACTORY_STEPS`` and the job file's budget where
    it is not given, and ``seed`` the seed of the order of samples, default 1; in a gang the job says both.
    In an island of several processes it initialises torch.distributed where the loop has not.
    """
    environment = Environment.read()
    if environment.lanes and environment.bridge is not None:
        return _run(environment, join_lanes(environment))
    island = Island(environment)
    bridge: Any = _Silent()
    if environment.bridge is None:
        wanted, samples = budget(environment.job, steps)
        bridge = SoloBridge(wanted, samples, int(environment.job.get("seed", 1) if seed is None else seed), environment.island)
    elif island.first:
        bridge = BridgeChannel(environment.bridge)
    return _run(environment, Session(bridge, island))


def _run(environment: Environment, session: Session) -> Run:
    reply = session.ask({"type": "hello", "protocol": PROTOCOL_VERSION, "client": CLIENT_VERSION,
                         "pid": os.getpid(), "world": environment.world})
    run = Run(environment, session, Welcome.read(reply))
    atexit.register(_finish_at_exit, run)
    return run


class _Silent:
    """Stands for the bridge in the island's other processes, which hear from the first."""

    def request(self, message: Any, answer: Any = None) -> Any:
        raise SuperfactoryError(f"'{message['type']}' was asked by another process than the island's first")

    def poll(self, answer: Any = None) -> Any:
        raise SuperfactoryError("a reply was taken by another process than the island's first")

    def wait(self, answer: Any = None) -> Any:
        raise SuperfactoryError("a reply was taken by another process than the island's first")

    def send(self, message: Any) -> None:
        raise SuperfactoryError(f"'{message['type']}' was sent by another process than the island's first")

    def close(self) -> None:
        """There is nothing to leave."""


def _finish_at_exit(run: Run) -> None:
    # After an exception the run must not look as if it had ended well.
    if run.finished and not run.closed and not hasattr(sys, "last_type"):
        run.finish()
