"""The processes of one island: the first speaks to the bridge, the others hear from it."""
from __future__ import annotations

import json
import socket
import threading
from datetime import timedelta
from typing import Any, Callable, Dict, List, Optional

import torch
from torch import Tensor
from torch import distributed

from .channel import close_in_children, end_process
from .environment import Environment
from .errors import SuperfactoryError

WAIT_MAX = timedelta(days=7)
"""How long a process waits for another of its island; a merge may wait for a site that is being repaired."""

Message = Dict[str, Any]


class Island:
    """This process's place in its island, and what the island's processes do together.

    Every method is called by all of them, in the same order.
    """

    def __init__(self, environment: Environment) -> None:
        self.rank, self.world = environment.rank, environment.world
        self._group: Any = None
        self._bond: Optional[_Bond] = None
        if self.world > 1:
            if not distributed.is_initialized():
                distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
            if distributed.get_world_size() != self.world or distributed.get_rank() != self.rank:
                raise SuperfactoryError(
                    f"torch.distributed has rank {distributed.get_rank()} of {distributed.get_world_size()} where the "
                    f"island has {self.rank} of {self.world}: initialise it from the environment that the gang gives")
            # A group of our own, so that nothing here gets between the loop's own collectives.
            self._group = distributed.new_group(backend="gloo", timeout=WAIT_MAX)
            self._bond = _Bond(self)

    @property
    def first(self) -> bool:
        """Whether this process speaks to the bridge."""
        return self.rank == 0

    @property
    def replicas(self) -> int:
        """Processes that share the island's samples."""
        return self.world

    def combine(self, tokens: int, loss_sum: float, overflow: bool) -> "tuple[int, float, bool]":
        """What the processes contribute together, of what each has."""
        parts = self.gather([float(tokens), float(loss_sum), float(overflow)])
        return int(sum(part[0] for part in parts)), sum(part[1] for part in parts), any(part[2] for part in parts)

    def share(self, make: Callable[[], Message]) -> Message:
        """What ``make`` returns in the first process, in all of them. Its SuperfactoryError is raised in all of them."""
        if self.world == 1:
            return make()
        failure: Optional[SuperfactoryError] = None
        message: Message = {}
        if self.first:
            try:
                message = make()
            except SuperfactoryError as error:
                failure, message = error, {"type": "failed", "reason": str(error)}
        message = self._broadcast_message(message)
        if message.get("type") == "failed":
            raise failure or SuperfactoryError(str(message["reason"]))
        return message

    def gather(self, values: List[float]) -> List[List[float]]:
        """``values`` of every process, by rank; all give equally many."""
        if self.world == 1:
            return [values]
        own = torch.tensor(values, dtype=torch.float64)
        parts = [torch.empty_like(own) for _ in range(self.world)]
        distributed.all_gather(parts, own, group=self._group)
        return [part.tolist() for part in parts]

    def same(self, numbers: Tensor) -> bool:
        """Whether every process has the same bits in an fp32 tensor."""
        if self.world == 1:
            return True
        total = numbers.view(torch.int32).sum(dtype=torch.int64).reshape(1)
        parts = [torch.empty_like(total) for _ in range(self.world)]
        distributed.all_gather(parts, total, group=self._group)
        return all(int(part) == int(total) for part in parts)

    def broadcast(self, tensor: Tensor) -> Tensor:
        """The first process's CPU tensor, in all of them."""
        return self._spread(tensor)

    def _spread(self, tensor: Tensor) -> Tensor:
        if self.world > 1 and tensor.numel():
            distributed.broadcast(tensor, src=0, group=self._group)
        return tensor

    def close(self) -> None:
        """Leaves in good order."""
        if self._bond is not None:
            self._bond.close()

    def _broadcast_message(self, message: Message) -> Message:
        speaks = self.rank == 0
        encoded = json.dumps(message).encode("utf-8") if speaks else b""
        length = self._spread(torch.tensor([len(encoded)], dtype=torch.int64))
        data = torch.empty(int(length), dtype=torch.uint8)
        if speaks:
            data.copy_(torch.frombuffer(bytearray(encoded), dtype=torch.uint8))
        self._spread(data)
        return json.loads(bytes(data.numpy()).decode("utf-8"))


class _Bond:
    """Ends the other processes at once when the first one ends: a connection that says nothing until it closes."""

    GOODBYE = b"."

    def __init__(self, island: Island) -> None:
        self._connections: List[socket.socket] = []
        if island.rank == 0:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.bind(("127.0.0.1", 0))
            listener.listen(island.world)
            island._broadcast_message({"port": listener.getsockname()[1]})
            self._connections = [listener.accept()[0] for _ in range(island.world - 1)]
            listener.close()
            for each in self._connections:
                close_in_children(each)
            return
        port = island._broadcast_message({})["port"]
        connection = socket.create_connection(("127.0.0.1", port))
        connection.settimeout(None)
        self._connections = [connection]
        threading.Thread(target=self._watch, name="superfactory-island", daemon=True).start()

    def close(self) -> None:
        for connection in self._connections:
            try:
                connection.sendall(self.GOODBYE)
            except OSError:
                continue  # that process has ended already
        # Left open: the end of this process closes them, after the word that it is meant.

    def _watch(self) -> None:
        try:
            word = self._connections[0].recv(1)
        except OSError:
            word = b""
        if word != self.GOODBYE:
            end_process("the island's first process ended: this process cannot go on")
