"""Starts the trainers of islands as forked processes, and collects what came of them."""
from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

TIMEOUT_SECONDS = 120.0
_context = multiprocessing.get_context("fork")


@dataclass
class Ended:
    """What came of one process: its loop's result, or the text of its exception; standard error besides."""

    result: Any
    error: Optional[str]
    code: Optional[int]


class Trainer:
    """One process that runs ``loop(*arguments)`` in the environment that a gang gives."""

    def __init__(self, environment: Dict[str, str], loop: Callable[..., Any], *arguments: Any) -> None:
        self._receiver, sender = _context.Pipe(duplex=False)
        self.process = _context.Process(target=self._main, args=(sender, environment, loop, arguments))
        self.process.start()
        sender.close()

    @staticmethod
    def _main(sender: Any, environment: Dict[str, str], loop: Callable[..., Any], arguments: Sequence[Any]) -> None:
        os.environ.update(environment)
        try:
            sender.send((loop(*arguments), None))
            code = 0
        except BaseException as error:
            sender.send((None, f"{type(error).__name__}: {error}"))
            traceback.print_exc()
            code = 1
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(code)

    def wait(self) -> Ended:
        result, error = None, "it ended without a word"
        if self._receiver.poll(TIMEOUT_SECONDS):
            try:
                result, error = self._receiver.recv()
            except EOFError:
                pass  # it was ended from outside, or by os._exit
        self.process.join(TIMEOUT_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            return Ended(None, f"it did not end within {TIMEOUT_SECONDS:.0f} s", None)
        return Ended(result, error, self.process.exitcode)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_island(path: str, loop: Callable[..., Any], *arguments: Any, processes: int = 1) -> List[Trainer]:
    """Starts the processes of one island, whose bridge is at ``path``; a job's file may lie beside it."""
    port, job = str(free_port()), Path(path).with_name("job.json")
    named = {"SUPERFACTORY_JOB_FILE": str(job)} if job.exists() else {}
    return [Trainer({**named, "SUPERFACTORY_BRIDGE": path, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes),
                     "LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}, loop, *arguments)
            for rank in range(processes)]


def train(paths: Sequence[str], loop: Callable[..., Any], *arguments: Any, processes: int = 1) -> List[List[Any]]:
    """Runs ``loop`` in every process of every island; results by island and rank. Fails where one failed."""
    started = [start_island(path, loop, *arguments, processes=processes) for path in paths]
    ended = [[each.wait() for each in island] for island in started]
    for number, island in enumerate(ended):
        for rank, each in enumerate(island):
            assert each.code == 0, f"island {number}, rank {rank}: {each.error} (exit code {each.code})"
    return [[each.result for each in island] for island in ended]
