"""The memory that a trainer shares with its bridge: bulk data crosses here, never through the socket."""
from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, Dict, Union

import torch
from torch import Tensor

from .errors import SuperfactoryError


class Arena:
    """Three regions of one mapped file: ``local`` and ``merged`` hold every parameter as fp32, one after another in
    registered order; ``statics`` holds frozen tensors and buffers as they are."""

    def __init__(self, path: Union[str, Path], size: int, local: int, merged: int,
                 statics: int, statics_bytes: int, elements: int) -> None:
        self.path = Path(path)
        try:
            with open(path, "r+b") as file:
                self._map = mmap.mmap(file.fileno(), size)
        except (OSError, ValueError) as error:
            raise SuperfactoryError(f"the bridge's shared memory {path} cannot be mapped: {error}") from None
        self.local: Tensor = torch.frombuffer(self._map, dtype=torch.float32, count=elements, offset=local)
        self.merged: Tensor = torch.frombuffer(self._map, dtype=torch.float32, count=elements, offset=merged)
        self.statics: Tensor = (
            torch.frombuffer(self._map, dtype=torch.uint8, count=statics_bytes, offset=statics)
            if statics_bytes else torch.empty(0, dtype=torch.uint8))

    @staticmethod
    def open(reply: Dict[str, Any], elements: int, statics_bytes: int) -> "Arena":
        """Maps what the bridge's ``arena`` message describes; SuperfactoryError where it does not fit the table."""
        size, local, merged = reply["bytes"], reply["local"], reply["merged"]
        statics = reply.get("statics", 0)
        ends = (local + 4 * elements, merged + 4 * elements, statics + statics_bytes)
        if max(ends) > size or reply.get("statics_bytes", statics_bytes) != statics_bytes:
            raise SuperfactoryError(
                f"the bridge's shared memory of {size} bytes does not hold the registered tensors: "
                "bridge and client are of different versions")
        return Arena(reply["path"], size, local, merged, statics, statics_bytes, elements)

    def state_file(self, round: int) -> Path:
        """Where the trainer keeps its own state for ``round``; two files take turns, so that one is always whole."""
        return self.path.with_name(f"{self.path.name}.state-{round % 2}")
