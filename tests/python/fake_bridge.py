"""Bridges of a run as threads of the test, in plain NumPy: what the client is told, and a reference for the arithmetic."""
from __future__ import annotations

import json
import math
import mmap
import socket
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy

WAIT_SECONDS = 120.0
"""How long an island waits for the others before the test fails."""


class FakeRun:
    """Merges the islands whose trainers connect to ``paths``. ``finished`` holds each island's finish message."""

    def __init__(self, directory: Path, islands: int = 2, mode: str = "diloco", every: int = 5, steps: int = 20,
                 outer: Tuple[float, float] = (0.9, 0.6), seed: int = 1, times: int = 1) -> None:
        # Each island takes `times` of its batches in a step, as where others are away.
        self.directory, self.count, self.mode = directory, islands, mode
        self.every, self.steps, self.outer, self.seed = every if mode == "diloco" else 1, steps, outer, seed
        self.times = times
        self.compares_parameters = False
        self.repaired: List[str] = []
        self.names = [f"island-{each}" for each in range(islands)]
        self.finished: Dict[int, Dict[str, Any]] = {}
        self.contributions: List[List[Dict[str, Any]]] = []
        self.reports: List[Dict[str, Any]] = []
        self.tables: Dict[int, List[Dict[str, Any]]] = {}
        self.failure: Optional[str] = None
        self._changed = threading.Condition()
        self._given: Dict[Any, Dict[int, Any]] = {}
        self._results: Dict[Any, Any] = {}
        self._global: Optional[numpy.ndarray] = None
        self._statics = b""
        self._momentum: Any = None
        self._round, self._taken_untracked = 0, 0
        self._line: Optional[List[List[int]]] = None
        self._segment, self._turn, self._merged, self._planned = 0, 0, 0, 0
        self._batches: Dict[int, int] = {}
        self._returned: List[List[int]] = []
        self._refused_before: Dict[int, bool] = {}
        self.saved: Dict[int, Tuple[int, str]] = {}
        self._copy: Dict[int, str] = {}
        self._copied: Dict[int, bool] = {}
        self._started: Dict[int, bool] = {}
        self._sockets: List[socket.socket] = []
        self.connections: List[Optional[socket.socket]] = [None] * islands
        self.paths = [str(directory / f"{name}.sock") for name in self.names]
        for island, path in enumerate(self.paths):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            listener.listen(2)
            self._sockets.append(listener)
            threading.Thread(target=self._listen, args=(island, listener), daemon=True).start()

    def close(self) -> None:
        for each in self._sockets + [each for each in self.connections if each is not None]:
            each.close()

    def _listen(self, island: int, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections[island] = connection
            with connection, connection.makefile("rwb") as file:
                try:
                    _Trainer(self, island, file).serve()
                except Refusal as refusal:
                    file.write(json.dumps({"type": "failed", "reason": str(refusal)}).encode() + b"\n")
                    file.flush()
                except (OSError, ValueError):
                    continue  # the trainer ended; another may come

    def together(self, key: Any, island: int, value: Any, make: Any, idle: Any = lambda: None) -> Any:
        """Waits until every island gave a value under ``key``; returns what ``make`` makes of them, in island order."""
        with self._changed:
            self._given.setdefault(key, {})[island] = value
            given = self._given[key]
            if len(given) == self.count and key not in self._results:
                try:
                    self._results[key] = make([given[each] for each in range(self.count)])
                except Refusal as refusal:
                    self.failure = str(refusal)
            self._changed.notify_all()
            while key not in self._results and self.failure is None:
                if island in self._copy and not self._copied.get(island):
                    idle()
                    continue
                if not self._changed.wait(WAIT_SECONDS):
                    raise Refusal(f"island {island} waited for {key}")
            if self.failure is not None:
                raise Refusal(self.failure)
            return self._results[key]

    # The run's rules.

    def begin(self, parameters: List[numpy.ndarray], statics: List[bytes]) -> bool:
        tables = [self.tables[each] for each in range(self.count)]
        for name, table in zip(self.names, tables):
            for own, other in zip(tables[0], table):
                if own != other:
                    raise Refusal(f"{name} registers '{other['name']}' {other['shape']} where {self.names[0]} "
                                  f"registers '{own['name']}' {own['shape']}")
        self._global, self._statics = parameters[0].copy(), statics[0]
        self._momentum = numpy.zeros_like(self._global)
        return True

    def deal(self, batches: List[int]) -> bool:
        self._batches = {island: batch * self.times for island, batch in enumerate(batches)}
        self._planned = self.steps * sum(self._batches.values())
        self._line = [[0, self._planned]]
        return True

    def samples(self, island: int) -> Optional[Dict[str, Any]]:
        if self._line is None:
            return None
        return {"segment": self._segment, "ranges": self._line, "stride": sum(self._batches.values()),
                "offset": sum(self._batches[each] for each in range(island)), "batch": self._batches[island],
                "planned": self._planned}

    def turn(self, island: int) -> Dict[str, Any]:
        if self._line is None:
            left = self.steps - self._taken_untracked
            return {"round": self._round, "steps": max(0, min(self.every, left)), "first_turn": 0,
                    "progress": 1 - left / self.steps, "finished": left <= 0}
        steps = len(self._turns(island, self._turn, self._turn + self.every))
        return {"round": self._round, "steps": steps, "first_turn": self._turn,
                "progress": self._merged / self._planned, "finished": self._merged == self._planned}

    def _turns(self, island: int, start: int, end: int) -> List[Tuple[int, int]]:
        stride, batch = sum(self._batches.values()), self._batches[island]
        offset = sum(self._batches[each] for each in range(island))
        length = sum(end - start for start, end in self._line or [])
        places = [(each * stride + offset, min(each * stride + offset + batch, length)) for each in range(start, end)]
        return [(low, high) for low, high in places if low < high]

    def merge(self, given: List[Tuple[Dict[str, Any], numpy.ndarray]]) -> Dict[str, Any]:
        messages = [message for message, _ in given]
        self.contributions.append(messages)
        skip = any(message["overflow"] for message in messages)
        reset, weights = [], []
        for island, (message, local) in enumerate(given):
            value = numpy.float32(0) if message["steps"] == 0 or skip else local.sum() + numpy.float32(float(message["loss_sum"]))
            bad = not math.isfinite(value)
            if bad and self._refused_before.get(island):
                raise Refusal(f"{self.names[island]} contributed numbers that are not finite a second time")
            if message["steps"]:
                self._refused_before[island] = bad
            reset.append(bad)
            weights.append(0 if bad else message["tokens"])
        if all(reset):
            raise Refusal("the loss is not finite on every island")
        total = max(1, sum(weights))
        result = numpy.zeros_like(self._global)
        for (_, local), weight in zip(given, weights):
            if weight:
                change = self._global - local if self.mode == "diloco" else local
                result += numpy.float32(weight / total) * change
        if self.mode == "diloco":
            rate, factor = (numpy.float32(each) for each in self.outer)
            self._momentum = factor * self._momentum + result
            self._global = result = self._global - rate * (result + factor * self._momentum)
        self._account(reset)
        losses = sum(float(message["loss_sum"]) for message, weight in zip(messages, weights) if weight)
        return {"result": result, "reset": reset, "skip": skip, "tokens": total, "loss": losses / total}

    def _account(self, reset: List[bool]) -> None:
        self._round += 1
        if self._line is None:
            self._taken_untracked += self.every
            return
        for island, bad in enumerate(reset):
            for low, high in self._turns(island, self._turn, self._turn + self.every):
                if bad:
                    self._returned += self._positions(low, high)
                else:
                    self._merged += high - low
        self._turn += self.every
        stride = sum(self._batches.values())
        if self._turn * stride >= sum(end - start for start, end in self._line) and self._returned:
            self._segment, self._turn, self._line, self._returned = self._segment + 1, 0, self._returned, []

    def _positions(self, low: int, high: int) -> List[List[int]]:
        found, first = [], 0
        for start, end in self._line or []:
            a, b = max(low, first), min(high, first + end - start)
            if a < b:
                found.append([start + a - first, start + b - first])
            first += end - start
        return found


class Refusal(Exception):
    """What a bridge answers with ``failed``."""


class _Trainer:
    """One connection."""

    def __init__(self, run: FakeRun, island: int, file: Any) -> None:
        self.run, self.island, self.file = run, island, file

    def serve(self) -> None:
        while True:
            line = self.file.readline()
            if not line:
                return
            message = json.loads(line)
            reply = getattr(self, message["type"])(message)
            if reply is not None:
                self._write(reply)

    def _write(self, message: Dict[str, Any]) -> None:
        self.file.write(json.dumps(message).encode() + b"\n")
        self.file.flush()

    def hello(self, message: Dict[str, Any]) -> Dict[str, Any]:
        if message["protocol"] != 1:
            raise Refusal(f"the trainer speaks protocol {message['protocol']}, this bridge 1")
        run = self.run
        return {"type": "welcome", "protocol": 1, "run": 7, "island": run.names[self.island], "islands": run.names,
                "index": self.island, "mode": run.mode, "every": run.every, "seed": run.seed}

    def register(self, message: Dict[str, Any]) -> Dict[str, Any]:
        self.run.tables[self.island] = message["tensors"]
        size = sum(each["bytes"] for each in message["tensors"] if each["role"] == "parameter")
        if not size:
            raise Refusal("the trainer registers no parameters")
        self.size = size
        self.statics = sum(each["bytes"] for each in message["tensors"] if each["role"] != "parameter")
        self.merged_at = -(-size // 64) * 64
        self.statics_at = 2 * self.merged_at
        path = self.run.directory / f"arena-{self.island}"
        path.write_bytes(b"\0" * (self.statics_at + self.statics + 64))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        return {"type": "arena", "path": str(path), "bytes": len(self.map), "local": 0, "merged": self.merged_at,
                "statics": self.statics_at, "statics_bytes": self.statics}

    def _local(self) -> numpy.ndarray:
        return numpy.frombuffer(self.map[:self.size], dtype=numpy.float32).copy()

    def _give(self, result: numpy.ndarray) -> None:
        self.map[self.merged_at:self.merged_at + self.size] = result.tobytes()

    def start(self, _: Dict[str, Any]) -> Dict[str, Any]:
        run, again = self.run, self.run._started.get(self.island, False)
        run._started[self.island] = True
        state: Optional[str] = None
        if again and run.mode == "every-step":
            state = self._copy_from(1 - self.island)
        elif again and run.saved.get(self.island, (-1, ""))[0] == run._round:
            state = run.saved[self.island][1]
        own = self._local(), bytes(self.map[self.statics_at:self.statics_at + self.statics])
        run.together("parameters", self.island, own[0], lambda given: given)
        run.together("start", self.island, own[1], lambda given: run.begin(run._results["parameters"], given))
        load = self.island > 0 or (again and run.mode == "diloco")
        self._give(run._global)
        self.map[self.statics_at:self.statics_at + self.statics] = run._statics
        reply: Dict[str, Any] = {"type": "begin", "turn": run.turn(self.island), "load_merged": load}
        return {**reply, "state": state} if state else reply

    def _copy_from(self, peer: int) -> str:
        path = str(self.run.directory / f"copy-{peer}")
        with self.run._changed:
            self.run._copied[peer] = False
            self.run._copy[peer] = path
            self.run._changed.notify_all()
            assert self.run._changed.wait_for(lambda: self.run._copied[peer], WAIT_SECONDS)
        return path

    def _copy_state(self) -> None:
        run = self.run
        self._write({"type": "copy_state", "path": run._copy[self.island]})
        assert json.loads(self.file.readline())["type"] == "state_copied"
        run._copied[self.island] = True
        run._changed.notify_all()

    def data(self, message: Dict[str, Any]) -> Dict[str, Any]:
        run = self.run
        run.together("data", self.island, message["batch"], run.deal)
        return {"type": "deal", "samples": run.samples(self.island), "turn": run.turn(self.island)}

    def merge(self, message: Dict[str, Any]) -> Dict[str, Any]:
        run, round, segment = self.run, self.run._round, self.run._segment
        assert message["round"] == round
        own = (message, self._local())
        outcome = run.together(("merge", round), self.island, own, run.merge, self._copy_state)
        self._give(outcome["result"])
        reply = {"type": "merged", "round": round, "tokens": outcome["tokens"], "loss": outcome["loss"],
                 "reset": outcome["reset"][self.island], "skip": outcome["skip"], "turn": run.turn(self.island)}
        hashes = [each.get("parameters") for each in run.contributions[round]]
        if run.compares_parameters and hashes[self.island] != hashes[0]:
            run.repaired.append(run.names[self.island])
            return {"type": "begin", "turn": reply["turn"], "load_merged": True, "state": self._copy_from(0)}
        # The turn read here is this round's successor: no island merges again before this one has answered.
        return {**reply, "samples": run.samples(self.island)} if run._segment != segment else reply

    def saved(self, message: Dict[str, Any]) -> Dict[str, Any]:
        self.run.saved[self.island] = (message["round"], message["path"])
        return {"type": "ok"}

    def report(self, message: Dict[str, Any]) -> None:
        self.run.reports.append(message)

    def finalize(self, _: Dict[str, Any]) -> Dict[str, Any]:
        run = self.run
        own = self._local(), bytes(self.map[self.statics_at:self.statics_at + self.statics])
        final = run.together("finalize", self.island, own, lambda given: given[0])
        self._give(final[0])
        self.map[self.statics_at:self.statics_at + self.statics] = final[1]
        return {"type": "finalized", "load_merged": self.island > 0, "load_statics": self.island > 0}

    def finish(self, message: Dict[str, Any]) -> Dict[str, Any]:
        self.run.together("finish", self.island, True, lambda given: True)
        self.run.finished[self.island] = message
        return {"type": "done"}
