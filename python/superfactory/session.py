"""One trainer's conversation with its bridge: registering, loading, contributing, finalizing."""
from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Optional

import torch
from torch import Tensor

from .arena import Arena
from .errors import SuperfactoryError
from .following import FAULTS, Following
from .island import Island
from .protocol import Turn
from .state import load_state, save_state
from .tensors import TensorTable

Message = Dict[str, Any]


class Session:
    """Speaks to the bridge in the island's first process, and passes on what it says to the others.

    Every method that asks something is called by all processes of the island, in the same order.
    """

    def __init__(self, bridge: Any, island: Island) -> None:
        self._bridge = bridge
        self.island = island
        self.arena: Optional[Arena] = None
        self.alone = False
        """Whether there is no arena: nothing is copied and nothing is merged."""
        self._local = self._merged = self._statics = torch.empty(0)
        self.state_source: Callable[[], Message] = dict
        """Makes the tree of this trainer's state."""
        self.standing: Optional[Callable[[], Optional[Message]]] = None
        """Where this trainer stands between two boundaries; None where it is asked at boundaries alone."""
        self.following: Optional[Following] = None
        """Takes other trainers' steps, and keeps this one's."""

    def ask(self, message: Message) -> Message:
        """A request and its reply, the same in every process of the island."""
        return self.island.share(lambda: self._bridge.request(message, self._answer))

    def ask_alone(self, message: Message) -> Message:
        """A request of the island's first process that the others do not take part in."""
        return self._bridge.request(message, self._answer)

    def post(self, message: Message) -> None:
        """A request whose reply is taken later, by ``poll`` or ``wait``; nothing else is asked before."""
        self.tell(message)

    def poll(self) -> Optional[Message]:
        """The reply to what was posted, in every process of the island; None where it is not here yet."""
        return self.island.share(lambda: self._bridge.poll(self._answer)) or None

    def wait(self) -> Message:
        """The reply to what was posted, once it is here."""
        return self.island.share(lambda: self._bridge.wait(self._answer))

    def tell(self, message: Message) -> None:
        """Something that has no reply; the other processes' words are not sent."""
        if self.island.first:
            self._bridge.send(message)

    def register(self, table: TensorTable) -> None:
        """Registers the tensors and maps the arena."""
        reply = self.ask({"type": "register", "tensors": table.describe()})
        self.alone = "path" not in reply
        if self.alone:
            return
        if self.island.first:
            self.arena = Arena.open(reply, table.arena_elements, table.statics_bytes)
            self._local, self._merged, self._statics = self.arena.local, self.arena.merged, self.arena.statics
        else:
            self._local = torch.zeros(table.arena_elements)
            self._merged = torch.zeros(table.arena_elements)
            self._statics = torch.zeros(table.statics_bytes, dtype=torch.uint8)

    def start(self, table: TensorTable) -> "tuple[Turn, Optional[Message]]":
        """Gives this trainer's initial tensors, takes the run's; returns its first turn and a state to restore."""
        if not self.alone and self.island.first:
            table.write_parameters(self._local)
            table.write_statics(self._statics)
        reply = self.ask({"type": "start"})
        while reply["type"] == "follow":
            reply = self.ask(self._follow(reply))
        reply = self.begun(reply)
        if not self.alone and "rest" not in reply:
            if reply.get("load_merged"):
                self.load_parameters(table)
                self._load_statics(table)
            else:
                # The first process's tensors are the island's, whether or not the loop made them alike.
                self._spread(table)
        state = load_state(reply["state"]) if "state" in reply else None
        # The bridge may take the file away once the first process goes on: not before every process has read it.
        self.island.gather([0.0])
        return Turn.read(reply["turn"]), state

    def begun(self, reply: Message) -> Message:
        """Takes the steps of another trainer that a ``begin`` has; where they do not lead to what that one has, what the bridge answers then."""
        while "rest" in reply:
            problem = self._take(reply)
            if problem is None:
                return reply
            reply = self.ask({"type": "unfit", "reason": problem})
        return reply

    def _follow(self, reply: Message) -> Message:
        problem = self._take(reply)
        return {"type": "followed"} if problem is None else {"type": "unfit", "reason": problem}

    def _take(self, reply: Message) -> Optional[str]:
        """Takes what a bridge gives of another trainer; the reason why not, in any process of the island, where that cannot be."""
        assert self.following is not None
        problem = None
        try:
            if "state" in reply:
                self.following.begin(reply["state"])
            self.following.take(reply["steps"])
            if "rest" in reply:
                self.following.end(reply["rest"])
        except FAULTS as error:
            problem = str(error) or type(error).__name__
        # The bridge takes the files away with the first process's next word: not before every process has read them.
        failed = [rank for rank, (flag,) in enumerate(self.island.gather([float(problem is not None)])) if flag]
        return problem or f"process {failed[0]} of the island could not take them" if failed else None

    def load_state(self, path: str) -> Message:
        """Another trainer's state, in every process of the island."""
        state = load_state(path)
        # The bridge may take the file away once the first process goes on: not before every process has read it.
        self.island.gather([0.0])
        return state

    def give_parameters(self, table: TensorTable) -> None:
        """Fills the local region with parameters; SuperfactoryError where the island's processes differ in them."""
        if not self.alone:
            table.write_parameters(self._local)
            self._check_alike("parameters")

    def give_fragment(self, table: TensorTable, fragment: int) -> None:
        """Fills a fragment of the local region; SuperfactoryError where the island's processes differ in it."""
        table.write_fragment(self._local, fragment)
        self._check_alike("parameters", self._local[table.fragment_range(fragment)])

    def given(self, table: TensorTable, fragment: int) -> Tensor:
        """What the local region holds of a fragment."""
        return self._local[table.fragment_range(fragment)].clone()

    def give_again(self, table: TensorTable, fragment: int, numbers: Tensor) -> None:
        """Fills a fragment of the local region with what it held."""
        self._local[table.fragment_range(fragment)].copy_(numbers)

    def mix_fragment(self, table: TensorTable, fragment: int, own: float) -> None:
        """Takes a fragment of the merged region as parameters, but for a share ``own`` of their own."""
        part = table.fragment_range(fragment)
        self.island.broadcast(self._merged[part])
        table.mix_fragment(self._merged, fragment, own)

    def give_gradients(self, table: TensorTable, check_finite: bool) -> bool:
        """Fills the local region with gradients; returns whether one is not finite, where that is to be looked for."""
        if self.alone:
            return False
        table.write_gradients(self._local)
        if check_finite and not bool(torch.isfinite(self._local).all()):
            self._local.zero_()
            return True
        self._check_alike("gradients")
        return False

    def load_parameters(self, table: TensorTable) -> None:
        """Takes the merged region as parameters."""
        if not self.alone:
            table.read_parameters(self.island.broadcast(self._merged))

    def load_gradients(self, table: TensorTable) -> None:
        """Takes the merged region as gradients."""
        if not self.alone:
            table.read_gradients(self.island.broadcast(self._merged))

    def finalize(self, table: TensorTable) -> None:
        """Gives the final tensors and takes what the islands agree on."""
        if not self.alone and self.island.first:
            table.write_parameters(self._local)
            table.write_statics(self._statics)
        reply = self.ask({"type": "finalize"})
        if reply.get("load_merged"):
            self.load_parameters(table)
        if reply.get("load_statics"):
            self._load_statics(table)

    def save(self, round: int, place: Optional[int] = None) -> None:
        """Keeps this trainer's own state for a restart at ``round``; ``place`` counts what was saved, where not every round is."""
        if self.arena is not None:
            path = self.arena.state_file(round if place is None else place)
            save_state(path, self.state_source())
            self.ask_alone({"type": "saved", "round": round, "path": str(path)})

    def saved(self, place: int) -> Optional[Message]:
        """What was saved for a round, or at a place; None where nothing was."""
        path = self.island.share(self._saved_path(place))["path"]
        return load_state(path) if path else None

    def close(self) -> None:
        """Leaves in good order."""
        self._bridge.close()
        self.island.close()

    def _saved_path(self, round: int) -> Callable[[], Message]:
        def find() -> Message:
            path = self.arena.state_file(round) if self.arena is not None else None
            return {"path": str(path) if path is not None and path.exists() else ""}

        return find

    def _answer(self, message: Message) -> Optional[Message]:
        if message.get("type") != "copy_state":
            return None
        tree = self.state_source()
        if message.get("rest") and self.following is not None:
            return {"type": "state_copied", "bytes": save_state(Path(message["path"]), self.following.rest(tree))}
        if message.get("standing") and self.standing is not None:
            tree["standing"] = self.standing()
        return {"type": "state_copied", "bytes": save_state(Path(message["path"]), tree)}

    def _check_alike(self, what: str, given: Optional[Tensor] = None) -> None:
        if not self.island.same(self._local if given is None else given):
            raise SuperfactoryError(
                f"the island's {self.island.world} processes have different {what}: "
                "wrap the model in DistributedDataParallel, so that they train one model")

    def _load_statics(self, table: TensorTable) -> None:
        if not self.alone:
            table.read_statics(self.island.broadcast(self._statics))

    def _spread(self, table: TensorTable) -> None:
        if self.island.world > 1:
            local: Tensor = self.island.broadcast(self._local)
            if not self.island.first:
                table.read_parameters(local)
            statics = self.island.broadcast(self._statics)
            if not self.island.first:
                table.read_statics(statics)
