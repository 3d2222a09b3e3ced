#!/usr/bin/env python3
"""Trains a tiny language model by DiLoCo in one process, over outer learning rates and momenta, and compares the validation losses.

    bench/outer_sweep.py --corpus DIRECTORY [--islands 2,4] [--steps 300] [--every 10,30] [--rates 0.4,…] [--momenta 0,…] [--seeds 1]
                         [--seconds S] [--json FILE]

Islands take their steps one after another, each on samples of its own; after every so many steps the outer step is that of the merge
protocol: m ← μ·m + Δ, θ ← θ − η·(Δ + μ·m), Δ the mean of what the islands have moved. A run has steps ÷ every rounds, and the learning rate of the
inner optimizer follows the share of the run that is done, as in the recipe. Every cell that is done is written to FILE at once, and one that
stands there is not done again: with --seconds the sweep stops after a while and goes on the next time. A corpus is made by `superfactory data prepare`.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "recipes")]

import torch

import pretrain
import superfactory
from data import Corpus
from model import LanguageModel
from settings import Settings

TRAINER = {
    "model": {"layers": 2, "hidden": 64, "heads": 4, "context": 64, "vocabulary": 256}, "batch": 8, "validation_samples": 64,
}
"""A model that takes a step in some milliseconds on one core; the rest is as the recipe has it."""


class Island:
    """One site's model and inner optimizer, and where it is in its own samples."""

    def __init__(self, model: LanguageModel, settings: Settings, place: int, islands: int) -> None:
        self.model = copy.deepcopy(model)
        self.optimizer = pretrain._optimizer(self.model, settings)
        self.place, self.islands, self.settings, self.steps = place, islands, settings, 0

    def step(self, corpus: Corpus, seed: int, progress: float) -> None:
        """A step of the recipe."""
        batch = self.settings.batch
        first = (self.steps * self.islands + self.place) * batch
        samples = corpus.batch(superfactory.sample_indices(torch.arange(first, first + batch).numpy(), len(corpus), seed).tolist())
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate_at(progress)
        self.optimizer.zero_grad(set_to_none=True)
        self.model(samples[:, :-1], samples[:, 1:]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.steps += 1


@torch.no_grad()
def merge(theta: list[torch.Tensor], momentum: list[torch.Tensor], islands: list[Island], rate: float, factor: float) -> None:
    """The outer step; every island goes on from what came of it."""
    for index, parameter in enumerate(theta):
        moved = torch.stack([parameter - list(island.model.parameters())[index] for island in islands]).mean(0)
        momentum[index].mul_(factor).add_(moved)
        parameter.sub_(rate * (moved + factor * momentum[index]))
        for island in islands:
            list(island.model.parameters())[index].copy_(parameter)


def cell(corpus: Corpus, islands: int, steps: int, every: int, rate: float, factor: float, seed: int) -> float:
    """The validation loss of a run, in nats per token."""
    settings = Settings.read(TRAINER)
    torch.manual_seed(seed)
    model = LanguageModel(settings.model)
    sites = [Island(model, settings, place, islands) for place in range(islands)]
    theta = [each.detach().clone() for each in model.parameters()]
    momentum = [torch.zeros_like(each) for each in theta]
    for step in range(steps):
        for site in sites:
            site.step(corpus, seed, step / steps)
        if (step + 1) % every == 0 or step + 1 == steps:
            merge(theta, momentum, sites, rate, factor)
    return float(pretrain.validation_loss(sites[0].model, corpus.validation(settings.validation_samples)))


def table(found: dict[str, float]) -> list[str]:
    """For each number of islands and of rounds the three best, and how far the others are."""
    groups: dict[tuple[int, int, int], dict[tuple[float, float], list[float]]] = {}
    for name, loss in found.items():
        islands, steps, every, rate, factor, _ = name.split("/")
        groups.setdefault((int(islands), int(steps), int(every)), {}).setdefault((float(rate), float(factor)), []).append(loss)
    lines = ["| islands | rounds | best: rate, momentum, loss | second | third | worst |", "|---|---|---|---|---|---|"]
    for (islands, steps, every), cells in sorted(groups.items()):
        order = sorted((sum(losses) / len(losses), key) for key, losses in cells.items())
        said = [f"{rate:g}, {factor:g}, {loss:.4f}" for loss, (rate, factor) in order]
        lines.append(f"| {islands} | {steps // every} of {every} steps | {' | '.join((said + ['', '', ''])[:3])} | {said[-1]} |")
    return lines


def numbers(text: str) -> list[float]:
    """What is joined by commas."""
    return [float(each) for each in text.split(",")]


def main() -> None:
    """Does what is not done yet, and prints what came of all."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", type=pathlib.Path, required=True, help="a corpus directory")
    arguments.add_argument("--islands", type=numbers, default=[2, 4], help="numbers of islands")
    arguments.add_argument("--steps", type=int, default=300, help="steps of each island")
    arguments.add_argument("--every", type=numbers, default=[10, 30], help="steps between two merges")
    arguments.add_argument("--rates", type=numbers, default=[0.5, 0.7, 0.9, 1.1], help="outer learning rates")
    arguments.add_argument("--momenta", type=numbers, default=[0.0, 0.3, 0.6, 0.9], help="outer momenta")
    arguments.add_argument("--seeds", type=numbers, default=[1], help="seeds")
    arguments.add_argument("--seconds", type=float, default=float("inf"), help="begin no further cell after so long")
    arguments.add_argument("--json", type=pathlib.Path, help="every cell's loss; read first, where it is there")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    corpus = Corpus(options.corpus, TRAINER["model"]["context"])
    found: dict[str, float] = json.loads(options.json.read_text()) if options.json and options.json.exists() else {}
    began = time.monotonic()
    for seed, islands, every, rate, factor in itertools.product(options.seeds, options.islands, options.every, options.rates, options.momenta):
        name = f"{islands:g}/{options.steps}/{every:g}/{rate:g}/{factor:g}/{seed:g}"
        if name in found or time.monotonic() - began > options.seconds:
            continue
        found[name] = cell(corpus, int(islands), options.steps, int(every), rate, factor, int(seed))
        print(f"{name}: {found[name]:.4f}", file=sys.stderr, flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
