"""What a loop does to gradients between backward and step, seen without changing the loop."""
from __future__ import annotations

import functools
import sys
import weakref
from typing import Any, Callable, Iterable, List, Set, Tuple

import torch
from torch import Tensor

CLIPPING = ("clip_grad_norm_", "clip_grad_value_")
"""Functions of ``torch.nn.utils`` that change gradients."""


class GradientObserver:
    """Notices calls of PyTorch's clipping functions, and of ``GradScaler.unscale_``, that concern given parameters.

    While it is open the functions are wrapped wherever a loaded module holds them, whichever way it imported them;
    ``close`` puts the originals back. The wrappers only take notes.
    """

    def __init__(self, parameters: Iterable[Tensor], optimizers: List[Any]) -> None:
        self._watched: Set[int] = {id(parameter) for parameter in parameters}
        self._optimizers = {id(optimizer) for optimizer in optimizers}
        self._replaced: List[Tuple[Any, str, Any]] = []
        self.clipped_by: "str | None" = None
        """The clipping function called since ``clear``."""
        self.unscaled_by: Any = None
        """The scaler that unscaled an observed optimizer's gradients since ``clear``."""
        for name in CLIPPING:
            self._wrap_function(getattr(torch.nn.utils, name), name)
        for scaler in _scaler_classes():
            self._replace(scaler, "unscale_", _forwarding(scaler.unscale_, weakref.ref(self), GradientObserver._unscaled))

    def clear(self) -> None:
        """A step ended: what was noticed belongs to it."""
        self.clipped_by = None
        self.unscaled_by = None

    def close(self) -> None:
        """Puts the original functions back."""
        for holder, name, original in self._replaced:
            setattr(holder, name, original)
        self._replaced.clear()

    def _wrap_function(self, original: Callable[..., Any], name: str) -> None:
        def note(observer: "GradientObserver", parameters: Any, *_: Any, **__: Any) -> None:
            observer._clipped(name, parameters)

        wrapper = _forwarding(original, weakref.ref(self), note)
        for module in list(sys.modules.values()):
            for held_as, held in list(getattr(module, "__dict__", {}).items()):
                if held is original:
                    self._replace(module, held_as, wrapper)

    def _replace(self, holder: Any, name: str, wrapper: Any) -> None:
        self._replaced.append((holder, name, vars(holder)[name]))
        setattr(holder, name, wrapper)

    def _clipped(self, name: str, parameters: Any) -> None:
        if isinstance(parameters, Tensor):
            parameters = [parameters]
        elif not isinstance(parameters, (list, tuple)):
            # An iterator is used up by the clipping itself: such a call concerns the model being trained.
            self.clipped_by = name
            return
        if any(id(parameter) in self._watched for parameter in parameters):
            self.clipped_by = name

    def _unscaled(self, scaler: Any, optimizer: Any, *_: Any, **__: Any) -> None:
        if id(optimizer) in self._optimizers:
            self.unscaled_by = scaler


def _scaler_classes() -> List[Any]:
    classes = [getattr(getattr(torch, "amp", None), "GradScaler", None), getattr(torch.cuda.amp, "GradScaler", None)]
    return [each for each in dict.fromkeys(classes) if each is not None and "unscale_" in vars(each)]


def _forwarding(original: Callable[..., Any], observer: Any, note: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        alive = observer()
        if alive is not None:
            note(alive, *arguments, **named)
        return result

    return wrapper
