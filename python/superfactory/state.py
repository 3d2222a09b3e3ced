"""State files: a tree of plain values and tensors in one file, written and read without pickle.

Layout: 8 bytes ``SFSTATE1``, the header's length as an unsigned 64-bit little-endian number, the header as JSON, then the
raw tensors. The header is ``{"tree": NODE, "bytes": N}``. In a NODE, null, true, false, whole numbers, finite numbers and
texts stand for themselves; everything else is an object with one key: ``float`` (a number that is not finite, as a text),
``list``, ``tuple``, ``dict`` / ``ordered`` / ``counter`` (a list of [key, value]), ``tensor``, ``array`` and ``scalar``
(NumPy), the last three with dtype, shape and offset from the end of the header.
"""
from __future__ import annotations

import json
import math
import struct
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

import numpy
import torch
from torch import Tensor

from .errors import SuperfactoryError
from .tensors import raw_bytes

MAGIC = b"SFSTATE1"
HEADER_BYTES_MAX = 256 * 1024 * 1024
"""The largest header that a reader accepts."""

ALIGNMENT = 64
"""Tensors begin at multiples of this after the header."""

_MAPPINGS = {"dict": dict, "ordered": OrderedDict, "counter": Counter}


def save_state(path: Union[str, Path], tree: Any) -> int:
    """Writes ``tree`` and returns the file's size in bytes. SuperfactoryError names the place of a value that is none of:
    None, bool, int, float, str, list, tuple, dict with such keys, tensor, NumPy array or scalar."""
    writer = _Writer()
    header = {"tree": writer.encode(tree, "state"), "bytes": writer.size}
    encoded = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    encoded += b" " * (-(len(MAGIC) + 8 + len(encoded)) % ALIGNMENT)
    with open(path, "wb") as file:
        file.write(MAGIC + struct.pack("<Q", len(encoded)) + encoded)
        for data in writer.pieces:
            file.write(memoryview(data.numpy()))
            file.write(b"\0" * (-data.numel() % ALIGNMENT))
        return file.tell()


