"""What the tests of the Python side share."""
from __future__ import annotations

import os
import sys
from pathlib import Path

# Set before torch is imported: tests fork, which threads of OpenMP do not survive, and models here are tiny.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
for name in [each for each in os.environ if each.startswith("SUPERFACTORY_") and each != "SUPERFACTORY_HOME"]:
    del os.environ[name]

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "recipes"), str(Path(__file__).parent)]

import pytest
import torch

import superfactory
from pair import BridgePair

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(7)


@pytest.fixture
def solo():
    """Makes runs of one island, and closes them when the test ends."""
    runs = []

    def make(steps: int, **named):
        runs.append(superfactory.join(steps=steps, **named))
        return runs[-1]

    yield make
    for run in runs:
        run.close()


@pytest.fixture
def bridges():
    """Makes runs of real bridges, and ends them when the test ends."""
    pairs = []

    def make(**named):
        pairs.append(BridgePair(**named))
        return pairs[-1]

    yield make
    for pair in pairs:
        pair.close()
