"""The state of the random number generators, as something that a run can save and restore."""
from __future__ import annotations

import hashlib
import os
import random
from typing import Any, Dict, Optional

import numpy
import torch


class RandomState:
    """PyTorch's (CPU and the current CUDA device's), NumPy's and Python's generators, for ``run.attach``.

    In an island of several processes the first one's state is saved. The others, on loading it, derive a state of their
    own from it and their rank, so that no two draw the same numbers.
    """

    def __init__(self, rank: Optional[int] = None) -> None:
        self._rank = int(os.environ.get("RANK", "0")) if rank is None else rank

    def state_dict(self) -> Dict[str, Any]:
        """A tree of numbers, texts and tensors."""
        name, keys, place, has_gauss, gauss = numpy.random.get_state()
        state: Dict[str, Any] = {
            "torch": torch.get_rng_state(),
            "numpy": (name, numpy.array(keys), place, has_gauss, gauss),
            "python": random.getstate(),
        }
        if torch.cuda.is_available():
            state["cuda"] = torch.cuda.get_rng_state()
        return state

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Sets the generators to what ``state_dict`` returned."""
        if self._rank:
            material = bytes(state["torch"].numpy()) + str(self._rank).encode()
            seed = int.from_bytes(hashlib.sha256(material).digest()[:4], "little")
            torch.manual_seed(seed)
            numpy.random.seed(seed)
            random.seed(seed)
            return
        torch.set_rng_state(state["torch"])
        numpy.random.set_state(state["numpy"])
        random.setstate(state["python"])
        if "cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["cuda"])
