#!/usr/bin/env python3
"""The trainer of `superfactory chaos`, with one island that is not well.

    faulty_trainer.py LOG PACE HURRY

FAULTY_ISLAND names it. FAULTY_LOSS is what its losses are from its 20th step on, FAULTY_SECONDS how much longer each of its steps takes.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import torch

import chaos_trainer

WELL_FOR = 20
"""Steps that the island takes before its losses are others."""

FAULTY = os.environ.get("FAULTY_ISLAND") == os.environ["SUPERFACTORY_ISLAND"]


class FaultyModel(chaos_trainer.LanguageModel):
    """A model whose training losses, and the time that they take, are as told."""

    taken = 0

    def forward(self, *batch):
        loss = super().forward(*batch)
        if FAULTY and torch.is_grad_enabled():
            self.taken += 1
            time.sleep(float(os.environ.get("FAULTY_SECONDS", "0")))
            if self.taken > WELL_FOR and "FAULTY_LOSS" in os.environ:
                return loss * float(os.environ["FAULTY_LOSS"])
        return loss


chaos_trainer.LanguageModel = FaultyModel
sys.exit(chaos_trainer.main())
