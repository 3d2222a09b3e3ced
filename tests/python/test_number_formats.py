"""The golden files of the number formats against exact fractions."""
from __future__ import annotations

import json
import random

import number_formats
import pytest


@pytest.mark.parametrize("name", number_formats.FORMATS)
def test_golden_file_holds_what_the_document_says(name: str) -> None:
    encode, decode = number_formats.FORMATS[name]
    golden = json.loads((number_formats.GOLDEN / f"{name}.json").read_text())
    assert [case["what"] for case in golden] == list(number_formats.cases())
    for case in golden:
        values = [int(value, 16) for value in case["values"].split()]
        assert encode(values).hex() == case["encoded"], case["what"]
        decoded = decode(bytes.fromhex(case["encoded"]), len(values))
        assert " ".join(f"{value:08x}" for value in decoded) == case["decoded"], case["what"]


@pytest.mark.parametrize("name", ["int8", "e3m0"])
def test_any_bytes_decode_to_finite_numbers(name: str) -> None:
    _, decode = number_formats.FORMATS[name]
    source = random.Random(1)
    for count in range(1, 100):
        for value in decode(source.randbytes(70 * 2), count):
            assert value & number_formats.MAGNITUDE < number_formats.INFINITY
