"""The hash by which sites show that they hold the same model."""
from __future__ import annotations

import hashlib
from typing import Iterable, Mapping

from torch import Tensor

from .tensors import raw_bytes


def parameters_hash(tensors: Iterable[Tensor]) -> str:
    """16 hexadecimal digits of the SHA-256 of the tensors' raw little-endian bytes, one after another: to find damage with."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(memoryview(raw_bytes(tensor).numpy()))
    return digest.hexdigest()[:16]


def parameters_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 in hexadecimal over the tensors sorted by name: for each its UTF-8 name, a 0 byte, its type's name, a 0 byte,
    its shape as decimals joined by commas, a 0 byte, and its raw little-endian bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors, key=lambda each: each.encode("utf-8")):
        tensor = tensors[name]
        shape = ",".join(str(size) for size in tensor.shape)
        digest.update(b"\0".join((name.encode("utf-8"), str(tensor.dtype).replace("torch.", "").encode(), shape.encode(), b"")))
        digest.update(memoryview(raw_bytes(tensor).numpy()))
    return digest.hexdigest()
