"""What a loop keeps beside its parameters: optimizers, buffers, and everything that it attached."""
from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, Dict, List, Optional

import torch

from .errors import SuperfactoryError
from .tensors import TensorTable

FORMAT = 1
"""The version of the tree that is saved."""


class Attachments:
    """Collects the state of a loop at a step boundary as a tree of plain values and tensors, and puts it back."""

    def __init__(self, table: TensorTable, optimizers: List[Any]) -> None:
        self._table = table
        self._optimizers = optimizers
        self._objects: Dict[str, Any] = {}
        self._awaited: Dict[str, Any] = {}
        self._unsettled: "Optional[tuple[List[Any], Dict[str, Any]]]" = None
        """Groups and schedules that were restored since the last merge of gradients; None where none were."""
        self.with_parameters = table.gradients
        """Whether the state has the parameters in it: in every-step mode, where no bridge keeps them."""

    @property
    def objects(self) -> List[Any]:
        """Everything attached."""
        return list(self._objects.values())

    def attach(self, name: str, target: Any) -> None:
        """Adds an object; where a state was restored before, it is given its part of it now."""
        if not (hasattr(target, "state_dict") and hasattr(target, "load_state_dict")):
            raise SuperfactoryError(f"run.attach('{name}', …): a {type(target).__qualname__} has no state_dict and "
                                    "load_state_dict, so it can be neither saved nor restored")
        if name in self._objects and self._objects[name] is not target:
            raise SuperfactoryError(f"run.attach('{name}', …): another object is attached under that name")
        self._objects[name] = target
        if name in self._awaited:
            target.load_state_dict(self._awaited.pop(name))

    def collect(self, counters: Dict[str, Any]) -> Dict[str, Any]:
        """The tree: in every-step mode with the parameters, which no bridge keeps there."""
        tree: Dict[str, Any] = {
            "format": FORMAT,
            "counters": counters,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "statics": {entry.name: entry.tensor for entry in self._table.statics},
            "attached": {name: target.state_dict() for name, target in self._objects.items()},
        }
        if self.with_parameters:
            tree["parameters"] = {entry.name: entry.tensor for entry in self._table.parameters}
        return tree

    def restore(self, tree: Dict[str, Any]) -> Dict[str, Any]:
        """Puts back what ``collect`` gave, in another process of the same program; returns the counters."""
        if tree.get("format") != FORMAT:
            raise SuperfactoryError(f"the saved state has format {tree.get('format')!r}: expected {FORMAT}")
        saved = tree["optimizers"]
        if len(saved) != len(self._optimizers):
            raise SuperfactoryError(f"the saved state has {len(saved)} optimizers where the loop has {len(self._optimizers)}")
        self.load_tensors({**tree.get("parameters", {}), **tree["statics"]})
        for optimizer, state in zip(self._optimizers, saved):
            try:
                optimizer.load_state_dict(state)
            except (ValueError, KeyError) as error:
                raise SuperfactoryError(f"the saved state does not fit the loop's optimizer: {error}") from None
        self._restore_attached(tree["attached"])
        if "parameters" in tree:
            self._unsettled = [state["param_groups"] for state in saved], tree["attached"]
        return tree["counters"]

    def settle(self) -> None:
        """Before gradients are merged: where a state was restored since the last time, the groups' numbers and the schedules are once more what it has.

        In every-step it was taken where another loop stood that now is here, between backward and step. What this loop did since the state came,
        such as a schedule's step after the one in which it came, is in it already.
        """
        restored, self._unsettled = self._unsettled, None
        if restored is None:
            return
        self.set_groups(restored[0])
        for name, state in restored[1].items():
            if hasattr(self._objects.get(name), "optimizer"):
                self._objects[name].load_state_dict(state)

    def groups(self) -> List[Any]:
        """The optimizers' groups without their parameters: learning rates and other numbers."""
        return [[{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
                for optimizer in self._optimizers]

    @torch.no_grad()
    def set_groups(self, saved: List[Any]) -> None:
        """Gives the optimizers' groups the numbers of ``saved``."""
        for optimizer, groups in zip(self._optimizers, saved):
            for group, numbers in zip(optimizer.param_groups, groups):
                for name, value in numbers.items():
                    if isinstance(group.get(name), torch.Tensor):
                        group[name].copy_(value)
                    elif name != "params":
                        group[name] = value

    def restore_rest(self, rest: Dict[str, Any]) -> Dict[str, Any]:
        """Puts back what belongs to a boundary besides parameters and moments, which stand there already; returns the counters."""
        self.load_tensors(rest["statics"])
        self.set_groups(rest["groups"])
        self._restore_attached(rest["attached"])
        self._unsettled = rest["groups"], rest["attached"]
        return rest["counters"]

    def _restore_attached(self, attached: Dict[str, Any]) -> None:
        for name, state in attached.items():
            if name in self._objects:
                self._objects[name].load_state_dict(state)
            else:
                self._awaited[name] = state

    def restore_moments(self, tree: "Dict[str, Any] | None") -> None:
        """After a refused contribution: the optimizers' moments and the buffers as they were at the last boundary. Learning
        rates, schedules and attached objects go on as they are.

        An optimizer that had no moments at the boundary keeps those of the refused steps where they are finite. They are the
        island's own and enter no model; without them its next updates would be as large as the refused ones, and be refused.
        """
        saved = tree["optimizers"] if tree is not None else [None] * len(self._optimizers)
        for optimizer, state in zip(self._optimizers, saved):
            if state is not None and state["state"]:
                groups = optimizer.state_dict()["param_groups"]
                optimizer.load_state_dict({"state": state["state"], "param_groups": groups})
            elif not _is_finite(optimizer.state):
                optimizer.state = defaultdict(dict)
        if tree is not None:
            self.load_tensors(tree["statics"])

    def adopt_optimizers(self, tree: Dict[str, Any]) -> None:
        """Another island's moments and gradient scalers in the place of this one's. Learning rates and what else is attached
        go on as they are."""
        for optimizer, state in zip(self._optimizers, tree["optimizers"]):
            optimizer.load_state_dict({"state": state["state"], "param_groups": optimizer.state_dict()["param_groups"]})
        for name, state in tree["attached"].items():
            if hasattr(self._objects.get(name), "unscale_"):
                self._objects[name].load_state_dict(state)

    @torch.no_grad()
    def load_tensors(self, saved: Dict[str, Any]) -> None:
        """Copies tensors to the model's by their names; SuperfactoryError where it has no such one."""
        own = self._table.by_name()
        for name, tensor in saved.items():
            if name not in own or own[name].shape != tensor.shape:
                raise SuperfactoryError(f"the saved state has tensor '{name}' {list(tensor.shape)}, which the model has not")
            own[name].copy_(tensor)


def _is_finite(state: Any) -> bool:
    """Whether no number in an optimizer's state is infinite or none."""
    if isinstance(state, torch.Tensor):
        return bool(torch.isfinite(state).all())
    if isinstance(state, dict):
        return all(_is_finite(each) for each in state.values())
    if isinstance(state, (list, tuple)):
        return all(_is_finite(each) for each in state)
    return not isinstance(state, float) or math.isfinite(state)
