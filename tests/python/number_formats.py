#!/usr/bin/env python3
"""The number formats of docs/formats.md in exact fractions, written from the document alone; run as a program, it writes the golden files."""
from __future__ import annotations

import json
import random
import struct
from fractions import Fraction
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[1] / "Superfactory.Sync.Tests" / "Arithmetic" / "Formats" / "Golden"
BLOCK = 64
INFINITY, MAGNITUDE = 0x7F800000, 0x7FFFFFFF
FP32_MAX = 0x7F7FFFFF
BF16_MAX, STEP_MAX = 0x7F7F, 0x7C01
LEVELS = [Fraction(0)] + [Fraction(1, 2 ** power) for power in range(6, -1, -1)]


def single(bits: int) -> Fraction:
    """The value of a finite single."""
    exponent, mantissa = (bits >> 23) & 0xFF, bits & 0x7FFFFF
    assert exponent < 255
    value = Fraction(mantissa + (1 << 23 if exponent else 0)) * Fraction(2) ** (max(exponent, 1) - 150)
    return -value if bits >> 31 else value


def nearest(value: Fraction) -> int:
    """The bits of the single nearest to a value, ties to even; beyond the largest an infinity."""
    sign, value = (0x80000000, -value) if value < 0 else (0, value)
    if value == 0:
        return sign
    low, high = 0, INFINITY
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if single(middle) <= value else (low, middle)
    below, above = single(low), single(high) if high < INFINITY else Fraction(2) ** 128
    up = value - below > above - value or (value - below == above - value and low % 2 == 1)
    return sign | (high if up else low)


def bf16_at_least(value: Fraction, limit: int) -> int:
    """The smallest bf16 number that is at least a value, or the limit."""
    low, high = -1, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if single(middle << 16) >= value else (middle, high)
    return high


def finite(bits: int) -> int:
    """What formats of blocks take for a number."""
    if bits & MAGNITUDE > INFINITY:
        return 0
    return (bits & 0x80000000) | min(bits & MAGNITUDE, FP32_MAX)


def encode_fp32(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def decode_fp32(data: bytes, count: int) -> list[int]:
    return list(struct.unpack(f"<{count}I", data))


def encode_bf16(values: list[int]) -> bytes:
    numbers = []
    for bits in values:
        if bits & MAGNITUDE > INFINITY:
            numbers.append(bits >> 16 | 0x40)
        elif bits & MAGNITUDE == INFINITY:
            numbers.append(bits >> 16)
        else:
            value, low = abs(single(bits)), (bits & MAGNITUDE) >> 16
            below = single(low << 16)
            above = single((low + 1) << 16) if low < BF16_MAX else Fraction(2) ** 128
            up = value - below > above - value or (value - below == above - value and low % 2 == 1)
            numbers.append((bits >> 31 << 15) | (low + up))
    return struct.pack(f"<{len(numbers)}H", *numbers)


def decode_bf16(data: bytes, count: int) -> list[int]:
    return [number << 16 for number in struct.unpack(f"<{count}H", data)]


def encode_int8(values: list[int]) -> bytes:
    data = b""
    for start in range(0, len(values), BLOCK):
        block = [single(finite(bits)) for bits in values[start:start + BLOCK]]
        pattern = bf16_at_least(single(nearest(max(map(abs, block)) / 127)), STEP_MAX)
        step = single(pattern << 16)
        # round() of a fraction goes to the nearest whole number, ties to even.
        codes = [round(value / step) if step else 0 for value in block]
        data += struct.pack(f"<H{len(codes)}b", pattern, *codes)
    return data


def decode_int8(data: bytes, count: int) -> list[int]:
    values = []
    for start in range(0, count, BLOCK):
        length = min(BLOCK, count - start)
        pattern, *codes = struct.unpack_from(f"<H{length}b", data, start // BLOCK * (BLOCK + 2))
        step = single(pattern << 16) if pattern <= STEP_MAX else Fraction(0)
        values += [nearest(max(code, -127) * step) for code in codes]
    return values


def encode_e3m0(values: list[int]) -> bytes:
    data = b""
    for start in range(0, len(values), BLOCK):
        block = [finite(bits) for bits in values[start:start + BLOCK]]
        pattern = bf16_at_least(max(abs(single(bits)) for bits in block), BF16_MAX)
        scale = single(pattern << 16)
        codes = []
        for bits in block:
            distances = [abs(abs(single(bits)) - level * scale) for level in LEVELS]
            # index() finds the first of equal distances: ties go to the smaller magnitude.
            codes.append(distances.index(min(distances)) | (bits >> 31 << 3))
        codes += [0] * (len(codes) % 2)
        data += struct.pack("<H", pattern) + bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2]))
    return data


