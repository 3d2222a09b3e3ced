"""A model that is merged in lanes: which tensors are whose, and a conversation with a bridge for each lane."""
from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from torch import distributed

from .arena import Arena
from .channel import Answerer, BridgeChannel
from .environment import Environment
from .errors import SuperfactoryError
from .hashing import parameters_sha256
from .island import Island
from .protocol import Turn
from .session import Session
from .state import load_state, save_state
from .tensors import TensorTable

Message = Dict[str, Any]


class LaneIsland(Island):
    """An island whose processes have a lane each, or whose only process has all: each speaks to the bridges of its lanes itself.

    Its processes are parts of one computation: they take the same samples, and are told the same.
    """

    @property
    def first(self) -> bool:
        """Whether this process speaks to a bridge: each does."""
        return True

    @property
    def replicas(self) -> int:
        """Processes that share the island's samples: the model is there once."""
        return 1

    def share(self, make: Any) -> Message:
        """What ``make`` returns in this process; SuperfactoryError where other processes of the island are told to do something else."""
        message: Message = make()
        if self.world > 1 and "turn" in message:
            own = torch.tensor(_turn(message), dtype=torch.int64)
            parts = [torch.empty_like(own) for _ in range(self.world)]
            distributed.all_gather(parts, own, group=self._group)
            for lane, part in enumerate(parts):
                if not torch.equal(part, own):
                    raise _disagree(self.rank, own.tolist(), lane, part.tolist())
        return message

    def combine(self, tokens: int, loss_sum: float, overflow: bool) -> Tuple[int, float, bool]:
        """What the last lane says, where a pipeline has its loss."""
        if self.world == 1:
            return tokens, loss_sum, overflow
        parts = self.gather([float(tokens), loss_sum, float(overflow)])
        return int(parts[-1][0]), parts[-1][1], bool(parts[-1][2])

    def same(self, numbers: torch.Tensor) -> bool:
        """The processes have different parameters."""
        return True

    def broadcast(self, tensor: torch.Tensor) -> torch.Tensor:
        """Each process has its own."""
        return tensor


class LaneBridges:
    """Connections to the bridges of a process's lanes: what is asked is asked of all of them at once, and all must answer alike."""

    def __init__(self, paths: Sequence[str], lanes: Sequence[int]) -> None:
        self.lanes = tuple(lanes)
        self._channels = [BridgeChannel(path) for path in paths]

    def request(self, message: Message, answer: Optional[Answerer] = None) -> Message:
        """The reply of all; SuperfactoryError where they are told to do different things."""
        replies = self.request_each([message] * len(self._channels), answer)
        for lane, reply in zip(self.lanes, replies):
            if "turn" in reply and _turn(reply) != _turn(replies[0]):
                raise _disagree(self.lanes[0], _turn(replies[0]), lane, _turn(reply))
        return replies[0]

    def request_each(self, messages: Sequence[Message], answer: Optional[Answerer] = None) -> List[Message]:
        """Asks each lane's bridge its own; a lane's answer may wait for what is asked of the others."""
        for channel, message in zip(self._channels, messages):
            channel.send(message)
        return [channel.wait(answer) for channel in self._channels]

    def send(self, message: Message) -> None:
        """Sends every bridge a message that has no reply."""
        for channel in self._channels:
            channel.send(message)

    def close(self) -> None:
        """Leaves in good order."""
        for channel in self._channels:
            channel.close()


