"""Real bridges, joined by memory: the program ``tests/Superfactory.Sync.BridgePair``."""
from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

PROGRAM = (Path(__file__).resolve().parents[1] / "Superfactory.Sync.BridgePair" / "bin" / "Release" / "net10.0"
           / "Superfactory.Sync.BridgePair")
WAIT_SECONDS = 120.0


class BridgePair:
    """Bridges of one run; ``paths`` are their sockets. ``events`` holds what each has said, ``results`` what it ended with."""

    def __init__(self, mode: str = "diloco", every: int = 5, steps: int = 20, islands: int = 2, seed: int = 1,
                 outer: Tuple[float, float] = (0.9, 0.6), restarts: int = 3, number_format: str = "fp32",
                 trainer: Optional[Dict[str, Any]] = None, streaming: Optional[Dict[str, Any]] = None, held: Optional["BridgePair"] = None,
                 norm_limit: float = 10) -> None:
        self.seed, self.outer = seed, outer
        self._members = [{"island": f"island-{each}", "incarnation": 1} for each in range(islands)]
        self._epoch: Dict[str, Any] = {"number": 1, "members": self._members, "start": -1}
        # Short, because a socket's path has at most 107 bytes.
        self._temporary = tempfile.TemporaryDirectory(prefix="sfpair")
        self.directory = Path(self._temporary.name)
        job = {"name": "test", "kind": "pretrain", "sites": [f"island-{each}" for each in range(islands)],
               **({"trainer": trainer} if trainer else {"command": ["python3", "train.py"]}),
               "sync": {"mode": mode, "every": {"every-step": 1, "auto": 10}.get(mode, every), **(streaming or {}), "format": number_format, "result_format": number_format,
                        "norm_limit": norm_limit,
                        "outer": {"learning_rate": outer[0], "momentum": outer[1]}},
               "budget": {"steps": steps}, "seed": seed, "trainer_restarts_max": restarts}
        (self.directory / "submitted.json").write_text(json.dumps(job))
        self._errors = open(self.directory / "errors", "w+b")
        self._process = subprocess.Popen(
            [str(PROGRAM), "--job", str(self.directory / "submitted.json"), "--directory", str(self.directory),
             *(["--from", str(held.directory), "--round", f"{held.held:08}"] if held is not None else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        self._changed = threading.Condition()
        self.paths: List[str] = [""] * islands
        self.events: List[List[Dict[str, Any]]] = [[] for _ in range(islands)]
        self._ended = False
        self.held = -1
        """The round that every island saved when it was held."""
        threading.Thread(target=self._read, daemon=True).start()
        self.wait(lambda: all(any(each["type"] == "ready" for each in events) for events in self.events), "every bridge is ready")

    def results(self) -> List[Dict[str, Any]]:
        """Each island's result, once all have one."""
        self.wait(lambda: all(any(each["type"] == "finished" for each in events) for events in self.events), "the run finished")
        return [next(each["result"] for each in events if each["type"] == "finished") for events in self.events]

    def said(self, island: int, kind: str) -> List[Dict[str, Any]]:
        with self._changed:
            return [each for each in self.events[island] if each["type"] == kind]

    def command(self, island: int, kind: str) -> None:
        self._send({"island": island, "command": {"type": kind}})

    def change(self, mode: str, every: int, delay: int = 0) -> int:
        """Seals the epoch and begins one in which ``mode`` is merged; returns the last round before it."""
        return self._decide(self._members, {"schedule": {"mode": mode, "every": every, **({"delay": delay} if delay else {})}})

    def leave_out(self, island: int) -> int:
        """Begins an epoch without an island, which is not asked; returns the last round before it."""
        return self._decide([each for place, each in enumerate(self._members) if place != island], {"islands": [each["island"] for each in self._members]})

    def let_learn(self, island: int) -> None:
        """Starts a new incarnation of an island that was left out, with a bridge without memory, as a learner."""
        self._members[island] = {**self._members[island], "incarnation": self._members[island]["incarnation"] + 1}
        self._epoch = {**self._epoch, "learners": [self._members[island]], "change": self._epoch.get("change", 0) + 1}
        self._send({"island": island, "restart": True, "epoch": self._epoch})
        self._tell(self._epoch, [place for place in range(len(self.paths)) if place != island])

    def let_in(self) -> int:
        """Begins an epoch of all islands; returns the last round before it."""
        return self._decide(self._members, {})

    def _decide(self, members: List[Dict[str, Any]], more: Dict[str, Any]) -> int:
        everybody = [each["island"] for each in self._members]
        promise = [everybody.index(each["island"]) for each in self._epoch["members"] if each in members]
        number = self._epoch["number"]
        self._tell({**self._epoch, "sealed": True, "change": self._epoch.get("change", 0) + 1}, promise)

        def promised() -> List[int]:
            return [each["round"] for place in promise for each in self.events[place] if each["type"] == "sealed" and each["epoch"] == number]

        self.wait(lambda: len(promised()) == len(promise), f"every island left epoch {number}")
        start = max(promised())
        self._epoch = {"number": number + 1, "members": list(members), "start": start, **more}
        self._tell(self._epoch, [everybody.index(each["island"]) for each in members])
        return start

    def _tell(self, epoch: Dict[str, Any], islands: List[int]) -> None:
        for island in islands:
            self._send({"island": island, "command": {"type": "epoch", "epoch": epoch}})

    def hold(self) -> None:
        """Saves where every island stands, for another pair to go on from."""
        for island in range(len(self.paths)):
            self.command(island, "hold")

        def rounds() -> List[int]:
            saved = [{each["checkpoint"]["round"] for each in events if each["type"] == "checkpoint"} for events in self.events]
            return sorted(set.intersection(*saved))

        self.wait(lambda: bool(rounds()), "every island has saved the same round")
        self.held = rounds()[-1]

    def restart(self, island: int) -> None:
        self._send({"island": island, "restart": True})

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: condition() or self._ended, WAIT_SECONDS)
            assert done and condition(), f"{what}: not so; {self.events} {self._error_text()}"

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._temporary.cleanup()

    def _error_text(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def _send(self, message: Dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message: Dict[str, Any] = json.loads(line)
            with self._changed:
                if "socket" in message:
                    self.paths[message["island"]] = message["socket"]
                if "event" in message:
                    self.events[message["island"]].append(message["event"])
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def reason_not_to_run() -> Optional[str]:
    """Why tests with real bridges cannot run; None where they can."""
    if PROGRAM.is_file():
        return None
    return "needs the bridges: dotnet build tests/Superfactory.Sync.BridgePair -c Release"