def decode_e3m0(data: bytes, count: int) -> list[int]:
    values = []
    for start in range(0, count, BLOCK):
        offset = start // BLOCK * (BLOCK // 2 + 2)
        pattern, = struct.unpack_from("<H", data, offset)
        scale = single(pattern << 16) if pattern <= BF16_MAX else Fraction(0)
        for index in range(min(BLOCK, count - start)):
            code = data[offset + 2 + index // 2] >> (4 * (index % 2)) & 15
            values.append(nearest(LEVELS[code & 7] * scale) | (code >> 3 << 31))
    return values


FORMATS = {
    "fp32": (encode_fp32, decode_fp32), "bf16": (encode_bf16, decode_bf16),
    "int8": (encode_int8, decode_int8), "e3m0": (encode_e3m0, decode_e3m0),
}


def bits(value: float) -> int:
    """The bits of the single nearest to a float of Python's."""
    return struct.unpack("<I", struct.pack("<f", value))[0]


def cases() -> dict[str, list[int]]:
    """Numbers that golden files hold, by what is particular about them."""
    source = random.Random(20260101)
    normal = [bits(source.gauss(0, 1)) for _ in range(BLOCK + 9)]
    halves = [bits(127.0)] + [bits(half - 31.5) for half in range(63)]
    limits = [bits(1.0)] + [bits(sign * factor * 2.0 ** -power) for power in range(9) for factor in (1.0, 1.5) for sign in (1, -1)]
    return {
        "worked example": [bits(value) for value in (1.0, -0.5, 0.3, 0.0, -0.0078125)],
        "one number": [bits(-3.0)],
        "normal numbers, a block and nine": normal,
        "zeros of both signs": [0, 0x80000000, 0],
        "halves beside 127": halves,
        "levels and halves between them": limits,
        "beside the limits between levels": [bits(1.0)] + [each + by for each in limits[1:] for by in (-1, 1)][:63],
        "one outlier": [bits(1e20)] + normal[:20],
        "denormals": [0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00010000, 0x00018000, 0x80400000],
        "a scale whose lowest level is denormal": [bits(2.0 ** -121), bits(-(2.0 ** -123)), bits(2.0 ** -128), bits(1.4 * 2.0 ** -128), 3],
        "the largest numbers": [FP32_MAX, 0x80000000 | FP32_MAX, 0x7F7F0000, 0x7EFFFFFF, bits(1e38), bits(1.0)],
        "infinities and NaN among numbers": [INFINITY, 0x80000000 | INFINITY, 0x7FC00000, 0xFFC00001, bits(1.0), bits(-1e30)],
        "NaN among numbers": [0x7F800001, bits(2.0), bits(-1.5), 0x80000000],
    }


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, (encode, decode) in FORMATS.items():
        golden = []
        for what, values in cases().items():
            data = encode(values)
            golden.append({
                "what": what,
                "values": " ".join(f"{value:08x}" for value in values),
                "encoded": data.hex(),
                "decoded": " ".join(f"{value:08x}" for value in decode(data, len(values))),
            })
        (GOLDEN / f"{name}.json").write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
