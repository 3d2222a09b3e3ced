"""The safetensors file format: a length, a JSON header, raw little-endian tensors. No code is ever loaded from a file."""
from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Union

import numpy
import torch
from torch import Tensor

HEADER_BYTES_MAX = 100_000_000
"""The largest header that a reader accepts: the format's own limit."""

TYPES: Dict[str, torch.dtype] = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}
"""The format's names of element types."""

_NAMES = {value: key for key, value in TYPES.items()}


class SafetensorsError(Exception):
    """A file that is not whole or not of this format; the text names the file and what was expected."""


def save(path: Union[str, Path], tensors: Mapping[str, Tensor], metadata: Optional[Mapping[str, str]] = None) -> None:
    """Writes ``tensors``; the file appears under its name only once it is whole."""
    header: Dict[str, Any] = {}
    if metadata:
        header["__metadata__"] = dict(metadata)
    ordered = sorted(tensors.items())
    offset = 0
    for name, tensor in ordered:
        if tensor.dtype not in _NAMES:
            raise SafetensorsError(f"{path}: tensor '{name}' has type {tensor.dtype}, which the format does not know")
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    encoded = json.dumps(header, separators=(",", ":")).encode("utf-8")
    encoded += b" " * (-len(encoded) % 8)
    partial = Path(f"{path}.partial")
    with open(partial, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)))
        file.write(encoded)
        for _, tensor in ordered:
            file.write(_bytes(tensor))
    os.replace(partial, path)


def load(path: Union[str, Path]) -> Dict[str, Tensor]:
    """Reads every tensor of a file; SafetensorsError where it is cut short, damaged or of another format."""
    content = Path(path).read_bytes()
    if len(content) < 8:
        raise SafetensorsError(f"{path}: {len(content)} bytes is too short for a safetensors file")
    length = struct.unpack_from("<Q", content)[0]
    if length > HEADER_BYTES_MAX or 8 + length > len(content):
        raise SafetensorsError(f"{path}: a header of {length} bytes does not fit: cut short or no safetensors file")
    try:
        header = json.loads(content[8:8 + length].decode("utf-8"))
    except ValueError:
        raise SafetensorsError(f"{path}: its header is not JSON: no safetensors file") from None
    if not isinstance(header, dict):
        raise SafetensorsError(f"{path}: its header is not a JSON object")
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + length:]
    tensors: Dict[str, Tensor] = {}
    used = 0
    for name, entry in sorted(header.items(), key=_start):
        tensors[name], used = _tensor(path, name, entry, data, used)
    if used != len(data):
        raise SafetensorsError(f"{path}: {len(data) - used} bytes after the last tensor belong to none")
    return tensors


def _start(item: Any) -> Any:
    try:
        return tuple(int(offset) for offset in item[1]["data_offsets"])
    except (KeyError, TypeError, ValueError, IndexError):
        return (0, 0)


def _tensor(path: Union[str, Path], name: str, entry: Any, data: memoryview, expected: int) -> Any:
    try:
        data_type, shape = TYPES[entry["dtype"]], [int(size) for size in entry["shape"]]
        start, end = (int(offset) for offset in entry["data_offsets"])
    except (KeyError, TypeError, ValueError):
        raise SafetensorsError(f"{path}: the header's entry for '{name}' is damaged or of an unknown type") from None
    count = 1
    for size in shape:
        if size < 0:
            raise SafetensorsError(f"{path}: tensor '{name}' has shape {shape}")
        count *= size
    if start != expected or end - start != count * torch.empty((), dtype=data_type).element_size():
        raise SafetensorsError(f"{path}: tensor '{name}' of shape {shape} does not match its bytes {start} to {end}")
    if end > len(data):
        raise SafetensorsError(f"{path}: tensor '{name}' ends at byte {end} of {len(data)}: the file is cut short")
    if count == 0:
        return torch.empty(shape, dtype=data_type), end
    return torch.frombuffer(bytearray(data[start:end]), dtype=data_type).reshape(shape), end


def _bytes(tensor: Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy() if flat.numel() else numpy.empty(0, numpy.uint8))
