"""Optimizer steps that one trainer took and another takes after it, without forward or backward."""
from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import torch

from .attachments import FORMAT, Attachments
from .errors import SuperfactoryError
from .hashing import parameters_hash
from .state import load_state, save_state
from .tensors import TensorTable

FAULTS = (SuperfactoryError, RuntimeError, TypeError, ValueError, KeyError, AttributeError)
"""What an optimizer, or a file that is not of this program, may raise where a step is taken with another's gradients."""


class Following:
    """Keeps the steps of this trainer for others, and takes others' steps.

    A step is what the optimizers used: the gradients as they were when they stepped, merged, clipped and whatever else the
    loop does to them, and the numbers of their groups, such as learning rates.
    """

    def __init__(self, table: TensorTable, attachments: Attachments, optimizers: List[Any]) -> None:
        self._table, self._attachments, self._optimizers = table, attachments, optimizers
        self._counters: Optional[Dict[str, Any]] = None
        self.taken = 0
        """Steps of others that were taken."""

    def keep(self, path: str, skip: bool) -> Optional[int]:
        """Writes the step that the optimizers are about to take, or skip; returns the file's bytes, None where another could not take it."""
        own = {id(entry.tensor) for entry in self._table.parameters}
        trained = [each for optimizer in self._optimizers for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
        if any(id(each) not in own or each.grad.is_sparse for each in trained):
            return None
        gradients = {} if skip else {entry.name: entry.tensor.grad for entry in self._table.parameters if entry.tensor.grad is not None}
        try:
            return save_state(Path(path), {"format": FORMAT, "skip": skip, "groups": self._attachments.groups(), "gradients": gradients})
        except SuperfactoryError:
            # A group has something in it that no file can hold: then whole states are taken, whose writer says so.
            return None

    def rest(self, tree: Dict[str, Any]) -> Dict[str, Any]:
        """Of a loop's whole state what its steps do not lead to, and the parameters' hash for them."""
        buffers = {entry.name for entry in self._table.statics if entry.role == "buffer"}
        return {"format": FORMAT, "counters": tree["counters"], "groups": self._attachments.groups(), "attached": tree["attached"],
                "statics": {name: tensor for name, tensor in tree["statics"].items() if name in buffers}, "hash": self._hash()}

    def begin(self, path: str) -> None:
        """Goes on from another trainer's whole state."""
        self._attachments.restore(load_state(path))

    def take(self, paths: List[str]) -> None:
        """Takes steps, one after another, from where the parameters and optimizers stand."""
        before = [entry.tensor.grad for entry in self._table.parameters]
        for path in paths:
            self._step(load_state(path))
        for entry, gradient in zip(self._table.parameters, before):
            entry.tensor.grad = gradient

    def end(self, path: str) -> None:
        """Takes what belongs to the boundary after the last step; SuperfactoryError where the steps led to other parameters."""
        rest = load_state(path)
        if self._hash() != rest["hash"]:
            raise SuperfactoryError("they lead to other parameters here: something changes them besides the optimizer's step")
        self._counters = self._attachments.restore_rest(rest)

    def take_counters(self) -> Optional[Dict[str, Any]]:
        """What the loop goes on counting from, once; None where it did not follow to a boundary."""
        counters, self._counters = self._counters, None
        return counters

    def _step(self, step: Dict[str, Any]) -> None:
        if step.get("format") != FORMAT:
            raise SuperfactoryError(f"a step has format {step.get('format')!r}: expected {FORMAT}")
        if step["skip"]:
            return
        self._attachments.set_groups(step["groups"])
        with torch.no_grad():
            for entry in self._table.parameters:
                gradient = step["gradients"].get(entry.name)
                entry.tensor.grad = None if gradient is None else torch.empty_like(entry.tensor).copy_(gradient)
        for optimizer in self._optimizers:
            optimizer.step()
        self.taken += 1

    def _hash(self) -> str:
        return parameters_hash(entry.tensor for entry in self._table.parameters)