class LaneSession(Session):
    """One trainer's conversation with the bridges of its lanes: a table and an arena for each."""

    def __init__(self, bridges: LaneBridges, island: LaneIsland, patterns: Sequence[str]) -> None:
        super().__init__(bridges, island)
        self._bridges, self._patterns = bridges, [each.split() for each in patterns]
        self._parts: List[Tuple[TensorTable, Arena]] = []

    def register(self, table: TensorTable) -> None:
        """Registers each lane's tensors with its bridge."""
        names = [entry.name for entry in table.parameters + table.statics]
        places = {name: self._lane_of(name) for name in names}
        tables = [table.part(name for name in names if places[name] == lane) for lane in self._bridges.lanes]
        for lane, part in zip(self._bridges.lanes, tables):
            if not part.parameters:
                raise SuperfactoryError(f"lane {lane} has none of the model's trained parameters: expected some that fit "
                                        f"lanes.tensors[{lane}], '{' '.join(self._patterns[lane])}'")
        replies = self._bridges.request_each([{"type": "register", "tensors": part.describe()} for part in tables])
        self._parts = [(part, Arena.open(reply, part.arena_elements, part.statics_bytes)) for part, reply in zip(tables, replies)]

    def start(self, table: TensorTable) -> "Tuple[Turn, Optional[Message]]":
        """Gives the initial tensors of each lane, takes the run's."""
        self._give()
        reply = self.ask({"type": "start"})
        if reply.get("load_merged"):
            self.load_parameters(table)
            self._load_statics(table)
        return Turn.read(reply["turn"]), load_state(reply["state"]) if "state" in reply else None

    def save(self, round: int, place: Optional[int] = None) -> None:
        """Keeps this process's state with its first lane, and with each other one what belongs to that: frozen tensors and buffers."""
        tree = self.state_source()
        messages = []
        for number, (part, arena) in enumerate(self._parts):
            path = arena.state_file(round if place is None else place)
            statics = {entry.name: entry.tensor for entry in part.statics}
            save_state(path, tree if number == 0 else {"format": tree["format"], "statics": statics})
            messages.append({"type": "saved", "round": round, "path": str(path)})
        self._bridges.request_each(messages)

    def saved(self, place: int) -> Optional[Message]:
        """What this process saved; None where it did not."""
        path = self._parts[0][1].state_file(place)
        return load_state(path) if path.exists() else None

    def ask_alone(self, message: Message) -> Message:
        """A request of this process; the hash of the parameters is each lane's own."""
        if message["type"] != "finish":
            return super().ask_alone(message)
        return self._bridges.request_each([{**message, "parameters_sha256": parameters_sha256(part.by_name())} for part, _ in self._parts])[0]

    def give_parameters(self, table: TensorTable) -> None:
        """Fills each lane's local region."""
        for part, arena in self._parts:
            part.write_parameters(arena.local)

    def load_parameters(self, table: TensorTable) -> None:
        """Takes each lane's merged region as parameters."""
        for part, arena in self._parts:
            part.read_parameters(arena.merged)

    def finalize(self, table: TensorTable) -> None:
        """Gives the final tensors of each lane and takes what the islands agree on."""
        self._give()
        reply = self.ask({"type": "finalize"})
        if reply.get("load_merged"):
            self.load_parameters(table)
        if reply.get("load_statics"):
            self._load_statics(table)

    def _give(self) -> None:
        for part, arena in self._parts:
            part.write_parameters(arena.local)
            part.write_statics(arena.statics)

    def _load_statics(self, table: TensorTable) -> None:
        for part, arena in self._parts:
            part.read_statics(arena.statics)

    def _lane_of(self, name: str) -> int:
        for lane, patterns in enumerate(self._patterns):
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                if lane in self._bridges.lanes:
                    return lane
                raise SuperfactoryError(f"tensor '{name}' is of lane {lane}, and this process has lane "
                                        f"{', '.join(map(str, self._bridges.lanes))}: give each process the tensors of its lane alone")
        raise SuperfactoryError(f"tensor '{name}' is of no lane: expected a pattern in lanes.tensors that fits it")


def join_lanes(environment: Environment) -> LaneSession:
    """The session of a process of a job whose model is merged in lanes."""
    assert environment.bridge is not None
    return LaneSession(LaneBridges(environment.bridge.split(":"), environment.lanes), LaneIsland(environment),
                       environment.job["lanes"]["tensors"])


def _turn(message: Message) -> List[int]:
    turn = message["turn"]
    samples = message.get("samples") or {}
    return [turn["round"], turn["steps"], turn.get("first_turn", 0), int(turn.get("finished", False)), samples.get("segment", -1)]


def _disagree(one: int, first: List[int], other: int, second: List[int]) -> SuperfactoryError:
    return SuperfactoryError(f"lane {one} is at round {first[0]} (turn {first[2]}, {first[1]} steps) and lane {other} at round "
                             f"{second[0]} (turn {second[2]}, {second[1]} steps): this island begins anew")
