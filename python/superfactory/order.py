"""The run's fixed pseudo-random order of samples: a pure function of seed and position."""
from __future__ import annotations

import numpy
from numpy.typing import NDArray

ROUNDS = 6
"""Rounds of the Feistel network."""

_GOLDEN = 0x9E3779B97F4A7C15
_EPOCH = 0xD1B54A32D192ED03
_ROUND = 0x8CB92BA72F3D8DD7
_MASK = (1 << 64) - 1


def sample_indices(positions: NDArray[numpy.int64], count: int, seed: int) -> NDArray[numpy.int64]:
    """The sample that stands at each position of the run's order.

    Every stretch of ``count`` positions, ``[k × count, (k + 1) × count)``, holds each sample 0 … count − 1 once, each
    stretch in an order of its own. The same arguments give the same samples on every machine.
    """
    if count < 1:
        raise ValueError(f"count is {count}: expected 1 or more")
    positions = numpy.asarray(positions, dtype=numpy.int64)
    indices = numpy.empty_like(positions)
    epochs = positions // count
    for epoch in numpy.unique(epochs):
        chosen = epochs == epoch
        indices[chosen] = _permute(positions[chosen] % count, count, seed, int(epoch))
    return indices


def _permute(places: NDArray[numpy.int64], count: int, seed: int, epoch: int) -> NDArray[numpy.int64]:
    # A Feistel network permutes [0, 4^half); walking on until the value is below count permutes [0, count).
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    keys = [_mix_integer(seed * _GOLDEN + epoch * _EPOCH + (each + 1) * _ROUND) for each in range(ROUNDS)]
    values = _feistel(places.astype(numpy.uint64), half, keys)
    while True:
        outside = values >= numpy.uint64(count)
        if not outside.any():
            return values.astype(numpy.int64)
        values[outside] = _feistel(values[outside], half, keys)


def _feistel(values: NDArray[numpy.uint64], half: int, keys: "list[int]") -> NDArray[numpy.uint64]:
    shift, mask = numpy.uint64(half), numpy.uint64((1 << half) - 1)
    left, right = values >> shift, values & mask
    for key in keys:
        left, right = right, left ^ (_mix(right ^ numpy.uint64(key)) & mask)
    return (left << shift) | right


def _mix(x: NDArray[numpy.uint64]) -> NDArray[numpy.uint64]:
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return x ^ (x >> numpy.uint64(31))


def _mix_integer(x: int) -> int:
    return int(_mix(numpy.array([x & _MASK], dtype=numpy.uint64))[0])
