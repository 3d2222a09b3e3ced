"""How streaming cuts a model into fragments: layer by layer in turn, and what is in no layer where there is least."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .errors import SuperfactoryError

LAYERS_PER_FRAGMENT = 3
"""Layers in a fragment where the job does not say how many fragments: as published (arXiv 2501.18512)."""

STALENESS_DEFAULT = 5
"""Steps up to which a late result is published to cost nothing (arXiv 2501.18512)."""


@dataclass(frozen=True)
class StreamingTerms:
    """What the job says of streaming, as the bridge passes it on."""

    every: int
    """Steps between two merges of a fragment."""
    fragments: int
    """Fragments; 0 makes one for three layers."""
    overlap: bool
    """Whether the trainer goes on while a fragment is merged."""
    delay: int
    """Steps from sending a fragment to applying its result, at the earliest."""
    staleness: int
    """Steps after which it waits for a result; 0 takes the default."""
    mixing: float
    """The share of the trainer's own parameters in what it goes on with."""

    @staticmethod
    def read(reply: Optional[Dict[str, Any]], every: int) -> "Optional[StreamingTerms]":
        if reply is None:
            return None
        return StreamingTerms(reply.get("every") or every, reply["fragments"], reply["overlap"], reply["delay"], reply["staleness"], reply["mixing"])

    @property
    def fragments_max(self) -> int:
        """Fragments that there can be: each is applied before the next is sent."""
        return max(1, self.every // (max(self.delay, self.staleness, 1) if self.overlap else 1))

    def bounds(self, fragments: int) -> Tuple[int, int]:
        """Steps after which a result is applied at the earliest, and after which the trainer waits for it."""
        if not self.overlap:
            return 0, 0
        return self.delay, self.staleness or max(self.delay, min(STALENESS_DEFAULT, self.every // fragments))


def assign(names: Sequence[str], sizes: Sequence[int], terms: StreamingTerms) -> List[int]:
    """The fragment of each parameter. SuperfactoryError where the model has fewer layers than the job wants fragments."""
    layers = _layers(names, sizes)
    numbers = sorted({layer for layer in layers if layer is not None})
    wanted = terms.fragments or min(terms.fragments_max, -(-len(numbers) // LAYERS_PER_FRAGMENT))
    count = max(1, wanted)
    units = len(numbers) + sum(layer is None for layer in layers)
    if count > units:
        raise SuperfactoryError(f"sync.fragments is {count}, and the model has only {units} layers and tensors outside of "
                                f"layers to share among them: give at most {units}")
    held = [0] * count
    fragments = [-1] * len(names)
    places = {layer: place % count for place, layer in enumerate(numbers)}
    for index, layer in enumerate(layers):
        if layer is not None:
            fragments[index] = places[layer]
            held[places[layer]] += sizes[index]
    for index in sorted((each for each in range(len(names)) if fragments[each] < 0), key=lambda each: (-sizes[each], each)):
        fragments[index] = min(range(count), key=lambda each: (held[each], each))
        held[fragments[index]] += sizes[index]
    return fragments


def _layers(names: Sequence[str], sizes: Sequence[int]) -> List[Optional[int]]:
    """The layer of each parameter: its number in the list of modules that holds most of the model; None outside of it."""
    found: List[Dict[str, int]] = []
    held: Dict[str, int] = {}
    for name, size in zip(names, sizes):
        parts, lists = name.split("."), {}
        for place, part in enumerate(parts[:-1]):
            if part.isdigit():
                prefix = ".".join(parts[:place])
                lists[prefix] = int(part)
                held[prefix] = held.get(prefix, 0) + size
        found.append(lists)
    if not held:
        return [None] * len(names)
    trunk = max(held, key=lambda prefix: (held[prefix], -len(prefix), prefix))
    return [lists.get(trunk) for lists in found]
