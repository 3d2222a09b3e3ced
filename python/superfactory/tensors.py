"""Which tensors of a model take part in a run, and how they cross to the bridge and back."""
from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn

from .errors import SuperfactoryError
from .fragments import StreamingTerms, assign

PRESENCE = "superfactory.has_gradient"
"""In every-step mode a further entry of the table: one number a parameter, over 0 where any island has a gradient."""

WRAPPERS = ("DistributedDataParallel", "DataParallel")


def unwrap(model: nn.Module) -> nn.Module:
    """The user's own module inside DistributedDataParallel, DataParallel or a compiled module."""
    while True:
        if type(model).__name__ in WRAPPERS:
            model = model.module  # type: ignore[assignment]
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod  # type: ignore[assignment]
        else:
            return model


@dataclass(frozen=True)
class Entry:
    """One tensor of the table. Tied tensors have one entry, under the first name."""

    name: str
    tensor: Tensor
    role: str
    """``parameter``: trained and merged. ``frozen``: not trained. ``buffer``: changed by the forward pass."""

    @property
    def bytes(self) -> int:
        """Size in the arena: parameters cross in fp32 whatever their type."""
        return self.tensor.numel() * (4 if self.role == "parameter" else self.tensor.element_size())


class TensorTable:
    """Every tensor of a model that takes part: trained parameters, frozen ones, and persistent buffers.

    A tensor that several modules share is listed once: parameters by identity, and outside every-step mode also by the
    memory that they share. In every-step mode gradients are merged, and two parameters that share memory have two.
    """

    def __init__(self, model: nn.Module, gradients: bool, streaming: Optional[StreamingTerms] = None) -> None:
        self.gradients = gradients
        self.fragments = 1
        """Fragments of streaming; one in another mode."""
        self._places: List[int] = []
        """The fragment of each parameter, rising: parameters come in their order."""
        self.parameters: List[Entry] = []
        self.statics: List[Entry] = []
        seen: Dict[Any, str] = {}
        for name, tensor, role in _named_tensors(unwrap(model)):
            key: Any = id(tensor) if role == "parameter" and gradients else _memory(tensor)
            if key in seen:
                continue
            seen[key] = name
            if role == "parameter" and not tensor.is_floating_point():
                raise SuperfactoryError(f"parameter '{name}' has type {tensor.dtype}: only real floating-point "
                                        "parameters can be trained across sites; freeze it or split it in two")
            (self.parameters if role == "parameter" else self.statics).append(Entry(name, tensor, role))
        self._measure()
        if streaming is not None and self.parameters:
            self._cut(streaming)

    def part(self, names: Iterable[str]) -> "TensorTable":
        """The table of some of the tensors, in the order of their names: wherever they are registered in a lane of their own,
        it is the same."""
        chosen = set(names)
        part = copy(self)
        part.parameters = sorted((each for each in self.parameters if each.name in chosen), key=lambda each: each.name)
        part.statics = sorted((each for each in self.statics if each.name in chosen), key=lambda each: each.name)
        part._measure()
        return part

    def fragment_range(self, fragment: int) -> slice:
        """Where a fragment lies in a region of the arena."""
        sizes = [(place, entry.tensor.numel()) for place, entry in zip(self._places, self.parameters)]
        start = sum(size for place, size in sizes if place < fragment)
        if fragment == self.fragments - 1:
            return slice(start, self.arena_elements)
        return slice(start, start + sum(size for place, size in sizes if place == fragment))

    @torch.no_grad()
    def write_fragment(self, region: Tensor, fragment: int) -> None:
        """Copies a fragment's parameters to their place in ``region`` as fp32."""
        for entry, part in self._parts_of(region, fragment):
            part.copy_(entry.tensor.detach().reshape(-1))
        if fragment == self.fragments - 1:
            region[self.elements:].zero_()

    @torch.no_grad()
    def mix_fragment(self, region: Tensor, fragment: int, own: float) -> None:
        """Parameters become ``own`` × themselves + (1 − ``own``) × what ``region`` has for them."""
        for entry, part in self._parts_of(region, fragment):
            merged = part.view(entry.tensor.shape)
            if own == 0.0:
                entry.tensor.copy_(merged)
            else:
                entry.tensor.lerp_(merged.to(entry.tensor.device, entry.tensor.dtype), 1.0 - own)

    @property
    def arena_elements(self) -> int:
        """fp32 numbers in a region of the arena."""
        return self.elements + (len(self.parameters) if self.gradients else 0)

    def describe(self) -> List[Dict[str, Any]]:
        """The ``tensors`` of the register message."""
        lines: List[Dict[str, Any]] = [
            {"name": each.name, "shape": list(each.tensor.shape), "data_type": _type_name(each.tensor),
             "role": each.role, "bytes": each.bytes, **({"fragment": place} if place else {})}
            for place, each in zip(self._places, self.parameters)]
        if self.gradients and lines:
            count = len(self.parameters)
            lines.append({"name": PRESENCE, "shape": [count], "data_type": "float32", "role": "parameter", "bytes": 4 * count,
                          **({"fragment": self.fragments - 1} if self.fragments > 1 else {})})
        lines += [{"name": each.name, "shape": list(each.tensor.shape), "data_type": _type_name(each.tensor),
                   "role": each.role, "bytes": each.bytes} for each in self.statics]
        return lines

    @torch.no_grad()
    def write_parameters(self, region: Tensor) -> None:
        """Copies every parameter to ``region`` as fp32."""
        for entry, part in self._parts(region):
            part.copy_(entry.tensor.detach().reshape(-1))
        region[self.elements:].zero_()

    @torch.no_grad()
    def read_parameters(self, region: Tensor) -> None:
        """Copies ``region`` to the parameters, each in its own type and on its own device."""
        for entry, part in self._parts(region):
            entry.tensor.copy_(part.view(entry.tensor.shape))

    @torch.no_grad()
    def write_gradients(self, region: Tensor) -> None:
        """Copies every gradient to ``region`` as fp32: zeros, and an absence mark, where there is none."""
        presence = region[self.elements:]
        for place, (entry, part) in enumerate(self._parts(region)):
            gradient = entry.tensor.grad
            if gradient is None:
                part.zero_()
            else:
                part.copy_((gradient.to_dense() if gradient.is_sparse else gradient).reshape(-1))
            presence[place] = 0.0 if gradient is None else 1.0

    @torch.no_grad()
    def read_gradients(self, region: Tensor) -> None:
        """Copies ``region`` to the gradients; a parameter without one on any island is left without one."""
        present = (region[self.elements:] != 0).tolist()
        for has, (entry, part) in zip(present, self._parts(region)):
            parameter = entry.tensor
            if not has:
                parameter.grad = None
            elif parameter.grad is None or parameter.grad.is_sparse:
                parameter.grad = part.view(parameter.shape).to(parameter.device, parameter.dtype, copy=True)
            else:
                parameter.grad.copy_(part.view(parameter.shape))

    @torch.no_grad()
    def write_statics(self, region: Tensor) -> None:
        """Copies frozen tensors and buffers to ``region``, byte for byte."""
        offset = 0
        for entry in self.statics:
            if entry.bytes:
                region[offset:offset + entry.bytes].copy_(raw_bytes(entry.tensor))
            offset += entry.bytes

    @torch.no_grad()
    def read_statics(self, region: Tensor) -> None:
        """The other way round."""
        offset = 0
        for entry in self.statics:
            if entry.bytes:
                # A copy of its own: the place in the region need not suit the type's alignment.
                piece = region[offset:offset + entry.bytes].clone()
                entry.tensor.copy_(piece.view(entry.tensor.dtype).view(entry.tensor.shape))
            offset += entry.bytes

    def by_name(self) -> Dict[str, Tensor]:
        """Every tensor under its name."""
        return {entry.name: entry.tensor for entry in self.parameters + self.statics}

    def _measure(self) -> None:
        self._places = [0] * len(self.parameters)
        self.elements = sum(entry.tensor.numel() for entry in self.parameters)
        self.statics_bytes = sum(entry.bytes for entry in self.statics)

    def _cut(self, terms: StreamingTerms) -> None:
        """Puts the parameters in the order of their fragments."""
        places = assign([each.name for each in self.parameters], [each.tensor.numel() for each in self.parameters], terms)
        order = sorted(range(len(places)), key=lambda index: places[index])
        self.parameters = [self.parameters[index] for index in order]
        self._places = [places[index] for index in order]
        self.fragments = self._places[-1] + 1

    def _parts_of(self, region: Tensor, fragment: int) -> Iterator[Tuple[Entry, Tensor]]:
        return (pair for place, pair in zip(self._places, self._parts(region)) if place == fragment)

    def _parts(self, region: Tensor) -> Iterator[Tuple[Entry, Tensor]]:
        offset = 0
        for entry in self.parameters:
            size = entry.tensor.numel()
            yield entry, region[offset:offset + size]
            offset += size


def raw_bytes(tensor: Tensor) -> Tensor:
    """A tensor's elements as little-endian bytes, in row-major order, on the CPU."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8) if flat.numel() else torch.empty(0, dtype=torch.uint8)


def _named_tensors(model: nn.Module) -> Iterator[Tuple[str, Tensor, str]]:
    modules = list(model.named_modules())
    for prefix, module in modules:
        for name, parameter in module._parameters.items():
            if parameter is not None:
                yield _join(prefix, name), parameter, "parameter" if parameter.requires_grad else "frozen"
    for prefix, module in modules:
        for name, buffer in module._buffers.items():
            if buffer is not None and name not in module._non_persistent_buffers_set:
                yield _join(prefix, name), buffer, "buffer"


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _memory(tensor: Tensor) -> Any:
    if tensor.numel() == 0 or tensor.is_sparse:
        return id(tensor)
    return tensor.device, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def _type_name(tensor: Tensor) -> str:
    return str(tensor.dtype).replace("torch.", "")
