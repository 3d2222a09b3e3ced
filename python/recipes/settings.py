"""The settings of the ``pretrain`` recipe, as a job's ``trainer`` part gives them."""
from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, Dict

from model import ModelShape


@dataclass(frozen=True)
class Settings:
    """What a job says about its trainer; ``docs/job.md`` has every field's meaning, unit and range."""

    model: ModelShape = field(default_factory=ModelShape)
    batch: int = 16
    learning_rate: float = 2e-3
    warmup: float = 0.05
    final_learning_rate: float = 0.05
    weight_decay: float = 0.1
    clip: float = 1.0
    validation_samples: int = 64

    @staticmethod
    def read(trainer: Dict[str, Any]) -> "Settings":
        """The settings in a job's ``trainer`` part; what it does not say has its default."""
        known = {each.name for each in fields(Settings)} - {"model"}
        shape = {name: value for name, value in trainer.get("model", {}).items()
                 if name in {each.name for each in fields(ModelShape)}}
        return Settings(model=ModelShape(**shape), **{name: value for name, value in trainer.items() if name in known})

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate at ``progress``, 0 to 1: a straight rise over the warm-up, then half a cosine to the end."""
        if progress < self.warmup:
            # A step with rate 0 would teach nothing: the first one has a hundredth of the peak.
            return self.learning_rate * max(0.01, progress / self.warmup)
        share = (progress - self.warmup) / max(1e-9, 1.0 - self.warmup)
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
        return self.learning_rate * (self.final_learning_rate + (1.0 - self.final_learning_rate) * cosine)