def load_state(path: Union[str, Path]) -> Any:
    """Reads what ``save_state`` wrote, tensors on the CPU; SuperfactoryError where the file is cut short or another's."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SuperfactoryError(f"the state file {path} cannot be read: {error.strerror}") from None
    start = len(MAGIC) + 8
    if len(content) < start or content[:len(MAGIC)] != MAGIC:
        raise SuperfactoryError(f"{path} is no state file of this version: expected it to begin with {MAGIC.decode()}")
    length = struct.unpack_from("<Q", content, len(MAGIC))[0]
    if length > HEADER_BYTES_MAX or start + length > len(content):
        raise SuperfactoryError(f"the state file {path} is cut short: its header of {length} bytes does not fit")
    try:
        header = json.loads(content[start:start + length].decode("ascii"))
        if start + length + header["bytes"] != len(content):
            raise SuperfactoryError(f"the state file {path} is cut short: expected "
                                    f"{start + length + header['bytes']} bytes, found {len(content)}")
        return _decode(header["tree"], memoryview(content)[start + length:])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise SuperfactoryError(f"the state file {path} is damaged: {error}") from None


class _Writer:
    def __init__(self) -> None:
        self.pieces: List[Tensor] = []
        self.size = 0

    def encode(self, value: Any, path: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, Tensor):
            return {"tensor": self._tensor(value, path)}
        if isinstance(value, numpy.ndarray):
            return {"array": self._array(value, path)}
        if isinstance(value, numpy.generic):
            return {"scalar": self._array(numpy.asarray(value), path)}
        if isinstance(value, (list, tuple)):
            items = [self.encode(item, f"{path}[{place}]") for place, item in enumerate(value)]
            return {"tuple" if isinstance(value, tuple) else "list": items}
        if isinstance(value, dict):
            return self._mapping(value, path)
        if isinstance(value, (int, str)):  # an enumeration's member, or another text or number type
            return self.encode(int(value) if isinstance(value, int) else str(value), path)
        raise SuperfactoryError(f"{path} is a {kind.__module__}.{kind.__qualname__}, which a state file cannot hold: "
                                "expected numbers, texts, lists, tuples, dictionaries, tensors or NumPy arrays")

    def _mapping(self, value: Dict[Any, Any], path: str) -> Any:
        kind = "counter" if isinstance(value, Counter) else "ordered" if isinstance(value, OrderedDict) else "dict"
        pairs = []
        for key, item in value.items():
            if not isinstance(key, (str, int, float, bool, tuple, type(None))):
                raise SuperfactoryError(f"{path} has a key of type {type(key).__qualname__}: expected texts or numbers")
            pairs.append([self.encode(key, f"{path} key"), self.encode(item, f"{path}[{key!r}]")])
        return {kind: pairs}

    def _tensor(self, value: Tensor, path: str) -> Dict[str, Any]:
        if value.layout != torch.strided or value.is_quantized:
            raise SuperfactoryError(f"{path} is a {value.layout} tensor: expected a dense one")
        name = str(value.dtype).replace("torch.", "")
        return {"dtype": name, "shape": list(value.shape), "offset": self._append(raw_bytes(value))}

    def _array(self, value: "numpy.ndarray[Any, Any]", path: str) -> Dict[str, Any]:
        if value.dtype.hasobject or value.dtype.names:
            raise SuperfactoryError(f"{path} is a NumPy array of {value.dtype}: expected one of plain numbers")
        little = numpy.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
        flat = torch.frombuffer(bytearray(little.tobytes()), dtype=torch.uint8) if little.nbytes else torch.empty(0, dtype=torch.uint8)
        return {"dtype": little.dtype.str, "shape": list(value.shape), "offset": self._append(flat)}

    def _append(self, data: Tensor) -> int:
        offset = self.size
        self.pieces.append(data)
        self.size += data.numel() + (-data.numel() % ALIGNMENT)
        return offset


def _decode(node: Any, data: memoryview) -> Any:
    if not isinstance(node, dict):
        return node
    (kind, value), = node.items()
    if kind == "float":
        return float(value)
    if kind == "list":
        return [_decode(item, data) for item in value]
    if kind == "tuple":
        return tuple(_decode(item, data) for item in value)
    if kind in _MAPPINGS:
        pairs = [(_decode(key, data), _decode(item, data)) for key, item in value]
        return Counter(dict(pairs)) if kind == "counter" else _MAPPINGS[kind](pairs)
    if kind == "tensor":
        return _read_tensor(value, data)
    array = _read_array(value, data)
    if kind == "array":
        return array
    if kind == "scalar":
        return array[()]
    raise ValueError(f"it holds a value of kind '{kind}'")


def _slice(value: Dict[str, Any], data: memoryview, item_size: int) -> Tuple[bytearray, List[int]]:
    shape = [int(size) for size in value["shape"]]
    if any(size < 0 for size in shape):
        raise ValueError(f"it holds a shape {shape}")
    size = item_size * math.prod(shape)
    offset = int(value["offset"])
    if offset < 0 or offset + size > len(data):
        raise ValueError(f"a tensor of shape {shape} lies outside the file")
    return bytearray(data[offset:offset + size]), shape


def _read_tensor(value: Dict[str, Any], data: memoryview) -> Tensor:
    data_type = getattr(torch, value["dtype"], None)
    if not isinstance(data_type, torch.dtype):
        raise ValueError(f"it holds a tensor of unknown type '{value['dtype']}'")
    piece, shape = _slice(value, data, torch.empty((), dtype=data_type).element_size())
    return torch.frombuffer(piece, dtype=data_type).reshape(shape) if piece else torch.empty(shape, dtype=data_type)


def _read_array(value: Dict[str, Any], data: memoryview) -> "numpy.ndarray[Any, Any]":
    data_type = numpy.dtype(value["dtype"])
    if data_type.hasobject:
        raise ValueError("it holds an array of objects")
    piece, shape = _slice(value, data, data_type.itemsize)
    return numpy.frombuffer(piece, dtype=data_type).reshape(shape)
